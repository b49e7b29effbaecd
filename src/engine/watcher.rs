//! One node's watcher, as a machine without I/O: it says what to do next, and is given what came of it.

mod asides;

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::EventListener;

use self::asides::Asides;
use super::answers::Answers;
use super::hurry::Hurry;
use super::shared::too_slow;
use super::{Arrivals, Asker, Known, Settings, Shared};
use crate::cluster::{Diagnosis, Member, NO_POSITION, Observation, Question, ServerFacts, Urgency};
use crate::error::{Error, Step, error_chain};
use crate::observe::Event;
use crate::server::NodeRole;

/// The next step of a watcher.
#[derive(Debug)]
pub(crate) enum Next {
    /// Wait until `urgent` is notified, but not longer than `limit`.
    Sleep {
        urgent: EventListener,
        limit: Duration,
        /// Set if the connection is to be closed first: others ask.
        close: bool,
    },
    /// Open the first connection, and learn whether the node can be used at all.
    Meet,
    /// Open a connection, in place of the present one if there is one.
    Open,
    /// Ask the server, over the open connection, for its role and position.
    Observe,
    /// Ask the server, over the open connection, what holds its replication up, and where it replicates from.
    Diagnose,
    /// Call the function that tells how far the node lags.
    TellLag,
    /// Ask the server, over the open connection, which share of its connections is in use.
    AskLoad,
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
    /// The server answered what it knows of its replication.
    Diagnosed(Diagnosis),
    /// The function told how far the node lags, or why it did not.
    LagTold(Result<Duration, String>),
    /// The server answered which share of its connections is in use, if it may tell.
    LoadTold(Option<f64>),
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

/// The time without a question of its own after which a watcher closes its connection: what stands between may have cut off
/// one that was silent for longer. Chosen.
const CLOSE_AFTER: Duration = Duration::from_secs(10);

/// The time after which a replica that is well is asked once more where it replicates from. Chosen: that changes seldom.
const REPOINTED_AFTER: Duration = Duration::from_secs(30);

/// The state of a watcher's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Open,
    /// Closed while other watchers ask.
    Resting,
    /// It failed.
    Lost,
}

/// Watches one node.
#[derive(Debug)]
pub(crate) struct Watcher {
    shared: Arc<Shared>,
    node: usize,
    member: Arc<Member>,
    interval: Duration,
    /// The time that an answer may take.
    pub(crate) limit: Duration,
    /// The facts that are known of the connection, or of the last one.
    known: Known,
    link: Link,
    /// Set once the node was met.
    is_met: bool,
    /// The arrivals that await its first answer, and its place there; `None` afterwards.
    arrivals: Option<(Arc<Arrivals>, usize)>,
    /// The answers that the server gave other watchers; `None` if each has to ask.
    answers: Option<Arc<Answers>>,
    /// Set if answers are shared at all.
    shares: bool,
    /// The time of the last question whose answer was recorded, and of the last over the own connection.
    heard: Instant,
    used: Instant,
    /// Set once it has waited for another watcher's question, since it heard an answer.
    has_waited: bool,
    /// The question that is under way: when it was sent, by the router's clock and by the system's.
    asked: Option<(Instant, Instant)>,
    /// The instant of the question that is under way, if it is sent over a connection that was open.
    sent: Option<Instant>,
    /// The instant of the last question why it is behind.
    diagnosed: Option<Instant>,
    /// The role that it had last.
    role: Option<NodeRole>,
    hurry: Hurry,
    asides: Asides,
}

impl Watcher {
    /// Makes a watcher of the node in this slot, of which nothing is known; its first answer is awaited by `arrivals`, in
    /// this place.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        settings: &Settings,
        (node, member): (usize, &Arc<Member>),
        (arrivals, place): (&Arc<Arrivals>, usize),
    ) -> Self {
        let now = Instant::now();
        let known = Known::unknown(now);
        Self {
            answers: None,
            shares: settings.has_system_clock,
            heard: now,
            used: now,
            has_waited: false,
            shared: Arc::clone(shared),
            node,
            member: Arc::clone(member),
            interval: settings.watch_interval,
            limit: settings.watch_timeout,
            known,
            link: Link::Lost,
            is_met: false,
            arrivals: Some((Arc::clone(arrivals), place)),
            asked: None,
            sent: None,
            diagnosed: None,
            role: None,
            hurry: Hurry::new(settings.urgent_questions),
            asides: Asides::new(settings),
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
        let name = self.member.name.clone();
        let (arrivals, since) = (self.arrivals.clone(), Instant::now());
        move |error| {
            Event::NodeUnwatched {
                node: &name,
                why: &error.to_string(),
            }
            .emit();
            let why = format!("it cannot be watched: {error}");
            if shared.is_watched() {
                shared.record_failure(node, &why);
            }
            if let Some((arrivals, place)) = arrivals {
                arrivals.record(place, Err(Error::checkout(name, Step::Connect, since, why)));
            }
        }
    }

    /// Returns the words for a node that did not answer within the limit.
    pub(crate) fn too_slow(&self) -> String {
        too_slow(self.limit)
    }

    /// Asks the node at once: returns the step that does.
    pub(crate) fn ask(&mut self, now: Instant) -> Next {
        let is_moved = self.is_to_be_reopened(now);
        self.ask_by(is_moved, now)
    }

    /// Asks the node, over a new connection if the name may lead to another server by now, or if there is none.
    fn ask_by(&mut self, is_moved: bool, now: Instant) -> Next {
        self.shared.signals.asking(self.node, now);
        self.shared.counts.asked(self.node, Asker::Watcher);
        self.asked = Some((self.shared.now(), now));
        self.used = now;
        self.sent = None;
        if !self.is_met {
            Next::Meet
        } else if is_moved || self.link != Link::Open {
            Next::Open
        } else {
            self.sent = Some(now);
            Next::Observe
        }
    }

    /// Asks the node, as it is time to, unless its server has told another watcher of this process since it was asked last.
    fn ask_or_hear(&mut self, now: Instant) -> Next {
        let is_moved = self.is_to_be_reopened(now);
        let may_hear = !is_moved && self.link != Link::Lost;
        let Some(answers) = self.answers.as_ref().filter(|_| may_hear) else {
            return self.ask_by(is_moved, now);
        };
        if let Some((question, said)) = answers.since(self.heard) {
            self.record(question, said);
            return self.diagnose(now).unwrap_or_else(|| self.sleep(now));
        }
        if answers.may_ask(now, self.shared.node_share) || self.has_waited {
            return self.ask_by(is_moved, now);
        }
        // Once: should the server hang, each is to know that soon.
        self.has_waited = true;
        self.sleep(now)
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
            Outcome::Slept | Outcome::Urged if !self.shared.is_watched() => return self.ask_lag(),
            Outcome::LagTold(lag) => {
                self.lag_told(lag);
                return self.unwatched_next();
            }
            Outcome::LoadTold(share) => self.load_told(share, now),
            Outcome::Slept => {
                if self.member.has_left() {
                    return self.stop(now);
                }
                if matches!(self.shared.signals.urgency(self.node), Urgency::Later(_)) {
                    return self.ask_or_hear(now);
                }
                self.hurry.spend(now);
                return self.ask(now);
            }
            Outcome::Urged => {}
            Outcome::Met(Ok(known)) => {
                self.is_met = true;
                self.shared.meets(&self.member, &known.facts);
                let said = known.said.clone();
                self.opened(*known);
                if !self.shared.is_watched() {
                    self.arrive(None);
                    return self.unwatched_next();
                }
                let Some(said) = said else {
                    return Next::Observe;
                };
                self.tell(said.observation, now);
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
                if let Some(sent) = self.sent.take() {
                    let time = now.saturating_duration_since(sent);
                    self.shared.answered_in(self.node, time, now);
                }
                self.tell(observation, now);
                self.arrive(None);
                if let Some(next) = self.diagnose(now).or_else(|| self.load_due(now)) {
                    return next;
                }
            }
            Outcome::Diagnosed(diagnosis) => {
                if let Some(answers) = &self.answers {
                    answers.tell_diagnosis(now, diagnosis.clone());
                }
                self.shared.record_diagnosis(self.node, diagnosis);
            }
            Outcome::Failed(why) => {
                self.link = Link::Lost;
                self.fail(&why);
                // It was met.
                self.arrive(None);
            }
        }
        self.sleep(now)
    }

    fn opened(&mut self, known: Known) {
        self.link = Link::Open;
        self.role = known.role;
        self.known = known;
        self.answers = Answers::of(&self.known.facts).filter(|_| self.shares);
        self.diagnosed = None;
    }

    /// Says that the node was met, or why it could not be, if that is awaited.
    fn arrive(&mut self, failure: Option<Error>) {
        if let Some((arrivals, place)) = self.arrivals.take() {
            let arrival = failure.map_or_else(|| Ok(self.known.clone()), Err);
            arrivals.record(place, arrival);
        }
    }

    /// Records what the server said over the own connection, and tells other watchers.
    fn tell(&mut self, said: Observation, now: Instant) {
        let (asked, sent) = self.asked.take().unwrap_or((self.shared.now(), now));
        let question = Question {
            asked,
            sent,
            server: self.known.server,
            opened: self.known.opened,
        };
        if let Some(answers) = &self.answers {
            answers.tell(question, &said);
        }
        self.record(question, said);
    }

    fn record(&mut self, question: Question, said: Observation) {
        // At first, it is what it was when the connection was opened.
        self.role = self.known.role.replace(said.role);
        self.heard = question.sent;
        self.has_waited = false;
        self.shared.record_observation(self.node, question, said);
    }

    /// Returns the step that asks a replica which is behind why it is, if that is due.
    fn diagnose(&mut self, now: Instant) -> Option<Next> {
        if !self.is_diagnosis_due(now) {
            return None;
        }
        let known = self.diagnosed.unwrap_or(self.known.opened);
        let told = self
            .answers
            .as_ref()
            .and_then(|answers| answers.diagnosis_since(known));
        if let Some((asked, diagnosis)) = told {
            self.diagnosed = Some(asked);
            self.shared.record_diagnosis(self.node, diagnosis);
            return None;
        }
        self.diagnosed = Some(now);
        (self.link == Link::Open).then_some(Next::Diagnose)
    }

    fn fail(&mut self, why: &str) {
        // A diagnosis that fails says nothing of the node: the next question will.
        if self.asked.take().is_some() {
            self.shared.record_failure(self.node, why);
        }
    }

    /// Waits until the node is to be asked again: when somebody wants to know, else after the interval.
    fn sleep(&mut self, now: Instant) -> Next {
        let shared = Arc::clone(&self.shared);
        // Listen before looking: a removal in between counts.
        let urgency = shared.signals.urgency(self.node);
        if shared.signals.is_stopped() || self.member.has_left() {
            return self.stop(now);
        }
        let (limit, urgent) = match urgency {
            Urgency::Now(urgent) => match self.hurry.delay(now) {
                Duration::ZERO => {
                    self.hurry.spend(now);
                    return self.ask(now);
                }
                delay => (Shared::jittered(delay.min(self.interval)), urgent),
            },
            Urgency::Soon(urgent) => {
                let soon = Shared::soon(self.interval).max(self.hurry.delay(now));
                (Shared::jittered(soon.min(self.interval)), urgent)
            }
            Urgency::Later(urgent) => {
                // Counted from the question whose answer was heard: another watcher may have asked it a while ago.
                let passed = now.saturating_duration_since(self.heard);
                let pace = Shared::jittered(shared.pace(self.interval, now));
                let limit = match self.link {
                    Link::Lost => pace,
                    Link::Open => pace.saturating_sub(passed).max(pace / 4),
                    // Later than any with a connection: to ask, it would have to open one.
                    Link::Resting => (pace * 5 / 4).saturating_sub(passed).max(pace / 4),
                };
                (limit, urgent)
            }
        };
        let close = self.rests(now);
        Next::Sleep {
            urgent,
            limit,
            close,
        }
    }

    /// Ends; whoever awaits its first answer learns that there will be none.
    fn stop(&mut self, now: Instant) -> Next {
        if self.arrivals.is_some() {
            let removed = Error::removed(&self.member.name, now);
            self.arrive(Some(removed));
        }
        Next::Stop
    }

    /// Returns whether the connection is to be closed, as others ask; it is opened again to ask over it.
    fn rests(&mut self, now: Instant) -> bool {
        let has_rest =
            self.link == Link::Open && now.saturating_duration_since(self.used) >= CLOSE_AFTER;
        if has_rest {
            self.link = Link::Resting;
        }
        has_rest
    }

    /// Returns whether a replica is to be asked for its replication: each once to begin with, one that is behind more often
    /// than others.
    fn is_diagnosis_due(&self, now: Instant) -> bool {
        let is_due = self.diagnosed.is_none_or(|last| {
            let passed = now.saturating_duration_since(last);
            passed >= REPOINTED_AFTER
                || passed >= Shared::DIAGNOSE_AFTER && self.shared.is_held_up(self.node)
        });
        is_due && !self.shared.is_primary(self.node) && !self.shared.is_starting()
    }
}
