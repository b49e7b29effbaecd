//! Reads that are under way while their connection's server is asked whether they may be.
//!
//! The question goes first on the wire, so the server answers it first: what it says holds for the read behind it.

use std::time::Instant;

use super::{Asked, Checkout, Loan, Next, Outcome, Proof, State};
use crate::cluster::Observation;
use crate::engine::Grant;
use crate::routing::{Decision, Reason};

impl<G: Loan> Checkout<'_, G> {
    /// Lends a replica's connection on [probation](Next::Probe) where its server would be asked first.
    #[allow(dead_code, reason = "where no flavour shares connections")]
    pub(crate) fn probing(self) -> Self {
        Self {
            probes: true,
            ..self
        }
    }

    /// Returns the decision for a replica that is likely to serve, where the primary would be asked first what only it can tell: both
    /// are asked at the same time, and what the replica says is compared with what the primary says.
    #[cold]
    #[inline(never)]
    pub(super) fn beside_the_primary(
        &mut self,
        decision: Decision,
        now: Instant,
    ) -> Option<Decision> {
        if decision.reason != Reason::CapturePending {
            return None;
        }
        let there = self.shared.likely_once_told(&self.request, now)?;
        self.asks_primary = true;
        Some(there)
    }

    /// Lends a connection on probation, if a read may run there before it is known that it serves.
    pub(super) fn probe(&mut self, decision: Decision, asked: Asked, guard: G) -> Next<G> {
        // The primary would answer rightly, and is asked so that it need not. Settings come first.
        let may_read = self.probes
            && !decision.reason.is_for_primary()
            && !self.shared.is_multi_writer()
            && guard.known().applied.are(self.request.settings);
        if may_read {
            let grant = self.grant(decision);
            self.state = State::Probing { decision, asked };
            return Next::Probe(guard, grant);
        }
        self.state = State::Asking { decision, asked };
        Next::Ask {
            node: decision.node,
            guard,
            until: asked.until,
        }
    }

    /// Returns the time up to which the server of the connection that was lent on probation may take for an answer; `None` if
    /// none was.
    #[allow(dead_code, reason = "where no flavour shares connections")]
    pub(crate) fn probes_until(&self) -> Option<Instant> {
        match self.state {
            State::Probing { asked, .. } => Some(asked.until),
            _ => None,
        }
    }

    /// Returns whether the primary is to be asked for its position as well.
    #[allow(dead_code, reason = "where no flavour shares connections")]
    pub(crate) fn asks_primary(&self) -> bool {
        self.asks_primary
    }

    /// Returns whether the primary has told by now what only it can tell.
    #[allow(dead_code, reason = "where no flavour shares connections")]
    pub(crate) fn primary_has_told(&self, now: Instant) -> bool {
        self.shared.look(&self.request, now).reason != Reason::CapturePending
    }

    /// Returns what is lent for good with a connection on probation, whose server says this of itself; `None` if it does not serve.
    /// Then the read does not count, and the checkout goes on with the [outcome](Self::refuse) of the question.
    #[allow(dead_code, reason = "where no flavour shares connections")]
    pub(crate) fn prove(&mut self, guard: &G, said: &Observation, now: Instant) -> Option<Grant> {
        let State::Probing { decision, asked } = self.state else {
            return None;
        };
        let mut known = guard.known().clone();
        known.said(said.clone(), asked.sent);
        let Proof::Given { reason, version } = self.proof(decision, &known, Some(asked), now)
        else {
            return None;
        };
        if self.shared.refusal(&self.request, decision).is_some() {
            return None;
        }
        self.shared
            .learn(decision.node, &self.request, true, asked.asked, now);
        #[cfg(feature = "metrics")]
        self.time_replica_wait(decision, now);
        let grant = self.grant(Decision {
            reason,
            version,
            ..decision
        });
        self.lent(guard, &grant, now);
        Some(grant)
    }

    /// Goes on after a read on probation that does not count, with what became of the question.
    #[allow(dead_code, reason = "where no flavour shares connections")]
    pub(crate) fn refuse(&mut self, outcome: Outcome<G>) {
        self.asks_primary = false;
        if let State::Probing { decision, asked } = self.state {
            self.state = State::Probed {
                decision,
                asked,
                outcome: Box::new(outcome),
            };
        }
    }

    /// Goes on as after a question that was asked alone.
    #[cold]
    #[inline(never)]
    pub(super) fn after_probe(
        &mut self,
        decision: Decision,
        asked: Asked,
        outcome: Outcome<G>,
        now: Instant,
    ) -> Next<G> {
        match outcome {
            Outcome::Said(guard, said) => self.hear(decision, guard, asked, said, now),
            Outcome::Failed(error) => self.unheard(decision, asked, error, now),
            _ => self.decide_again(now),
        }
    }
}
