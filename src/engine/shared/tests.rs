//! A model of a cluster, and routers that know only what its nodes tell them, late and out of date:
//! whatever happens, no session misses what it wrote or saw.

use std::sync::Mutex;
use std::time::SystemTime;

use proptest::prelude::*;

use super::*;
use crate::position::{Lsn, PgPosition};
use crate::server::NodeRole;

/// Time that moves by steps, for all routers.
#[derive(Debug, Clone)]
struct Steps(Arc<Mutex<(Instant, SystemTime)>>);

impl Steps {
    fn pass(&self, by: Duration) {
        let mut present = self.0.lock().unwrap();
        present.0 += by;
        present.1 += by;
    }
}

impl Clock for Steps {
    fn now(&self) -> Instant {
        self.0.lock().unwrap().0
    }

    fn wall(&self) -> SystemTime {
        self.0.lock().unwrap().1
    }
}

const NODES: usize = 4;
const ROUTERS: usize = 2;
const SESSIONS: usize = 3;

/// A server: what it has of the log, and which run of it this is.
#[derive(Debug, Clone, Copy)]
struct Server {
    replayed: u64,
    run: u64,
}

/// A connection in a router's pool.
#[derive(Debug, Clone, Copy)]
struct Pooled {
    opened: Instant,
    run: u64,
}

/// A user's history, and what a correct database would have shown.
struct User {
    router: usize,
    session: Arc<SessionState>,
    /// Where the last write is in the log, and the newest state it has seen.
    wrote: u64,
    saw: u64,
}

/// A watcher's connection: the server's run that it belongs to, and its number.
#[derive(Debug, Clone, Copy, Default)]
struct Watcher {
    server: u64,
    number: u64,
}

struct Answer {
    router: usize,
    node: usize,
    question: Question,
    said: Observation,
}

struct World {
    clock: Steps,
    servers: [Server; NODES],
    routers: Vec<Shared>,
    users: Vec<User>,
    /// Answers under way.
    answers: Vec<Answer>,
    /// The connections of each router: its watchers', and one in each pool.
    watchers: [[Watcher; NODES]; ROUTERS],
    pools: [[Option<Pooled>; NODES]; ROUTERS],
    /// The system's clock: it goes on with every step.
    system: Instant,
    from_replicas: u32,
}

#[derive(Debug, Clone)]
enum Step {
    Write {
        user: usize,
    },
    Read {
        user: usize,
        restarts: Option<u64>,
    },
    /// Reads that overlap: one handle is out while another is got.
    TwoReads {
        user: usize,
    },
    OtherWrites,
    Replay {
        node: usize,
        by: u64,
    },
    Restart {
        node: usize,
        back_by: u64,
    },
    Ask {
        router: usize,
        node: usize,
    },
    Answer {
        which: prop::sample::Index,
    },
    Move {
        user: usize,
        to: usize,
    },
    Tick {
        millis: u64,
    },
}

impl World {
    fn new() -> Self {
        let clock = Steps(Arc::new(Mutex::new((Instant::now(), SystemTime::now()))));
        let settings = Settings {
            // What is not proved within the window is a failure here.
            window: Duration::from_secs(3600),
            clock: Arc::new(clock.clone()),
            keys: TokenKeys::new(1, [1; 32]).ok(),
            ..Settings::default()
        };
        let nodes: Vec<_> = (0..NODES)
            .map(|index| Node::new(format!("{index}"), format!("{index}")))
            .collect();
        let routers = (0..ROUTERS)
            .map(|_| Shared::new(&settings, &nodes, Sql::Postgres, true))
            .collect();
        let user = |index: usize| User {
            router: index % ROUTERS,
            session: Arc::default(),
            wrote: 0,
            saw: 0,
        };
        let mut world = Self {
            clock,
            servers: [Server {
                replayed: 10,
                run: 1,
            }; NODES],
            routers,
            users: (0..SESSIONS).map(user).collect(),
            answers: Vec::new(),
            watchers: Default::default(),
            pools: Default::default(),
            system: Instant::now(),
            from_replicas: 0,
        };
        for router in 0..ROUTERS {
            for node in 0..NODES {
                world.ask(router, node);
            }
        }
        while !world.answers.is_empty() {
            world.answer(0);
        }
        world
    }

    fn run(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.system += Duration::from_nanos(1);
        match *step {
            Step::Write { user } => self.write(user),
            Step::Read { user, restarts } => {
                let node = self.begin_read(user, restarts);
                self.look(user, node)?;
                self.end_read(user, node);
            }
            Step::TwoReads { user } => {
                let one = self.begin_read(user, None);
                let other = self.begin_read(user, None);
                self.look(user, one)?;
                self.end_read(user, one);
                // The second was got before the first one looked.
                self.end_read(user, other);
            }
            Step::OtherWrites => self.servers[0].replayed += 1,
            Step::Replay { node, by } => {
                let limit = self.servers[0].replayed;
                let server = &mut self.servers[node];
                server.replayed = (server.replayed + by).min(limit);
            }
            Step::Restart { node, back_by } => self.restart(node, back_by),
            Step::Ask { router, node } => self.ask(router, node),
            Step::Answer { which } => {
                if !self.answers.is_empty() {
                    self.answer(which.index(self.answers.len()));
                }
            }
            Step::Move { user, to } => self.hand_over(user, to)?,
            Step::Tick { millis } => self.clock.pass(Duration::from_millis(millis)),
        }
        Ok(())
    }

    fn write(&mut self, user: usize) {
        let User {
            router, session, ..
        } = &self.users[user];
        let shared = &self.routers[*router];
        shared.lent(0, Some(session));
        self.servers[0].replayed += 1;
        shared.committed(session);
        shared.returned(0, Some(session));
        let wrote = self.servers[0].replayed;
        self.users[user].wrote = wrote;
    }

    /// Checks a connection out, as routers do. If told so, the chosen replica restarts after it was chosen,
    /// goes back, and has said so by the time its connection is open.
    fn begin_read(&mut self, user: usize, restarts: Option<u64>) -> usize {
        let router = self.users[user].router;
        let session = Arc::clone(&self.users[user].session);
        let request = Request {
            level: Level::Session,
            access: Access::CaughtUp,
            session: Some(&session),
            wait: Duration::ZERO,
            avoid: None,
            max_lag: None,
            function: None,
        };
        let decision = self.routers[router].decide(&request);
        let restarts = restarts.filter(|_| decision.node != 0);
        if let Some(back_by) = restarts {
            self.restart(decision.node, back_by);
        }
        let run = self.servers[decision.node].run;
        let slot = &mut self.pools[router][decision.node];
        let opened = self.system;
        let conn = slot
            .filter(|conn| conn.run == run)
            .unwrap_or(Pooled { opened, run });
        *slot = Some(conn);
        if restarts.is_some() {
            self.system += Duration::from_nanos(1);
            self.answers.retain(|answer| answer.node != decision.node);
            self.ask(router, decision.node);
            self.answer(self.answers.len() - 1);
        }
        let shared = &self.routers[router];
        let node = if decision.holds_for(conn.opened) {
            decision.node
        } else {
            // It would ask again, and finds that nobody answers.
            shared.fall_back(&request).node
        };
        shared.lent(node, Some(&session));
        node
    }

    fn restart(&mut self, node: usize, back_by: u64) {
        let server = &mut self.servers[node];
        server.run += 1;
        server.replayed = server.replayed.saturating_sub(back_by);
    }

    fn look(&mut self, user: usize, node: usize) -> Result<(), TestCaseError> {
        let state = self.servers[node].replayed;
        let user = &mut self.users[user];
        prop_assert!(state >= user.wrote, "misses its write on node {node}");
        prop_assert!(state >= user.saw, "goes back on node {node}");
        user.saw = state;
        self.from_replicas += u32::from(node != 0);
        Ok(())
    }

    fn end_read(&self, user: usize, node: usize) {
        let User {
            router, session, ..
        } = &self.users[user];
        self.routers[*router].returned(node, Some(session));
    }

    fn ask(&mut self, router: usize, node: usize) {
        // One question to a node at a time, as a watcher asks.
        let waits = |answer: &Answer| (answer.router, answer.node) == (router, node);
        if self.answers.iter().any(waits) {
            return;
        }
        let Server { replayed, run } = self.servers[node];
        let watcher = &mut self.watchers[router][node];
        if watcher.server != run {
            *watcher = Watcher {
                server: run,
                number: watcher.number + 1,
            };
        }
        let role = if node == 0 {
            NodeRole::TakesWrites
        } else {
            NodeRole::ReplaysWrites
        };
        let position = Position::Postgres(PgPosition::new(7, 1, Lsn(replayed)));
        self.answers.push(Answer {
            router,
            node,
            question: Question {
                asked: self.clock.now(),
                sent: self.system,
                run: watcher.number,
            },
            said: Observation::new(role, position),
        });
    }

    fn answer(&mut self, which: usize) {
        let answer = self.answers.swap_remove(which);
        self.routers[answer.router].heard(answer.node, answer.question, answer.said);
    }

    fn hand_over(&mut self, user: usize, to: usize) -> Result<(), TestCaseError> {
        let User {
            router, session, ..
        } = &self.users[user];
        let from = &self.routers[*router];
        let (token, _) = from.export(session, self.clock.now());
        let token = from.sign(&token).expect("keys");
        let session = Arc::default();
        let honoured = self.routers[to].absorb(&session, token.as_str());
        prop_assert_eq!(honoured, Ok(()));
        let user = &mut self.users[user];
        (user.router, user.session) = (to, session);
        Ok(())
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let (user, node) = (0..SESSIONS, 0..NODES);
    let router = 0..ROUTERS;
    prop_oneof![
        2 => user.clone().prop_map(|user| Step::Write { user }),
        6 => user.clone().prop_map(|user| Step::Read { user, restarts: None }),
        1 => (user.clone(), 0..4_u64)
            .prop_map(|(user, back_by)| Step::Read { user, restarts: Some(back_by) }),
        1 => user.clone().prop_map(|user| Step::TwoReads { user }),
        1 => Just(Step::OtherWrites),
        4 => (1..NODES, 1..5_u64).prop_map(|(node, by)| Step::Replay { node, by }),
        1 => (1..NODES, 0..4_u64).prop_map(|(node, back_by)| Step::Restart { node, back_by }),
        8 => (router.clone(), node).prop_map(|(router, node)| Step::Ask { router, node }),
        8 => any::<prop::sample::Index>().prop_map(|which| Step::Answer { which }),
        1 => (user, router).prop_map(|(user, to)| Step::Move { user, to }),
        6 => (1..40_u64).prop_map(|millis| Step::Tick { millis }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn no_session_misses_what_it_wrote_or_saw(steps in prop::collection::vec(steps(), 1..200)) {
        let mut world = World::new();
        for step in &steps {
            world.run(step)?;
        }
    }
}

#[test]
fn the_model_reads_from_replicas_so_it_proves_something() {
    let mut world = World::new();
    for _ in 0..20 {
        world.run(&Step::Write { user: 0 }).unwrap();
        world.run(&Step::Tick { millis: 1 }).unwrap();
        for node in 0..NODES {
            world.run(&Step::Replay { node, by: 9 }).unwrap();
            world.ask(0, node);
        }
        while !world.answers.is_empty() {
            world.answer(0);
        }
        world
            .run(&Step::Read {
                user: 0,
                restarts: None,
            })
            .unwrap();
    }
    // The first connection to each is newer than what its node has said.
    assert!(world.from_replicas >= 17, "{}", world.from_replicas);
}
