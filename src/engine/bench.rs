//! Exposes what routers cost with many nodes, and many routers, to the project's own benches.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel_routing_sql::Dialect;
use event_listener::{EventListener, Listener};

use super::watcher::{Next, Outcome, Watcher};
use super::{Arrivals, Known, Server, Settings, Shared};
use crate::cluster::{Diagnosis, Node, Observation, Question, ServerId, Urgency};
use crate::position::{Lsn, PgPosition};
use crate::random;
use crate::server::NodeRole;
use crate::session::{Clock, SessionState};

const SERVER: Server = Server {
    dialect: Dialect::Postgres,
    watched: true,
    demoted_in_place: false,
};

/// A router's state whose snapshot, which decisions read, is replaced as watchers do it with an answer.
#[derive(Debug)]
pub struct Publisher {
    shared: Shared,
    start: Instant,
    lsn: u64,
}

impl Publisher {
    /// Creates a router's state of a primary and `nodes - 1` replicas, each of which has answered.
    #[must_use]
    pub fn new(nodes: usize) -> Self {
        let mut publisher = Self {
            shared: Shared::new(&Settings::default(), &named(nodes), SERVER),
            start: Instant::now(),
            lsn: 0,
        };
        for node in 0..nodes {
            publisher.publish(node);
        }
        publisher
    }

    /// Records an answer of a node, which makes a new snapshot.
    pub fn publish(&mut self, node: usize) {
        self.lsn += 1;
        let asked = self.start + Duration::from_micros(self.lsn);
        let question = question(node, asked, self.start);
        let said = said(node, self.lsn);
        self.shared.record_observation(node, question, said);
    }
}

/// A service of many instances, each with a router of its own for the same nodes. Their watchers are the real ones; time,
/// servers and the network are simulated.
#[derive(Debug, Clone, Copy)]
pub struct Fleet {
    /// Number of instances.
    pub instances: usize,
    /// Number of replicas; there is a primary too.
    pub replicas: usize,
    /// The routers' watch interval.
    pub watch_interval: Duration,
    /// The routers' questions out of turn, a second.
    pub urgent_questions: u32,
    /// Checkouts of an instance, a second.
    pub checkouts: f64,
    /// Commits of an instance, a second.
    pub commits: f64,
}

/// The questions that reach a server each second.
#[derive(Debug, Clone, Copy, Default)]
pub struct Questions {
    /// The mean of those that reach the primary.
    pub primary: f64,
    /// The mean of those that reach a replica.
    pub replica: f64,
    /// The most that reached any server in any second.
    pub most: u32,
}

/// The time that an answer takes.
const ANSWER: Duration = Duration::from_micros(500);

/// The event that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A watcher has slept, if it sleeps for the same time still.
    Wake {
        instance: usize,
        node: usize,
        sleep: u64,
    },
    Answer {
        instance: usize,
        node: usize,
    },
    Checkout {
        instance: usize,
    },
    Commit {
        instance: usize,
    },
}

/// A clock that the simulation sets.
#[derive(Debug)]
struct Paused {
    start: Instant,
    nanos: AtomicU64,
}

impl Paused {
    fn set(&self, now: Duration) {
        let nanos = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.store(nanos, Ordering::Relaxed);
    }
}

impl Clock for Paused {
    fn now(&self) -> Instant {
        self.start + Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }
}

#[derive(Debug)]
struct Instance {
    shared: Arc<Shared>,
    session: SessionState,
    watchers: Vec<Watched>,
}

#[derive(Debug)]
struct Watched {
    watcher: Watcher,
    /// The outcome that the step under way will have had.
    outcome: Option<Outcome>,
    /// The listener that wakes it, if it sleeps, and the number of its sleep.
    urgent: Option<EventListener>,
    sleep: u64,
}

impl Fleet {
    /// Runs the service for so long, and returns the questions of the second half.
    #[must_use]
    pub fn run(self, time: Duration) -> Questions {
        Simulation::new(self).run(time)
    }
}

struct Simulation {
    fleet: Fleet,
    clock: Arc<Paused>,
    start: Instant,
    now: Duration,
    instances: Vec<Instance>,
    events: BinaryHeap<Reverse<(Duration, Event)>>,
    /// By node, and by second.
    asked: Vec<Vec<u32>>,
    lsn: u64,
}

impl Simulation {
    fn new(fleet: Fleet) -> Self {
        let nodes = named(fleet.replicas + 1);
        let arrivals = Arc::new(Arrivals::new(nodes.len()));
        let clock = Arc::new(Paused {
            start: Instant::now(),
            nanos: AtomicU64::new(0),
        });
        let settings = Settings {
            watch_interval: fleet.watch_interval,
            urgent_questions: fleet.urgent_questions,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            // Each is a process of its own.
            has_system_clock: false,
            ..Settings::default()
        };
        let instance = |_| {
            let shared = Arc::new(Shared::new(&settings, &nodes, SERVER));
            let members = shared.members();
            let watchers = members.iter().map(|(slot, member)| Watched {
                watcher: Watcher::new(&shared, &settings, (slot, member), (&arrivals, slot)),
                outcome: None,
                urgent: None,
                sleep: 0,
            });
            Instance {
                watchers: watchers.collect(),
                session: SessionState::default(),
                shared,
            }
        };
        let instances: Vec<_> = (0..fleet.instances).map(instance).collect();
        Self {
            asked: vec![Vec::new(); nodes.len()],
            // After the routers' own beginning.
            start: Instant::now(),
            now: Duration::ZERO,
            events: BinaryHeap::new(),
            lsn: 1,
            instances,
            clock,
            fleet,
        }
    }

    fn run(mut self, time: Duration) -> Questions {
        for instance in 0..self.instances.len() {
            // Instances start within a second.
            let at = Duration::from_micros(random::within(0..=999_999).into());
            for node in 0..=self.fleet.replicas {
                let first = Event::Wake {
                    instance,
                    node,
                    sleep: 0,
                };
                self.at(at, first);
            }
            self.again(at, self.fleet.checkouts, Event::Checkout { instance });
            self.again(at, self.fleet.commits, Event::Commit { instance });
        }
        while let Some(Reverse((at, event))) = self.events.pop() {
            if at >= time {
                break;
            }
            self.now = at;
            self.clock.set(at);
            self.happens(event);
        }
        self.questions(time)
    }

    fn happens(&mut self, event: Event) {
        let now = self.start + self.now;
        match event {
            Event::Wake {
                instance,
                node,
                sleep,
            } => {
                let watched = &self.instances[instance].watchers[node];
                if watched.sleep == sleep && watched.outcome.is_none() {
                    self.step(instance, node, Outcome::Slept);
                }
            }
            Event::Answer { instance, node } => {
                if let Some(outcome) = self.instances[instance].watchers[node].outcome.take() {
                    self.step(instance, node, outcome);
                }
            }
            Event::Checkout { instance } => {
                self.instances[instance].shared.signals.used(now);
                self.wake(instance);
                self.again(self.now, self.fleet.checkouts, event);
            }
            Event::Commit { instance } => {
                let Instance {
                    shared, session, ..
                } = &self.instances[instance];
                shared.signals.used(now);
                shared.committed(session);
                self.wake(instance);
                self.again(self.now, self.fleet.commits, event);
            }
        }
    }

    /// Wakes the watchers that are to ask sooner.
    fn wake(&mut self, instance: usize) {
        for node in 0..self.instances[instance].watchers.len() {
            let urgent = self.instances[instance].watchers[node].urgent.take();
            let Some(urgent) = urgent else { continue };
            // It returns the listener only by being notified or not.
            if urgent.wait_timeout(Duration::ZERO).is_some() {
                self.step(instance, node, Outcome::Urged);
            } else {
                let signals = &self.instances[instance].shared.signals;
                let (Urgency::Now(urgent) | Urgency::Soon(urgent) | Urgency::Later(urgent)) =
                    signals.urgency(node);
                self.instances[instance].watchers[node].urgent = Some(urgent);
            }
        }
    }

    /// Tells a watcher what came of its last step, and begins the next.
    fn step(&mut self, instance: usize, node: usize, outcome: Outcome) {
        let now = self.start + self.now;
        let watched = &mut self.instances[instance].watchers[node];
        let next = watched.watcher.next(outcome, now);
        watched.urgent = None;
        watched.sleep += 1;
        let outcome = match next {
            Next::Sleep { urgent, limit, .. } => {
                watched.urgent = Some(urgent);
                let sleep = watched.sleep;
                let wakes = Event::Wake {
                    instance,
                    node,
                    sleep,
                };
                return self.at(self.now + limit, wakes);
            }
            Next::Meet => Outcome::Met(Ok(Box::new(known(node, now)))),
            Next::Open => Outcome::Opened(Box::new(known(node, now))),
            Next::Observe => {
                self.lsn += 1;
                Outcome::Observed(said(node, self.lsn))
            }
            Next::Diagnose => Outcome::Diagnosed(Diagnosis::default()),
            Next::AskLoad => Outcome::LoadTold(None),
            Next::TellLag | Next::Stop => return,
        };
        watched.outcome = Some(outcome);
        let second = usize::try_from(self.now.as_secs()).unwrap_or(usize::MAX);
        let asked = &mut self.asked[node];
        asked.resize(asked.len().max(second + 1), 0);
        asked[second] += 1;
        self.at(self.now + ANSWER, Event::Answer { instance, node });
    }

    fn at(&mut self, at: Duration, event: Event) {
        self.events.push(Reverse((at, event)));
    }

    /// Lets it happen again, after an exponentially distributed time.
    fn again(&mut self, from: Duration, rate: f64, event: Event) {
        if rate > 0.0 {
            let uniform = f64::from(random::within(1..=u32::MAX)) / f64::from(u32::MAX);
            let wait = Duration::from_secs_f64(-uniform.ln() / rate);
            self.at(from + wait, event);
        }
    }

    fn questions(&self, time: Duration) -> Questions {
        let seconds = usize::try_from(time.as_secs()).unwrap_or(usize::MAX);
        let half = seconds / 2;
        let counted = |node: &Vec<u32>| {
            let all = node.iter().copied().chain(std::iter::repeat(0));
            all.take(seconds).skip(half).collect::<Vec<_>>()
        };
        let asked: Vec<_> = self.asked.iter().map(counted).collect();
        let mean = |nodes: &[Vec<u32>]| {
            let all: u32 = nodes.iter().flatten().sum();
            f64::from(all) / (nodes.len() * (seconds - half)) as f64
        };
        let (primary, replicas) = asked.split_at(1);
        Questions {
            primary: mean(primary),
            replica: mean(replicas),
            most: asked.iter().flatten().copied().max().unwrap_or(0),
        }
    }
}

/// Returns so many nodes, the first of which is the primary.
fn named(nodes: usize) -> Vec<Node> {
    let node = |index| Node::new(format!("node-{index}"), "postgres://localhost");
    (0..nodes).map(node).collect()
}

fn known(node: usize, now: Instant) -> Known {
    Known {
        server: Some(server(node)),
        role: Some(said(node, 1).role),
        ..Known::unknown(now)
    }
}

fn question(node: usize, asked: Instant, opened: Instant) -> Question {
    Question {
        asked,
        sent: asked,
        server: Some(server(node)),
        opened,
    }
}

fn server(node: usize) -> ServerId {
    ServerId::numbered(node as u64 + 1)
}

fn said(node: usize, lsn: u64) -> Observation {
    let role = if node == 0 {
        NodeRole::TakesWrites
    } else {
        NodeRole::ReplaysWrites
    };
    Observation::new(role, PgPosition::new(1, 1, Lsn(lsn)).into())
}
