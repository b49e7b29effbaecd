//! `Gauge`: how loaded the primary is said to be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// How loaded the primary is said to be, in percent: what a real service would take from its metrics, and this one from a
/// form. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gauge(Arc<AtomicU8>);

impl Gauge {
    pub(crate) fn percent(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, percent: u8) {
        self.0.store(percent, Ordering::Relaxed);
    }

    /// Returns the share, from 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        f64::from(self.percent()) / 100.0
    }
}
