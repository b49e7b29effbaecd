//! One checkout, as a machine without I/O: it says what to do next, and is given what came of it.

mod again;
mod hear;
mod probe;
mod proof;
mod protect;
mod settle;
mod span;
mod steps;
#[cfg(feature = "metrics")]
mod times;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use steps::{Loan, Next, Outcome, Request, Wait};

use self::proof::{Asked, Proof};
use self::span::Trace;
use super::{Shared, Terms};
use crate::cluster::after;
use crate::consistency::Again;
use crate::error::{Error, Step};
use crate::position::Position;
use crate::routing::{Basis, Decision, Reason};
use crate::server::NodeRole;
use crate::session::SessionState;

/// The number of nodes tried for one call before it falls back to the primary: where one fails, another may do,
/// and a third is a matter of a cluster in trouble. Chosen, not measured.
const ATTEMPTS: u32 = 2;

/// The most connections of one node that are given up for one call, because they have ended or lead to another server
/// than they should: no pool of usual size holds more. Chosen.
const RETAKES: u32 = 32;

/// The number of those that one counts for which was opened for the call. Chosen: eight new ones, where a name leads to
/// several servers.
const NEW: u32 = 3;

/// The number of replicas that are tried for one call though they are only likely to serve: where one is late, another
/// may be in time, and without a second the session's next reads are on the primary (`benches/offload --close`).
const GUESSES: u32 = 2;

/// The part of a node's share that a connection is waited for which is only likely to serve. Chosen.
const GUESS: u32 = 10;

/// The least time between two tries of a caller who waits. Chosen: less than a round trip.
const PAUSE: Duration = Duration::from_micros(100);

/// The longest wait to learn who is the primary, after a node changed its role: longer than a promotion of
/// PostgreSQL (0.12 s) or the default watch interval (0.1 s).
const ROLE_CHANGE: Duration = Duration::from_secs(1);

/// One checkout.
#[derive(Debug)]
pub(crate) struct Checkout<'a, G> {
    shared: &'a Shared,
    request: Request<'a>,
    /// The terms that the configuration had for it as it began.
    terms: Terms,
    /// Set if servers can be asked to wait until they have replayed a position.
    servers_wait: bool,
    state: State<G>,
    /// The first step, and the end of the caller's patience; `None` before.
    began: Option<Instant>,
    deadline: Option<Instant>,
    /// The time at which a connection was asked for last.
    taking_since: Option<Instant>,
    /// The number of connections that were asked for.
    takes: u32,
    trace: Trace,
    /// A random number: whether it is among those that are let in to try a strained primary.
    lot: Option<u64>,
    /// The number of tries left before the last one.
    attempts: u32,
    /// The number of connections of one node that may still be given up for others of it.
    retakes: u32,
    /// The number of replicas that may still be tried which are only likely to serve.
    guesses: u32,
    /// Set once a node has taken its share of the time and given no connection.
    was_busy: bool,
    /// The refusal of the primary's pool for reads without a replica, if nodes are tried once more after it.
    exhausted: Option<Box<Error>>,
    /// The end of the wait for a fresher replica, once it has begun.
    waits_until: Option<Instant>,
    /// The time before which a caller who waits tries no replica.
    pauses_until: Option<Instant>,
    /// Set once replicas were waited for because the primary gives no connection.
    without_primary: bool,
    /// Set until the connection that an upgrade began with is kept or given back.
    is_upgrade: bool,
    /// Set if a replica's connection is lent on probation rather than asked first.
    probes: bool,
    /// Set while the primary has to be asked at the same time what only it can tell.
    asks_primary: bool,
}

#[derive(Debug)]
enum State<G> {
    /// Nothing is decided.
    New,
    /// Nothing is decided; a connection is there already.
    Holding { decision: Decision, guard: G },
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
    /// Until the connection's server has said what it is and has, asked at these times.
    Asking { decision: Decision, asked: Asked },
    /// The same, while a read is under way on the connection.
    Probing { decision: Decision, asked: Asked },
    /// The question on that connection has had this outcome, and the read does not count.
    #[allow(dead_code, reason = "where no flavour shares connections")]
    Probed {
        decision: Decision,
        asked: Asked,
        outcome: Box<Outcome<G>>,
    },
    /// Until the connection's causal reads, or its settings, are set.
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
            terms: Terms::default(),
            servers_wait,
            state: State::New,
            began: None,
            deadline: None,
            taking_since: None,
            takes: 0,
            trace: Trace::begin(),
            lot: None,
            attempts: ATTEMPTS,
            retakes: RETAKES,
            guesses: GUESSES,
            was_busy: false,
            exhausted: None,
            waits_until: None,
            pauses_until: None,
            without_primary: false,
            is_upgrade: false,
            probes: false,
            asks_primary: false,
        }
    }

    /// Starts a checkout that holds a connection of `node` already, and keeps it if it may serve the request.
    pub(crate) fn upgrading(
        shared: &'a Shared,
        request: Request<'a>,
        servers_wait: bool,
        node: usize,
        guard: G,
    ) -> Self {
        let decision = Decision::itself(node);
        Self {
            state: State::Holding { decision, guard },
            is_upgrade: true,
            ..Self::new(shared, request, servers_wait)
        }
    }

    /// Returns what to do next, given what came of the last step; `now` is the system's clock.
    pub(crate) fn next(&mut self, outcome: Outcome<G>, now: Instant) -> Next<G> {
        if self.began.is_none() {
            self.began = Some(now);
            self.terms = match self.shared.terms(&self.request) {
                Ok(terms) => terms,
                Err(error) => return Next::Fail(error.into()),
            };
        }
        if let State::Taking { decision } = &self.state {
            self.gauge(decision.reason, &outcome, now);
        }
        #[cfg(feature = "metrics")]
        self.time_wait(&outcome, now);
        match (std::mem::replace(&mut self.state, State::New), outcome) {
            (State::New, _) => self.begin(now),
            (State::Holding { decision, guard }, _) => self.examine(decision, guard, None, now),
            (State::Learning { until }, outcome) => self.learn(until, outcome.is_late(), now),
            (State::Waiting { until }, _) => self.wait(until, now),
            (
                State::Probed {
                    decision,
                    asked,
                    outcome,
                },
                _,
            ) => self.after_probe(decision, asked, *outcome, now),
            (
                State::TakingToWait {
                    there,
                    required,
                    until,
                    otherwise,
                },
                Outcome::Taken(guard),
            ) if self.may_wait_on(there, &guard) => {
                self.state = State::Replaying { there, otherwise };
                let limit = until.saturating_duration_since(now);
                Next::AwaitReplay {
                    guard,
                    required,
                    limit,
                    give_up: limit.saturating_add(self.shared.probe_timeout),
                }
            }
            (State::Replaying { there, .. }, Outcome::Replayed(guard)) => {
                self.settle(there, guard, now)
            }
            (State::TakingToWait { otherwise, .. } | State::Replaying { otherwise, .. }, _) => {
                self.take(otherwise, now)
            }
            (State::Taking { decision }, Outcome::Taken(guard)) => {
                if self.strained_wait(decision).is_some() {
                    return self.shed_late(decision, guard);
                }
                if self.may_be_spoilt(&guard) {
                    return self.renew(decision, guard, now);
                }
                self.examine(decision, guard, None, now)
            }
            (State::Asking { decision, asked }, Outcome::Said(guard, said)) => {
                self.hear(decision, guard, asked, said, now)
            }
            (State::Asking { decision, asked }, Outcome::Failed(error)) => {
                self.unheard(decision, asked, error, now)
            }
            // Another one may stand.
            (State::Setting { decision }, Outcome::Failed(error)) if error.may_retry_read() => {
                self.retake(decision, error, now)
            }
            (State::Taking { decision } | State::Setting { decision }, Outcome::Failed(error)) => {
                self.failed(decision, error, now)
            }
            (State::Setting { decision }, Outcome::Set(guard)) => self.settle(decision, guard, now),
            (
                State::Taking { .. }
                | State::Asking { .. }
                | State::Probing { .. }
                | State::Setting { .. }
                | State::ChangingRoles,
                _,
            ) => self.decide_again(now),
        }
    }

    /// Returns the session that the connection is for.
    pub(crate) fn session(&self) -> Option<&'a Arc<SessionState>> {
        self.request.session
    }

    fn begin(&mut self, now: Instant) -> Next<G> {
        self.shared.look_at_strain(now);
        // Otherwise, watchers do that.
        #[cfg(feature = "metrics")]
        if !self.shared.is_watched() {
            self.shared.tick_metrics(now);
        }
        if self.request.again == Some(Again::MissingSchema) {
            return self.fall_back(now);
        }
        let decision = self.shared.decide(&self.request, now);
        if self.shared.token_is_newer(&self.request, decision) {
            self.shared.signals.ask_all();
            return self.learn(after(now, ROLE_CHANGE), false, now);
        }
        if self.probes
            && let Some(there) = self.beside_the_primary(decision, now)
        {
            return self.take(there, now);
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
        // The primary is asked first what only it can tell, over a connection of its own.
        let is_strained = self.waits_out_strain(decision);
        let is_pending =
            decision.reason == Reason::CapturePending && self.waits_until.is_none() && !is_strained;
        if self.terms.wait.is_zero() || !self.terms.waits_for_another(decision) || is_pending {
            return self.take(decision, now);
        }
        self.wait_for_a_replica(now)
    }

    fn wait_for_a_replica(&mut self, now: Instant) -> Next<G> {
        let until = after(now, self.terms.wait);
        let until = *self.waits_until.get_or_insert(until);
        self.wait(until, now)
    }

    /// Waits for a replica that is fresh enough, as long as the caller allows.
    fn wait(&mut self, until: Instant, now: Instant) -> Next<G> {
        // Listen before looking: an answer in between counts.
        let answer = self.shared.signals.answer();
        let decision = self.shared.look(&self.request, now);
        if until <= now || !self.terms.waits_for_another(decision) {
            return self.take(decision, now);
        }
        if self.servers_wait
            && let Some((there, required)) = self.shared.freshest_candidate(&self.request, now)
        {
            let (node, serial, pool) = (there.node, there.serial, there.reason.pool());
            self.takes += 1;
            self.state = State::TakingToWait {
                there,
                required,
                until,
                otherwise: decision,
            };
            return Next::Take {
                node,
                serial,
                pool,
                until,
                deadline: until,
                while_up: true,
            };
        }
        let next = match self.shared.likely(&self.request, now) {
            Some((there, at)) => match self.pauses_until.max(Some(at)) {
                Some(at) if now < at => at.min(until),
                _ => return self.take(there, now),
            },
            None => {
                self.shared.signals.ask_all();
                until
            }
        };
        self.state = State::Waiting { until };
        Next::Wait {
            answer,
            until: next,
        }
    }

    /// Returns whether the server of this connection may be asked to wait until it serves the request.
    fn may_wait_on(&self, there: Decision, guard: &G) -> bool {
        let known = guard.known();
        !self.shared.is_primary(there.node) && there.holds_for(known.server, known.opened)
    }

    /// Takes a connection of the node that was decided for; of a replica no longer than its share of the time, for
    /// another node may serve as well.
    fn take(&mut self, decision: Decision, now: Instant) -> Next<G> {
        // Where the primary is asked first, a replica may serve once it has answered.
        if decision.reason != Reason::CapturePending
            && let Some(refusal) = self.shared.refusal(&self.request, decision)
        {
            return Next::Fail(refusal);
        }
        if self.strained_wait(decision).is_some() {
            return Next::Fail(self.shared.shed(&self.request, decision));
        }
        let node = decision.node;
        let deadline = *self
            .deadline
            .get_or_insert_with(|| after(now, self.shared.checkout_timeout(node)));
        let share = self.shared.node_share;
        let until = match decision.basis {
            _ if decision.reason == Reason::Fallback
                && self.shared.has_replica(&self.request, now) =>
            {
                deadline.min(after(now, share))
            }
            // Rather a quick refusal than one more in the queue.
            _ if decision.reason.is_the_primarys() && self.shared.is_open() => {
                deadline.min(after(now, share))
            }
            _ if !decision.reason.may_be_a_replicas() => deadline,
            _ if self.has_no_other(decision, now) => deadline,
            // A guess is worth no wait.
            Basis::Itself => deadline.min(after(now, share / GUESS)),
            _ => deadline.min(after(now, share)),
        };
        self.state = State::Taking { decision };
        self.taking_since = Some(now);
        self.takes += 1;
        Next::Take {
            node,
            serial: decision.serial,
            pool: decision.reason.pool(),
            until,
            deadline: if decision.basis == Basis::Itself {
                until
            } else {
                deadline
            },
            // A primary that was chosen although it is down has no better.
            while_up: decision.reason.may_be_a_replicas()
                || decision.wants_fresher() && !self.shared.is_lost(node),
        }
    }

    /// Looks at a connection: lends it if it is proved to serve, asks its server if that may prove it. `asked` is when
    /// it was asked.
    fn examine(
        &mut self,
        decision: Decision,
        mut guard: G,
        asked: Option<Asked>,
        now: Instant,
    ) -> Next<G> {
        let proof = self.proof(decision, guard.known(), asked, now);
        if let Some(asked) = asked.filter(|_| decision.basis == Basis::Itself) {
            let (node, asked) = (decision.node, asked.asked);
            let serves = matches!(proof, Proof::Given { .. });
            self.shared.learn(node, &self.request, serves, asked, now);
        }
        match proof {
            Proof::Given { reason, version } => {
                if let Some(refusal) = self.shared.refusal(&self.request, decision) {
                    drop(guard);
                    return Next::Fail(refusal);
                }
                if self.shared.has_left(decision.node, guard.known()) {
                    guard.known_mut().is_spent = true;
                }
                self.is_upgrade = false;
                let decision = Decision {
                    reason,
                    version,
                    ..decision
                };
                self.settle(decision, guard, now)
            }
            Proof::Possible => self.ask(decision, guard, now),
            Proof::Missing => self.unproved(decision, guard, now),
            Proof::WrongRole => {
                let name = guard.node().to_owned();
                drop(guard);
                let error = Error::WrongRole {
                    node: name,
                    expected: NodeRole::TakesWrites,
                    found: NodeRole::ReplaysWrites,
                };
                self.failed(decision, error, now)
            }
            Proof::Outrun => {
                guard.known_mut().is_spent = true;
                let is_new = self
                    .began
                    .is_some_and(|began| guard.known().opened >= began);
                let (node, since) = (guard.node().to_owned(), now);
                drop(guard);
                self.shared.signals.reopen(decision.node);
                let why = "its connection leads to another server than the primary, which takes writes as well: \
                           shut that down, or make it follow the primary";
                let error = Error::checkout(node, Step::Ask, since, why);
                if is_new {
                    // So may the next one, and opening it costs more than taking it.
                    self.retakes = self.retakes.saturating_sub(NEW);
                }
                self.retake(decision, error, now)
            }
        }
    }
}
