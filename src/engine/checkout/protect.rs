//! The steps of a checkout while the primary is strained.

use std::time::{Duration, Instant};

use super::{Checkout, Loan, Next, Outcome};
use crate::random;
use crate::routing::{Decision, Reason};
use crate::server::PoolKind;

impl<G: Loan> Checkout<'_, G> {
    /// Returns whether the primary is too strained for a read that a fresher replica could serve; then the read waits for
    /// one.
    pub(super) fn waits_out_strain(&mut self, decision: Decision) -> bool {
        if !decision.wants_fresher() {
            return false;
        }
        let wait = self.strained_wait(decision);
        self.terms.wait = self.terms.wait.max(wait.unwrap_or_default());
        wait.is_some()
    }

    /// Returns how long a read waits at least that the primary is too strained to serve; `None` if it is not.
    pub(super) fn strained_wait(&mut self, decision: Decision) -> Option<Duration> {
        let lot = &mut self.lot;
        let lot = || *lot.get_or_insert_with(random::number);
        self.shared.strained_wait(&self.request, decision, lot)
    }

    /// Gives back a connection of the primary that has become too strained while it was waited for: else all who wait would
    /// still be served, one after the other.
    #[cold]
    pub(super) fn shed_late(&self, decision: Decision, guard: G) -> Next<G> {
        drop(guard);
        Next::Fail(self.shared.shed(&self.request, decision))
    }

    /// Records how long the primary's pools took to give a connection, or that they did not.
    pub(super) fn gauge(&self, reason: Reason, outcome: &Outcome<G>, now: Instant) {
        let gauges = &self.shared.breaker;
        // The fallback pool is there to be full.
        if !gauges.is_on() || !reason.is_for_primary() || reason.pool() == PoolKind::Fallback {
            return;
        }
        match outcome {
            Outcome::Taken(_) => {
                let since = self.taking_since.unwrap_or(now);
                gauges.took(now.saturating_duration_since(since));
            }
            Outcome::Failed(error) if error.is_wait() => gauges.timed_out(),
            _ => {}
        }
    }
}
