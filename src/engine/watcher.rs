//! One node's watcher, as a machine without I/O: it says what to do next, and is given what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::EventListener;

use super::{Settings, Shared};
use crate::cluster::{NO_POSITION, Observation, Question, Urgency};
use crate::position::ServerKind;

/// The next step of a watcher.
#[derive(Debug)]
pub(crate) enum Next {
    /// Wait until `urgent` is notified, but not longer than `limit`.
    Sleep {
        urgent: EventListener,
        limit: Duration,
    },
    /// Open a connection, and ask the server what kind it is.
    Open,
    /// Ask the server, over the open connection, for its role and position.
    Observe(Option<ServerKind>),
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
    /// A connection is open, to a server of this kind.
    Opened(Option<ServerKind>),
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

/// Watches one node.
#[derive(Debug)]
pub(crate) struct Watcher {
    shared: Arc<Shared>,
    node: usize,
    interval: Duration,
    /// The time that an answer may take.
    pub(crate) limit: Duration,
    kind: Option<ServerKind>,
    is_open: bool,
    /// The number of connections opened so far.
    run: u64,
    /// The question that is under way: when it was sent, by the router's clock and by the system's.
    asked: Option<(Instant, Instant)>,
    /// The instant of the last question why it is behind.
    diagnosed: Option<Instant>,
}

impl Watcher {
    /// A watcher over a connection that is open already.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        settings: &Settings,
        node: usize,
        kind: Option<ServerKind>,
    ) -> Self {
        Self {
            shared: Arc::clone(shared),
            node,
            interval: settings.watch_interval,
            limit: settings.watch_timeout,
            kind,
            is_open: true,
            run: 1,
            asked: None,
            diagnosed: None,
        }
    }

    /// Returns a name for a thread of its own.
    pub(crate) fn thread(&self) -> String {
        format!("diesel-routing-watch-{}", self.node)
    }

    /// Returns what to call if the watcher cannot be started.
    pub(crate) fn unwatched(&self) -> impl FnOnce(&std::io::Error) + use<> {
        let (shared, node) = (Arc::clone(&self.shared), self.node);
        move |error| {
            tracing::error!(%error, node = shared.name(node), "a node cannot be watched");
            shared.record_failure(node, &format!("it cannot be watched: {error}"));
        }
    }

    /// Returns the words for a node that did not answer within the limit.
    pub(crate) fn too_slow(&self) -> String {
        format!("it did not answer within {:?}", self.limit)
    }

    /// Asks the node at once: returns the step that does.
    pub(crate) fn ask(&mut self, now: Instant) -> Next {
        self.shared.signals.asking(self.node);
        self.asked = Some((self.shared.now(), now));
        if self.is_open {
            Next::Observe(self.kind)
        } else {
            Next::Open
        }
    }

    /// Returns what to do next, given what came of the last step; `now` is the system's clock.
    pub(crate) fn next(&mut self, outcome: Outcome, now: Instant) -> Next {
        match outcome {
            Outcome::Slept => return self.ask(now),
            Outcome::Urged => {}
            Outcome::Opened(kind) => {
                self.is_open = true;
                self.kind = kind;
                self.run += 1;
                self.diagnosed = None;
                return Next::Observe(kind);
            }
            Outcome::Observed(observation) => {
                self.record(observation, now);
                if self.is_diagnosis_due(now) {
                    self.diagnosed = Some(now);
                    return Next::Diagnose(self.kind);
                }
            }
            Outcome::Diagnosed(why) => self.shared.record_diagnosis(self.node, why),
            Outcome::Failed(why) => {
                self.is_open = false;
                self.fail(&why);
            }
        }
        self.sleep(now)
    }

    fn record(&mut self, observation: Observation, now: Instant) {
        let (asked, sent) = self.asked.take().unwrap_or((self.shared.now(), now));
        let question = Question {
            asked,
            sent,
            run: self.run,
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
            Urgency::Now => return self.ask(now),
            Urgency::Soon(urgent) => (Shared::soon(self.interval), urgent),
            Urgency::Later(urgent) => (shared.pace(self.node, self.interval), urgent),
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
        is_due && !self.shared.is_primary(self.node)
    }
}
