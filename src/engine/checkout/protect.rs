//! What a checkout does while the primary is strained.

use std::time::Instant;

use super::{Checkout, Loan, Outcome};
use crate::routing::{Decision, Reason};
use crate::server::PoolKind;

impl<G: Loan> Checkout<'_, G> {
    /// Returns whether the primary is too strained for a read that a fresher replica could serve; then the read waits for
    /// one.
    pub(super) fn waits_out_strain(&mut self, decision: Decision) -> bool {
        let request = &self.request;
        let wait = decision
            .wants_fresher()
            .then(|| self.shared.strained_wait(request, decision))
            .flatten();
        if let Some(wait) = wait {
            self.terms.wait = self.terms.wait.max(wait);
        }
        wait.is_some()
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
