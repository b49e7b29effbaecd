//! One checkout, as a machine without I/O: it says what to do next, and is given what came of it.

mod steps;

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::EventListener;

pub(crate) use steps::{Loan, Next, Outcome, Request, Taken};

use super::{Grant, Shared};
use crate::cluster::after;
use crate::error::Error;
use crate::position::Position;
use crate::routing::{Decision, Reason};
use crate::server::NodeRole;
use crate::session::SessionState;
use crate::statement::Access;

/// The number of nodes tried for one call before it falls back to the primary: where one fails, another may do,
/// and a third is a matter of a cluster in trouble. Chosen, not measured.
const ATTEMPTS: u32 = 2;

/// The longest wait to learn who is the primary, after a node changed its role: longer than a promotion of
/// PostgreSQL (0.12 s) or the default watch interval (0.1 s).
const ROLE_CHANGE: Duration = Duration::from_secs(1);

/// One checkout.
#[derive(Debug)]
pub(crate) struct Checkout<'a, G> {
    shared: &'a Shared,
    request: Request<'a>,
    /// Set if servers can be asked to wait until they have replayed a position.
    servers_wait: bool,
    state: State<G>,
    /// The number of tries left before the last one.
    attempts: u32,
    /// Set once replicas were waited for because the primary gives no connection.
    without_primary: bool,
    /// Set until the connection that an upgrade began with is kept or given back.
    is_upgrade: bool,
}

#[derive(Debug)]
enum State<G> {
    /// Nothing is decided.
    New,
    /// Until all nodes have said who they are, as a token may know of a failover that nobody here does.
    Learning { until: Instant },
    /// Until a replica is fresh enough.
    Waiting { until: Instant },
    /// Until a connection is there on which the server can be asked to wait.
    TakingToWait {
        there: Decision,
        required: Position,
        until: Instant,
        otherwise: Decision,
    },
    /// Until the server has replayed what is required.
    Replaying {
        there: Decision,
        otherwise: Decision,
    },
    /// Until a connection of the node that was decided for is there.
    Taking { decision: Decision },
    /// Until the node has said something since its connection was opened.
    Confirming {
        decision: Decision,
        guard: G,
        until: Instant,
    },
    /// Until the connection's causal reads are set.
    Setting { decision: Decision },
    /// Until there may be news of who is the primary.
    ChangingRoles,
}

impl<'a, G: Loan> Checkout<'a, G> {
    /// Starts a checkout; `servers_wait` says whether servers can be asked to wait for a position.
    pub(crate) fn new(shared: &'a Shared, request: Request<'a>, servers_wait: bool) -> Self {
        Self {
            shared,
            request,
            servers_wait,
            state: State::New,
            attempts: ATTEMPTS,
            without_primary: false,
            is_upgrade: false,
        }
    }

    /// Starts a checkout that holds a connection of `node` already, and keeps it if it may serve the request.
    pub(crate) fn upgrading(
        shared: &'a Shared,
        request: Request<'a>,
        servers_wait: bool,
        node: usize,
        guard: G,
        now: Instant,
    ) -> Self {
        let until = after(now, shared.probe_timeout);
        Self {
            state: State::Confirming {
                decision: Decision {
                    node,
                    reason: Reason::Covered,
                    rests_on: None,
                },
                guard,
                until,
            },
            is_upgrade: true,
            ..Self::new(shared, request, servers_wait)
        }
    }

    /// Returns what to do next, given what came of the last step; `now` is the system's clock.
    pub(crate) fn next(&mut self, outcome: Outcome<G>, now: Instant) -> Next<G> {
        match (std::mem::replace(&mut self.state, State::New), outcome) {
            (State::New, _) => self.begin(now),
            (State::Learning { until }, outcome) => self.learn(until, outcome.is_late(), now),
            (State::Waiting { until }, outcome) => self.wait(until, outcome.is_late(), now),
            (
                State::TakingToWait {
                    there,
                    required,
                    until,
                    otherwise,
                },
                Outcome::Taken(guard),
            ) if !self.shared.is_primary(there.node) && there.holds_for(guard.taken().opened) => {
                self.state = State::Replaying { there, otherwise };
                let limit = until.saturating_duration_since(now);
                Next::AwaitReplay {
                    guard,
                    required,
                    limit,
                    give_up: limit.saturating_add(self.shared.probe_timeout),
                }
            }
            (State::Replaying { there, .. }, Outcome::Replayed(guard)) => self.settle(there, guard),
            (State::TakingToWait { otherwise, .. } | State::Replaying { otherwise, .. }, _) => {
                self.take(otherwise)
            }
            (State::Taking { decision }, Outcome::Taken(guard)) => {
                self.examine(decision, guard, now)
            }
            (State::Taking { decision } | State::Setting { decision }, Outcome::Failed(error)) => {
                self.failed(decision, error, now)
            }
            (State::Setting { decision }, Outcome::Set(guard)) => {
                Next::Lend(guard, self.grant(decision))
            }
            (
                State::Confirming {
                    decision,
                    guard,
                    until,
                },
                outcome,
            ) => self.confirm(decision, guard, until, outcome.is_late(), now),
            (State::Taking { .. } | State::Setting { .. } | State::ChangingRoles, _) => {
                self.decide_again(now)
            }
        }
    }

    /// Returns the session that the connection is for.
    pub(crate) fn session(&self) -> Option<&'a Arc<SessionState>> {
        self.request.session
    }

    fn begin(&mut self, now: Instant) -> Next<G> {
        let decision = self.shared.decide(&self.request, now);
        if self.shared.token_is_newer(&self.request, decision) {
            self.shared.signals.ask_all();
            return self.learn(after(now, ROLE_CHANGE), false, now);
        }
        self.wait_or_take(decision, now)
    }

    /// Decides once all nodes have been asked who they are.
    fn learn(&mut self, until: Instant, is_late: bool, now: Instant) -> Next<G> {
        // Listen before looking: an answer in between counts.
        let answer = self.shared.signals.answer();
        let decision = self.shared.decide(&self.request, now);
        if is_late || !self.shared.token_is_newer(&self.request, decision) {
            return self.wait_or_take(decision, now);
        }
        self.state = State::Learning { until };
        Next::Wait { answer, until }
    }

    fn wait_or_take(&mut self, decision: Decision, now: Instant) -> Next<G> {
        if self.request.wait.is_zero() || !decision.wants_fresher() {
            return self.take(decision);
        }
        self.wait(after(now, self.request.wait), false, now)
    }

    /// Waits for a replica that is fresh enough, as long as the caller allows.
    fn wait(&mut self, until: Instant, is_late: bool, now: Instant) -> Next<G> {
        // Listen before looking: an answer in between counts.
        let answer = self.shared.signals.answer();
        let decision = self.shared.look(&self.request, now);
        if is_late || !decision.wants_fresher() {
            return self.take(decision);
        }
        if self.servers_wait
            && let Some((there, required)) = self.shared.freshest_candidate(&self.request, now)
        {
            let (node, pool) = (there.node, there.reason.pool());
            self.state = State::TakingToWait {
                there,
                required,
                until,
                otherwise: decision,
            };
            let until = Some(until);
            return Next::Take { node, pool, until };
        }
        self.state = State::Waiting { until };
        Next::Wait { answer, until }
    }

    fn take(&mut self, decision: Decision) -> Next<G> {
        self.state = State::Taking { decision };
        Next::Take {
            node: decision.node,
            pool: decision.reason.pool(),
            until: None,
        }
    }

    /// Looks at the connection that was taken.
    fn examine(&mut self, decision: Decision, guard: G, now: Instant) -> Next<G> {
        let node = decision.node;
        let taken = guard.taken();
        let is_primary = self.shared.is_primary(node);
        let must_take_writes = decision.reason.is_for_primary() || is_primary;
        if must_take_writes && taken.role == Some(NodeRole::ReplaysWrites) {
            let error = Error::WrongRole {
                node: self.shared.name(node).to_owned(),
                expected: NodeRole::TakesWrites,
                found: NodeRole::ReplaysWrites,
            };
            return self.failed(decision, error, now);
        }
        if self.attempts == 0 || decision.holds_for(taken.opened) {
            // Another has become the primary meanwhile.
            if self.attempts > 0 && decision.reason.is_for_primary() && !is_primary {
                return self.decide_again(now);
            }
            return self.settle(decision, guard);
        }
        let until = after(now, self.shared.probe_timeout);
        self.confirm(decision, guard, until, false, now)
    }

    /// Waits until the node has said of itself, since its connection was opened, that it may serve the
    /// request: before that, the server may have restarted and gone back. So it is asked again.
    fn confirm(
        &mut self,
        decision: Decision,
        guard: G,
        until: Instant,
        is_late: bool,
        now: Instant,
    ) -> Next<G> {
        let node = decision.node;
        match self.proof(node, guard.taken(), is_late, now) {
            Proof::Given(reason) => {
                self.is_upgrade = false;
                self.settle(Decision { reason, ..decision }, guard)
            }
            Proof::Asked(answer) => {
                self.state = State::Confirming {
                    decision,
                    guard,
                    until,
                };
                Next::Wait { answer, until }
            }
            Proof::Missing => {
                // Before another is asked for: with small pools, holding one while waiting for another can
                // deadlock.
                drop(guard);
                if std::mem::take(&mut self.is_upgrade) {
                    // Nothing was decided yet.
                    return self.begin(now);
                }
                self.request.avoid = Some(node);
                self.decide_again(now)
            }
        }
    }

    /// Returns what the node says of itself that lets it serve the request over this connection.
    fn proof(&self, node: usize, taken: Taken, is_late: bool, now: Instant) -> Proof {
        // Listen before looking: an answer in between counts.
        let answer = self.shared.signals.answer();
        if self.shared.has_answered_since(node, taken.opened) {
            let reason = self.shared.serves(node, &self.request, now);
            return reason.map_or(Proof::Missing, Proof::Given);
        }
        if is_late {
            return Proof::Missing;
        }
        self.shared.signals.ask(node);
        Proof::Asked(answer)
    }

    /// Lends the connection, once its reads are causal as far as they must be. Where all nodes take writes,
    /// what others have acknowledged may not be there yet.
    fn settle(&mut self, decision: Decision, guard: G) -> Next<G> {
        let causal = self.shared.is_primary(decision.node);
        if self.shared.is_multi_writer() && guard.taken().reads_causally != causal {
            self.state = State::Setting { decision };
            let (node, on) = (decision.node, causal);
            return Next::SetCausalReads { node, guard, on };
        }
        Next::Lend(guard, self.grant(decision))
    }

    fn failed(&mut self, decision: Decision, error: Error, now: Instant) -> Next<G> {
        let node = decision.node;
        if self.attempts == 0 {
            return Next::Fail(error);
        }
        match error {
            // Its role changed since it was last watched.
            Error::WrongRole { .. } if self.shared.is_watched() => {
                let answer = self.shared.signals.answer();
                self.shared.signals.ask_all();
                self.state = State::ChangingRoles;
                let until = after(now, ROLE_CHANGE);
                Next::Wait { answer, until }
            }
            error if error.may_retry_read() && !self.shared.is_primary(node) => {
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
                self.wait(after(now, self.shared.probe_timeout), false, now)
            }
            error => Next::Fail(error),
        }
    }

    /// Tries another node; the primary, once all tries are used up.
    fn decide_again(&mut self, now: Instant) -> Next<G> {
        self.attempts = self.attempts.saturating_sub(1);
        let decision = if self.attempts == 0 {
            self.shared.fall_back(&self.request)
        } else {
            self.shared.decide(&self.request, now)
        };
        self.take(decision)
    }

    fn grant(&self, decision: Decision) -> Grant {
        let is_primary = self.shared.is_primary(decision.node);
        Grant {
            node: decision.node,
            reason: decision.reason,
            access: if is_primary {
                self.request.access.max(Access::Primary)
            } else {
                self.request.access
            },
            is_primary,
            function: self.request.function,
        }
    }
}

/// The word of a node for a connection that is newer than its last answer.
enum Proof {
    /// It may serve the request, for this reason.
    Given(Reason),
    /// It has been asked.
    Asked(EventListener),
    /// It may not serve the request, or gave no answer in time.
    Missing,
}
