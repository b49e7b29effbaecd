//! `Hedges`: how many second reads a router may afford.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tower::retry::budget::{Budget, TpsBudget};

/// The time for which a read pays for later ones: the default of Finagle's `RetryBudget`.
const LIFE: Duration = Duration::from_secs(10);

/// The second reads of a router: each read that may have one pays a share of one.
pub(crate) struct Hedges {
    budget: TpsBudget,
    run: AtomicU64,
}

impl Hedges {
    /// Starts with none; `share` is a number from 0 to 1.
    pub(crate) fn new(share: f32) -> Self {
        Self {
            budget: TpsBudget::new(LIFE, 0, share),
            run: AtomicU64::new(0),
        }
    }

    /// Records a read that may have a second one.
    pub(crate) fn deposit(&self) {
        self.budget.deposit();
    }

    /// Returns whether a second read may run; then it counts.
    pub(crate) fn withdraw(&self) -> bool {
        let may_run = self.budget.withdraw();
        if may_run {
            self.run.fetch_add(1, Ordering::Relaxed);
        }
        may_run
    }

    /// Returns the number of second reads so far.
    pub(crate) fn run(&self) -> u64 {
        self.run.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Hedges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedges")
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(share: f32, reads: u32) -> u64 {
        let hedges = Hedges::new(share);
        for _ in 0..reads {
            hedges.deposit();
            hedges.withdraw();
        }
        hedges.run()
    }

    #[test]
    fn second_reads_are_a_share_of_all() {
        assert_eq!(allowed(0.05, 1000), 50);
        assert_eq!(allowed(0.5, 1000), 500);
        assert_eq!(allowed(1.0, 1000), 1000);
    }

    #[test]
    fn a_share_of_nothing_allows_none() {
        assert_eq!(allowed(0.0, 1000), 0);
    }
}
