//! `Refusals`: how many statements read handles did not run, by what was found in them.

use std::sync::atomic::{AtomicU64, Ordering};

use diesel_routing_sql::Finding;

/// The name of what only a handle can find: a row lock outside a transaction that may lock.
const LOCK_OUTSIDE_TRANSACTION: &str = "lock_outside_transaction";

/// A count for every finding, and one for locks outside transactions.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    by_finding: [AtomicU64; Finding::CODES.len()],
    locks: AtomicU64,
}

impl Refusals {
    /// Counts a statement that was refused for this.
    #[cold]
    pub(crate) fn count(&self, finding: &Finding) {
        let name = finding.code();
        let place = Finding::CODES.iter().position(|known| *known == name);
        if let Some(count) = place.and_then(|place| self.by_finding.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a row lock outside a transaction that may lock.
    #[cold]
    pub(crate) fn count_lock(&self) {
        self.locks.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns all counts with their names.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let names = Finding::CODES
            .iter()
            .copied()
            .chain([LOCK_OUTSIDE_TRANSACTION]);
        let counts = self.by_finding.iter().chain([&self.locks]);
        names.zip(counts.map(|count| count.load(Ordering::Relaxed)))
    }
}
