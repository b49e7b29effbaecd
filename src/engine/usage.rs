//! `Usage`: how much a pool's connections are in use.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How much a pool's connections have been in use. Counted as each comes back, by instants that are taken anyway.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    loans: AtomicU64,
    /// Nanoseconds: for 584 years of one connection.
    time: AtomicU64,
}

impl Usage {
    /// Counts a connection that was lent at `lent`, and has come back.
    #[inline]
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn returned(&self, lent: Instant, now: Instant) {
        let nanos = now.saturating_duration_since(lent).as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.loans.fetch_add(1, Ordering::Relaxed);
        self.time.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Returns the number of loans, and the time that they took in all.
    pub(crate) fn total(&self) -> (u64, Duration) {
        let time = Duration::from_nanos(self.time.load(Ordering::Relaxed));
        (self.loans.load(Ordering::Relaxed), time)
    }
}
