//! The times of a checkout that metrics have.

use std::time::Instant;

use super::{Checkout, Loan, Outcome};
use crate::routing::Decision;

impl<G: Loan> Checkout<'_, G> {
    /// Records how long it took to get a connection from a pool.
    #[inline]
    pub(super) fn time_wait(&self, outcome: &Outcome<G>, now: Instant) {
        if let (Outcome::Taken(guard), Some(since)) = (outcome, self.taking_since) {
            guard.waited(now.saturating_duration_since(since));
        }
    }

    /// Records how long it took in all, if a replica was waited for.
    #[inline]
    pub(super) fn time_replica_wait(&self, decision: Decision, now: Instant) {
        if self.waits_until.is_none() {
            return;
        }
        let time = now.saturating_duration_since(self.began.unwrap_or(now));
        let is_replica = !decision.reason.is_for_primary();
        self.shared.recording.waits.waited(time, is_replica);
    }
}
