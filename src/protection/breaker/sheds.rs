//! `Sheds`: the reads that were refused, by class.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::ShedReads;
use crate::mutex::lock;

/// The number of reads that were refused, by class; `None` for those of no class.
#[derive(Debug, Default)]
pub(crate) struct Sheds(Mutex<BTreeMap<Option<Box<str>>, u64>>);

impl Sheds {
    /// Counts a read of this class.
    pub(crate) fn count(&self, class: Option<&str>) {
        let mut sheds = lock(&self.0);
        *sheds.entry(class.map(Box::from)).or_default() += 1;
    }

    /// Returns the counts that are not zero.
    pub(crate) fn all(&self) -> Vec<ShedReads> {
        let sheds = lock(&self.0);
        let all = sheds.iter().map(|(class, reads)| ShedReads {
            class: class.as_deref().map(str::to_owned),
            reads: *reads,
        });
        all.collect()
    }
}
