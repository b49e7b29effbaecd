//! What a connection's server is asked, and what its answer means for the checkout.

use std::time::Instant;

use super::{Asked, Checkout, Loan, Next};
use crate::cluster::Observation;
use crate::error::Error;
use crate::routing::{Decision, Reason};

impl<G: Loan> Checkout<'_, G> {
    pub(super) fn ask(&mut self, decision: Decision, guard: G, now: Instant) -> Next<G> {
        let until = self.patience(now);
        let asked = Asked {
            asked: self.shared.now(),
            sent: now,
            until,
        };
        self.probe(decision, asked, guard)
    }

    /// Goes on without an answer: the connection has ended, or its server hangs.
    pub(super) fn unheard(
        &mut self,
        decision: Decision,
        asked: Asked,
        error: Error,
        now: Instant,
    ) -> Next<G> {
        if asked.is_late(now) {
            return self.failed(decision, error, now);
        }
        // Others may stand.
        self.retake(decision, error, now)
    }

    /// Looks at a connection once more, given what its server says of itself.
    pub(super) fn hear(
        &mut self,
        decision: Decision,
        mut guard: G,
        asked: Asked,
        said: Option<Observation>,
        now: Instant,
    ) -> Next<G> {
        let known = guard.known_mut();
        known.alive = asked.sent;
        if let Some(observation) = said {
            self.shared.hear(known.server, asked.asked, &observation);
            known.said(observation, asked.sent);
        }
        if decision.reason == Reason::CapturePending {
            // The primary has told what only it can tell: a replica may do now.
            let otherwise = self.shared.look(&self.request, now);
            if !otherwise.reason.is_for_primary() {
                drop(guard);
                return self.take(otherwise, now);
            }
            let may_wait = !self.terms.wait.is_zero() && self.waits_until.is_none();
            if self.terms.waits_for_another(otherwise) && may_wait {
                drop(guard);
                return self.wait_for_a_replica(now);
            }
        }
        self.examine(decision, guard, Some(asked), now)
    }
}
