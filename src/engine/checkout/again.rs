//! What a checkout does when a node gives no connection, or none that serves.

use std::time::Instant;

use super::{ATTEMPTS, Checkout, Loan, Next, PAUSE, RETAKES, ROLE_CHANGE, Request, State};
use crate::cluster::after;
use crate::consistency::Again;
use crate::error::{Error, Step};
use crate::routing::{Basis, Decision, Reason, Refusal};

impl<G: Loan> Checkout<'_, G> {
    /// Goes to the primary with what a replica lacks, and nowhere else.
    pub(super) fn fall_back(&mut self, now: Instant) -> Next<G> {
        self.attempts = 0;
        let decision = self.shared.fall_back(&self.request);
        self.take(decision, now)
    }

    /// Returns whether a connection's statements may have been prepared before the schema changed.
    pub(super) fn may_be_spoilt(&self, guard: &G) -> bool {
        matches!(self.request.again, Some(Again::Spoilt(at)) if guard.known().opened < at)
    }

    /// Gives up a connection whose statements may be spoilt, as the one was that the request had before, and takes one that was
    /// opened since.
    pub(super) fn renew(&mut self, decision: Decision, mut guard: G, now: Instant) -> Next<G> {
        guard.spoil();
        let node = guard.node().to_owned();
        drop(guard);
        let why = "its connections were opened before the schema changed";
        let error = Error::checkout(node, Step::Recycle, now, why);
        self.retake(decision, error, now)
    }

    /// Gives back a connection whose server may not serve the request, and looks for another.
    pub(super) fn unproved(&mut self, decision: Decision, guard: G, now: Instant) -> Next<G> {
        // Before another is asked for: with small pools, holding one while waiting for another can deadlock.
        drop(guard);
        if std::mem::take(&mut self.is_upgrade) {
            // Nothing was decided yet.
            return self.begin(now);
        }
        if decision.basis == Basis::Itself {
            return self.guess_again(decision.node, now);
        }
        self.request.avoid = Some(decision.node);
        self.decide_again(now)
    }

    /// Tries another replica than this one, which was only likely to serve, and does not.
    fn guess_again(&mut self, node: usize, now: Instant) -> Next<G> {
        self.guesses = self.guesses.saturating_sub(1);
        // A caller who may wait does that: the next try is in vain less often.
        if self.guesses > 0 && self.waits_until.is_none() && self.request.avoid.is_none() {
            let request = Request {
                avoid: Some(node),
                ..self.request
            };
            let decision = self.shared.look(&request, now);
            if !decision.reason.is_for_primary() {
                return self.take(decision, now);
            }
        }
        self.give_up_guessing(now)
    }

    /// Decides by what is known.
    pub(super) fn give_up_guessing(&mut self, now: Instant) -> Next<G> {
        self.request.may_try = false;
        if let Some(until) = self.waits_until {
            // Half as long as it has taken so far: however many replicas there are, the number of tries grows with the
            // logarithm of the wait.
            let taken = now.saturating_duration_since(self.began.unwrap_or(now));
            self.pauses_until = Some(after(now, PAUSE.max(taken / 2)));
            return self.wait(until, now);
        }
        let decision = self.shared.decide(&self.request, now);
        self.wait_or_take(decision, now)
    }

    /// Takes another connection of the same node, after one that has ended or leads elsewhere.
    pub(super) fn retake(&mut self, decision: Decision, error: Error, now: Instant) -> Next<G> {
        if std::mem::take(&mut self.is_upgrade) {
            return self.begin(now);
        }
        self.retakes = self.retakes.saturating_sub(1);
        if self.retakes == 0 || self.is_past(now) {
            return self.failed(decision, error, now);
        }
        self.take(decision, now)
    }

    pub(super) fn is_past(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }

    pub(super) fn failed(&mut self, decision: Decision, error: Error, now: Instant) -> Next<G> {
        let node = decision.node;
        if std::mem::take(&mut self.is_upgrade) {
            return self.begin(now);
        }
        if self.request.again == Some(Again::MissingSchema) {
            return self.fail(decision, error, now);
        }
        self.was_busy |= error.is_wait();
        let is_last = self.attempts == 0 || decision.reason == Reason::Fallback;
        if is_last
            && self.was_busy
            && !self.is_past(now)
            && self.shared.has_replica(&self.request, now)
        {
            if decision.reason == Reason::Fallback {
                let error = self.shared.explained(decision, error);
                let error = error.of_reason(decision.reason.as_str());
                self.exhausted = Some(Box::new(error));
            }
            return self.go_round_again(now);
        }
        if self.attempts == 0 || self.is_past(now) {
            return self.fail(decision, error, now);
        }
        match error {
            // Its role changed since it was last watched.
            Error::WrongRole { .. }
                if self.shared.is_watched() && decision.reason != Reason::PrimaryShare =>
            {
                let answer = self.shared.signals.answer();
                self.shared.signals.reopen(node);
                self.shared.signals.ask_all();
                self.state = State::ChangingRoles;
                let until = after(now, ROLE_CHANGE);
                Next::Wait { answer, until }
            }
            error if decision.basis == Basis::Itself && !self.is_past(now) => {
                tracing::debug!(%error, "a replica that might have served gives no connection");
                let asked = self.shared.now();
                self.shared.learn(node, &self.request, false, asked, now);
                self.give_up_guessing(now)
            }
            // A pool that is exhausted, too: another node may be idle.
            error if self.has_no_other(decision, now) => self.fail(decision, error, now),
            error if self.may_do_elsewhere(decision, &error) => {
                tracing::debug!(%error, "a replica gives no connection");
                self.shared.signals.ask(node);
                self.request.avoid = Some(node);
                self.decide_again(now)
            }
            // The primary is no help: a replica may prove by itself that it will do, whatever the caller's wait.
            error
                if error.may_retry_read()
                    && decision.wants_fresher()
                    && !std::mem::replace(&mut self.without_primary, true) =>
            {
                tracing::debug!(%error, "the primary gives no connection");
                self.shared.signals.ask_all();
                let until = after(now, self.shared.probe_timeout);
                self.waits_until = Some(until);
                self.wait(until, now)
            }
            error => self.fail(decision, error, now),
        }
    }

    /// Fails. Where the time ended while nodes were tried once more, what stopped the earlier round says more than the last
    /// node's silence.
    fn fail(&mut self, decision: Decision, error: Error, now: Instant) -> Next<G> {
        Next::Fail(match self.exhausted.take() {
            Some(exhausted) if error.is_wait() => {
                let began = self.began.unwrap_or(now);
                exhausted.having_waited(now.saturating_duration_since(began))
            }
            _ => self
                .shared
                .explained(decision, error)
                .of_reason(decision.reason.as_str()),
        })
    }

    /// Tries all nodes once more, where some were busy for their share of the time.
    pub(super) fn go_round_again(&mut self, now: Instant) -> Next<G> {
        self.was_busy = false;
        self.attempts = ATTEMPTS;
        self.request.avoid = None;
        let decision = self.shared.decide(&self.request, now);
        self.take(decision, now)
    }

    /// Returns whether another node may serve what this one failed to.
    pub(super) fn may_do_elsewhere(&self, decision: Decision, error: &Error) -> bool {
        if decision.reason == Reason::PrimaryShare {
            return error.may_retry_read() || error.is_wait();
        }
        // Another node may have its index by now.
        error.is_removed()
            || !self.shared.is_primary(decision.node)
                && (error.may_retry_read() || error.is_wait() && !decision.reason.is_for_primary())
    }

    /// Returns whether only some replicas may serve the request, and never the primary in their place.
    fn is_limited(&self) -> bool {
        self.terms.refuses || self.request.is_limited()
    }

    /// Returns whether this replica is the only node that may serve the request now: others do not have its tag, or cannot, and
    /// its class keeps it off the primary.
    pub(super) fn has_no_other(&self, decision: Decision, now: Instant) -> bool {
        if !self.is_limited() {
            return false;
        }
        let request = Request {
            avoid: Some(decision.node),
            ..self.request
        };
        let otherwise = self.shared.look(&request, now);
        self.request.lacks_its_tag(otherwise)
            || !decision.reason.is_for_primary() && otherwise.refusal == Some(Refusal::NoReplica)
    }

    /// Tries another node; the primary, once all tries are used up.
    pub(super) fn decide_again(&mut self, now: Instant) -> Next<G> {
        self.attempts = self.attempts.saturating_sub(1);
        self.retakes = RETAKES;
        // Pools that are busy are all that it has.
        let is_to_wait = self.attempts == 0 && self.is_limited() && self.was_busy;
        if is_to_wait && !self.is_past(now) && self.shared.has_replica(&self.request, now) {
            return self.go_round_again(now);
        }
        let decision = if self.attempts == 0 {
            self.shared.fall_back(&self.request)
        } else {
            self.shared.decide(&self.request, now)
        };
        self.take(decision, now)
    }
}
