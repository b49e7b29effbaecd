//! One node's watcher, as a machine without I/O: it says what to do next, and is given what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::EventListener;

use super::hurry::Hurry;
use super::{Arrivals, Known, Settings, Shared};
use crate::cluster::{NO_POSITION, Observation, Question, ServerFacts, Urgency};
use crate::error::{Error, Step, error_chain};
use crate::position::ServerKind;
use crate::server::NodeRole;

/// The next step of a watcher.
#[derive(Debug)]
pub(crate) enum Next {
    /// Wait until `urgent` is notified, but not longer than `limit`.
    Sleep {
        urgent: EventListener,
        limit: Duration,
    },
    /// Open the first connection, and learn whether the node can be used at all; open what that takes `at_once`, or one
    /// after the other.
    Meet { at_once: bool },
    /// Open a connection, in place of the present one if there is one.
    Open,
    /// Ask the server, over the open connection, for its role and position.
    Observe,
    /// Ask the server, over the open connection, what holds its replication up.
    Diagnose(Option<ServerKind>),
    /// Close the connection, and end.
    Stop,
}

/// The outcome of a watcher's last step.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Nobody was in a hurry: it has slept.
    Slept,
    /// Somebody is in a hurry.
    Urged,
    /// The node was met over the first connection, of which this is known; or could not be, and no connection is open.
    Met(Result<Box<Known>, Box<Error>>),
    /// A connection is open, of which this is known.
    Opened(Box<Known>),
    /// The server answered.
    Observed(Observation),
    /// The server answered what holds it up, if anything does.
    Diagnosed(Option<String>),
    /// It failed, for this reason: close the connection.
    Failed(String),
}

impl Outcome {
    /// Returns what came of [`Next::Observe`]; a standby has no position before it has replayed anything.
    pub(crate) fn of(observation: Option<Observation>) -> Self {
        observation.map_or_else(|| Self::Failed(NO_POSITION.to_owned()), Self::Observed)
    }
}

/// The time between two attempts to meet another server by opening a connection anew, where one was met that must not be
/// used, or another than callers meet. Chosen: a name moves seldom.
const REOPEN_AFTER: Duration = Duration::from_secs(1);

/// Watches one node.
#[derive(Debug)]
pub(crate) struct Watcher {
    shared: Arc<Shared>,
    node: usize,
    interval: Duration,
    /// The time that an answer may take.
    pub(crate) limit: Duration,
    /// What is known of the connection.
    known: Known,
    is_open: bool,
    /// Set once the node was met.
    is_met: bool,
    /// Where its first answer is awaited; `None` afterwards.
    arrivals: Option<Arc<Arrivals>>,
    /// The question that is under way: when it was sent, by the router's clock and by the system's.
    asked: Option<(Instant, Instant)>,
    /// The instant of the last question why it is behind.
    diagnosed: Option<Instant>,
    /// The role that it had last.
    role: Option<NodeRole>,
    hurry: Hurry,
}

impl Watcher {
    /// A watcher of a node that nothing is known of; its first answer is awaited by `arrivals`.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        settings: &Settings,
        node: usize,
        arrivals: &Arc<Arrivals>,
    ) -> Self {
        Self {
            shared: Arc::clone(shared),
            node,
            interval: settings.watch_interval,
            limit: settings.watch_timeout,
            known: Known::unknown(Instant::now()),
            is_open: false,
            is_met: false,
            arrivals: Some(Arc::clone(arrivals)),
            asked: None,
            diagnosed: None,
            role: None,
            hurry: Hurry::new(settings.urgent_questions),
        }
    }

    /// Returns the facts about the server.
    pub(crate) fn facts(&self) -> &ServerFacts {
        &self.known.facts
    }

    /// Returns a name for a thread of its own.
    pub(crate) fn thread(&self) -> String {
        format!("diesel-routing-watch-{}", self.node)
    }

    /// Returns what to call if the watcher cannot be started.
    pub(crate) fn unwatched(&self) -> impl FnOnce(&std::io::Error) + use<> {
        let (shared, node) = (Arc::clone(&self.shared), self.node);
        let (arrivals, since) = (self.arrivals.clone(), Instant::now());
        move |error| {
            tracing::error!(%error, node = shared.name(node), "a node cannot be watched");
            let why = format!("it cannot be watched: {error}");
            if shared.is_watched() {
                shared.record_failure(node, &why);
            }
            if let Some(arrivals) = arrivals {
                let name = shared.name(node).to_owned();
                arrivals.record(node, Err(Error::checkout(name, Step::Connect, since, why)));
            }
        }
    }

    /// Returns the words for a node that did not answer within the limit.
    pub(crate) fn too_slow(&self) -> String {
        format!("it did not answer within {:?}", self.limit)
    }

    /// Asks the node at once: returns the step that does.
    pub(crate) fn ask(&mut self, now: Instant) -> Next {
        self.shared.signals.asking(self.node, now);
        self.asked = Some((self.shared.now(), now));
        if !self.is_met {
            let at_once = self.arrivals.is_some();
            Next::Meet { at_once }
        } else if self.is_open && !self.is_to_be_reopened(now) {
            Next::Observe
        } else {
            Next::Open
        }
    }

    /// Returns whether the name may lead to another server by now, which is to be watched instead: its role changed, it
    /// must not be used or is the primary by a replica's name, or callers have met another.
    fn is_to_be_reopened(&mut self, now: Instant) -> bool {
        let is_due = now.saturating_duration_since(self.known.opened) >= REOPEN_AFTER;
        let is_wanted = self.shared.signals.take_reopen(self.node) && is_due;
        let has_changed = self.role.is_some() && self.role != self.known.role;
        let shared = &self.shared;
        let has_better = || shared.is_excluded(self.node) || shared.leads_to_primary(self.node);
        is_wanted || has_changed || is_due && has_better()
    }

    /// Returns how long an answer may take before callers go elsewhere.
    pub(crate) fn patience(&self) -> Duration {
        self.shared.node_share
    }

    /// Wakes callers who wait for a node that has not answered for so long.
    pub(crate) fn lose_patience(&self) {
        self.shared.signals.answered();
    }

    /// Returns what to do next, given what came of the last step; `now` is the system's clock.
    pub(crate) fn next(&mut self, outcome: Outcome, now: Instant) -> Next {
        if matches!(
            outcome,
            Outcome::Met(_) | Outcome::Observed(_) | Outcome::Failed(_)
        ) {
            self.shared.signals.heard(self.node);
        }
        match outcome {
            Outcome::Slept => {
                if !matches!(self.shared.signals.urgency(self.node), Urgency::Later(_)) {
                    self.hurry.spend(now);
                }
                return self.ask(now);
            }
            Outcome::Urged => {}
            Outcome::Met(Ok(known)) => {
                self.is_met = true;
                self.shared.meets(&known.facts);
                let said = known.said.clone();
                self.opened(*known);
                if !self.shared.is_watched() {
                    self.arrive(None);
                    return Next::Stop;
                }
                let Some(said) = said else {
                    return Next::Observe;
                };
                self.record(said.observation, now);
                self.arrive(None);
            }
            Outcome::Met(Err(error)) => {
                let is_watched = self.shared.is_watched();
                if is_watched {
                    self.fail(&error_chain(&*error));
                }
                self.arrive(Some(*error));
                if !is_watched {
                    return Next::Stop;
                }
            }
            Outcome::Opened(known) => {
                self.opened(*known);
                return Next::Observe;
            }
            Outcome::Observed(observation) => {
                // At first, it is what it was when the connection was opened.
                self.role = self.known.role.replace(observation.role);
                self.record(observation, now);
                self.arrive(None);
                if self.is_diagnosis_due(now) {
                    self.diagnosed = Some(now);
                    return Next::Diagnose(self.known.facts.kind);
                }
            }
            Outcome::Diagnosed(why) => self.shared.record_diagnosis(self.node, why),
            Outcome::Failed(why) => {
                self.is_open = false;
                self.fail(&why);
                // It was met.
                self.arrive(None);
            }
        }
        self.sleep(now)
    }

    fn opened(&mut self, known: Known) {
        self.is_open = true;
        self.role = known.role;
        self.known = known;
        self.diagnosed = None;
    }

    /// Says that the node was met, or why it could not be, if that is awaited.
    fn arrive(&mut self, failure: Option<Error>) {
        if let Some(arrivals) = self.arrivals.take() {
            let arrival = failure.map_or_else(|| Ok(self.known.clone()), Err);
            arrivals.record(self.node, arrival);
        }
    }

    fn record(&mut self, observation: Observation, now: Instant) {
        let (asked, sent) = self.asked.take().unwrap_or((self.shared.now(), now));
        let question = Question {
            asked,
            sent,
            server: self.known.server,
            opened: self.known.opened,
        };
        self.shared
            .record_observation(self.node, question, observation);
    }

    fn fail(&mut self, why: &str) {
        // A diagnosis that fails says nothing of the node: the next question will.
        if self.asked.take().is_some() {
            let node = self.shared.name(self.node);
            tracing::debug!(node, why, "a node gave no answer");
            self.shared.record_failure(self.node, why);
        }
    }

    /// Waits until the node is to be asked again: when somebody wants to know, else after the interval.
    fn sleep(&mut self, now: Instant) -> Next {
        let shared = &self.shared;
        if shared.signals.is_stopped() {
            return Next::Stop;
        }
        let (limit, urgent) = match shared.signals.urgency(self.node) {
            Urgency::Now(urgent) => match self.hurry.delay(now) {
                Duration::ZERO => {
                    self.hurry.spend(now);
                    return self.ask(now);
                }
                delay => (delay.min(self.interval), urgent),
            },
            Urgency::Soon(urgent) => {
                let soon = Shared::soon(self.interval).max(self.hurry.delay(now));
                (soon.min(self.interval), urgent)
            }
            Urgency::Later(urgent) => (shared.pace(self.interval, now), urgent),
        };
        let limit = Shared::jittered(limit);
        Next::Sleep { urgent, limit }
    }

    /// Returns whether a replica that is behind is to be asked why: each once to begin with, then now and then.
    fn is_diagnosis_due(&self, now: Instant) -> bool {
        let is_due = self.diagnosed.is_none_or(|last| {
            now.saturating_duration_since(last) >= Shared::DIAGNOSE_AFTER
                && self.shared.is_held_up(self.node)
        });
        is_due && !self.shared.is_primary(self.node) && !self.shared.is_starting()
    }
}
