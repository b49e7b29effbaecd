//! The model: servers, connections, routers and users.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use diesel_routing_sql::Dialect as Sql;

use proptest::prelude::*;

use super::steps::{Chance, How, Step};
use crate::cluster::{Node, Observation, Question, ServerFacts, ServerId};
use crate::engine::checkout::{Checkout, Loan, Next, Outcome};
use crate::engine::{Grant, Known, Request, Settings, Shared};
use crate::error::{Error, Step as ErrorStep};
use crate::position::Position;
use crate::position::{Lsn, PgPosition};
use crate::routing::Level;
use crate::server::NodeRole;
use crate::session::{Clock, Reading, SessionState, TokenKeys};
use crate::statement::Access;

/// Time that moves by steps, for all routers.
#[derive(Debug, Clone)]
pub(super) struct Steps(pub(super) Arc<Mutex<(Instant, SystemTime)>>);

impl Steps {
    pub(super) fn pass(&self, by: Duration) {
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

pub(super) const NODES: usize = 4;
/// One more than nodes: what a node's name leads to changes.
pub(super) const SERVERS: usize = 5;
pub(super) const ROUTERS: usize = 2;
pub(super) const SESSIONS: usize = 3;

/// A server: what it has of the log, and which run of it this is. It says the same of itself in every run, as one does
/// that starts again after a crash of one of its processes.
#[derive(Debug, Clone, Copy)]
struct Server {
    replayed: u64,
    run: u64,
}

/// A connection in a router's pool.
#[derive(Debug, Clone)]
pub(super) struct Pooled {
    node: usize,
    pub(super) server: usize,
    run: u64,
    known: Known,
}

impl Loan for Pooled {
    fn known(&self) -> &Known {
        &self.known
    }

    fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    fn awaits_answer(&self) -> bool {
        false
    }
}

/// Returns what is known of a new connection.
pub(super) fn known(server: usize, opened: Instant) -> Known {
    Known {
        facts: ServerFacts::default(),
        server: Some(identity(server)),
        role: Some(role(server)),
        said: None,
        opened,
        alive: opened,
        reads_causally: false,
        is_spent: false,
    }
}

pub(super) fn identity(server: usize) -> ServerId {
    ServerId::numbered(u64::try_from(server).unwrap())
}

pub(super) fn role(server: usize) -> NodeRole {
    if server == 0 {
        NodeRole::TakesWrites
    } else {
        NodeRole::ReplaysWrites
    }
}

/// What nodes are of routers, but for tests that need something else.
pub(super) const WATCHED: crate::engine::Server = crate::engine::Server {
    dialect: Sql::Postgres,
    watched: true,
    demoted_in_place: false,
};

/// A user's history, and what a correct database would have shown.
struct User {
    router: usize,
    session: Arc<SessionState>,
    /// The position of the last write in the log, and the newest state it has seen.
    wrote: u64,
    saw: u64,
}

/// A watcher's connection: the server's run that it belongs to.
#[derive(Debug, Clone, Copy)]
struct Watcher {
    server: usize,
    run: u64,
    opened: Instant,
}

pub(super) struct Answer {
    router: usize,
    node: usize,
    question: Question,
    said: Observation,
}

pub(super) struct World {
    clock: Steps,
    servers: [Server; SERVERS],
    /// The server that a new connection to each node leads to.
    leads: [usize; NODES],
    routers: Vec<Arc<Shared>>,
    users: Vec<User>,
    /// Answers under way.
    pub(super) answers: Vec<Answer>,
    /// The connections of each router: its watchers', and up to two in each pool, which are taken by turns.
    watchers: [[Option<Watcher>; NODES]; ROUTERS],
    pools: [[Vec<Pooled>; NODES]; ROUTERS],
    /// The system's clock: it goes on with every step.
    system: Instant,
    /// The acknowledged writes, with their time by the routers' clock.
    log: Vec<(Instant, u64)>,
    pub(super) from_replicas: u32,
}

impl World {
    pub(super) fn new() -> Self {
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
            .map(|_| Arc::new(Shared::new(&settings, &nodes, WATCHED)))
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
            }; SERVERS],
            leads: std::array::from_fn(|node| node),
            routers,
            users: (0..SESSIONS).map(user).collect(),
            answers: Vec::new(),
            watchers: Default::default(),
            pools: Default::default(),
            system: Instant::now(),
            log: Vec::new(),
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

    pub(super) fn run(&mut self, step: &Step) -> Result<(), TestCaseError> {
        self.system += Duration::from_nanos(1);
        match *step {
            Step::Write { user } => self.write(user),
            Step::Read {
                user,
                how,
                ref chances,
            } => self.read(user, how, chances)?,
            Step::TwoReads { user } => {
                let how = How::Session {
                    wait: 0,
                    servers_wait: false,
                };
                let one = self.lend(user, how, &[]);
                let other = self.lend(user, how, &[]);
                let first = one.as_ref().map(|one| one.server);
                for conn in [one, other].into_iter().flatten() {
                    // The second was got before the first one looked.
                    if first == Some(conn.server) {
                        self.look(user, &conn)?;
                    }
                    self.end_read(user, &conn);
                }
            }
            Step::RacingReads { user } => self.race(user)?,
            Step::OtherWrites => self.commit(),
            Step::Replay { server, by } => self.replay(server, by),
            Step::Restart { server, back_by } => self.restart(server, back_by),
            Step::Lead { node, to } => self.leads[node] = to,
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
        let reading = Reading {
            node: 0,
            server: Some(identity(0)),
            stood: self.system,
            proved: None,
        };
        shared.lent(reading, Some(session));
        self.servers[0].replayed += 1;
        self.log.push((self.clock.now(), self.servers[0].replayed));
        shared.committed(session);
        shared.returned(0, Some(identity(0)), Some(session));
        let wrote = self.servers[0].replayed;
        self.users[user].wrote = wrote;
    }

    fn commit(&mut self) {
        self.servers[0].replayed += 1;
        self.log.push((self.clock.now(), self.servers[0].replayed));
    }

    fn read(&mut self, user: usize, how: How, chances: &[Chance]) -> Result<(), TestCaseError> {
        let asked = self.clock.now();
        let Some(conn) = self.lend(user, how, chances) else {
            return Ok(());
        };
        match how {
            How::Bounded { millis } => {
                let bound = Duration::from_millis(millis);
                let due = asked.checked_sub(bound).expect("an instant");
                let acknowledged = self.log.iter().rev().find(|(at, _)| *at < due);
                let state = self.servers[conn.server].replayed;
                let required = acknowledged.map_or(0, |(_, lsn)| *lsn);
                prop_assert!(
                    state >= required,
                    "is past its bound on server {}",
                    conn.server
                );
                // What it shows, the session has seen.
                self.users[user].saw = self.users[user].saw.max(state);
            }
            How::Session { .. } | How::Upgraded => self.look(user, &conn)?,
        }
        self.end_read(user, &conn);
        Ok(())
    }

    /// Reads twice: neither promises what the other shows, but both bind what comes later.
    fn race(&mut self, user: usize) -> Result<(), TestCaseError> {
        let User {
            router,
            ref session,
            wrote,
            saw,
        } = self.users[user];
        let (session, shared) = (Arc::clone(session), Arc::clone(&self.routers[router]));
        let request = Request {
            level: Level::Session,
            access: Access::Replica,
            session: Some(&session),
            wait: Duration::ZERO,
            avoid: None,
            may_try: true,
            max_lag: None,
            function: None,
        };
        let mut decide = || {
            let checkout = Checkout::new(&shared, request, false);
            self.carry_out(router, checkout, &mut std::iter::empty())
        };
        for (conn, grant) in [decide(), decide()].into_iter().flatten() {
            shared.lent(reading(&conn, grant), Some(&session));
            let Server { replayed, run } = self.servers[conn.server];
            if run == conn.run {
                prop_assert!(replayed >= wrote.max(saw), "on server {}", conn.server);
                let user = &mut self.users[user];
                user.saw = user.saw.max(replayed);
            }
            self.end_read(user, &conn);
        }
        Ok(())
    }

    /// Checks a connection out as routers do, while what `chances` says happens; `None` if there is none.
    fn lend(&mut self, user: usize, how: How, chances: &[Chance]) -> Option<Pooled> {
        let router = self.users[user].router;
        let session = Arc::clone(&self.users[user].session);
        let mut chances = chances.iter().copied();
        let request = |level, wait| Request {
            level,
            access: Access::Replica,
            session: Some(&session),
            wait: Duration::from_millis(wait),
            avoid: None,
            may_try: true,
            max_lag: None,
            function: None,
        };
        let (first, servers_wait) = match how {
            How::Session { wait, servers_wait } => (request(Level::Session, wait), servers_wait),
            How::Bounded { millis } => {
                let bound = Duration::from_millis(millis);
                (request(Level::Bounded(bound), 0), false)
            }
            How::Upgraded => (request(Level::Eventual, 0), false),
        };
        // Not borrowed: the world goes on meanwhile.
        let shared = Arc::clone(&self.routers[router]);
        let checkout = Checkout::new(&shared, first, servers_wait);
        let (mut conn, mut grant) = self.carry_out(router, checkout, &mut chances)?;
        if matches!(how, How::Upgraded) {
            shared.lent(reading(&conn, grant), Some(&session));
            let state = self.servers[conn.server].replayed;
            let is_open = self.servers[conn.server].run == conn.run;
            if is_open {
                self.users[user].saw = self.users[user].saw.max(state);
            }
            shared.returned(conn.node, conn.known.server, Some(&session));
            let upgrade = request(Level::Session, 0);
            let checkout = Checkout::upgrading(&shared, upgrade, false, conn.node, conn);
            (conn, grant) = self.carry_out(router, checkout, &mut chances)?;
        }
        shared.lent(reading(&conn, grant), Some(&session));
        // A connection that its server's restart has ended shows nothing.
        let is_open = self.servers[conn.server].run == conn.run;
        if !is_open {
            shared.returned(conn.node, conn.known.server, Some(&session));
        }
        Some(conn).filter(|_| is_open)
    }

    fn carry_out(
        &mut self,
        router: usize,
        mut checkout: Checkout<'_, Pooled>,
        chances: &mut impl Iterator<Item = Chance>,
    ) -> Option<(Pooled, Grant)> {
        let mut outcome = Outcome::Started;
        // More steps than any checkout takes: one that goes on for ever is a fault.
        for _ in 0..100 {
            self.system += Duration::from_nanos(1);
            outcome = match checkout.next(outcome, self.system) {
                Next::Take { node, .. } => {
                    self.take(router, node, chances.next().unwrap_or(Chance::Nothing))
                }
                Next::Wait { until, .. } => match chances.next().unwrap_or(Chance::Nothing) {
                    Chance::Nothing | Chance::Refusal => {
                        let left = until.saturating_duration_since(self.system);
                        self.system += left;
                        self.clock.pass(left);
                        Outcome::TimedOut
                    }
                    Chance::Restart { back_by } => {
                        self.restart(1, back_by);
                        self.answered(router, 1);
                        Outcome::Answered
                    }
                    Chance::Answer(which) => {
                        if !self.answers.is_empty() {
                            self.answer(which.index(self.answers.len()));
                        }
                        Outcome::Answered
                    }
                    Chance::Progress { node, by } => {
                        self.replay(self.leads[node], by);
                        self.answered(router, node);
                        Outcome::Answered
                    }
                },
                Next::Ask {
                    node,
                    mut guard,
                    until,
                } => {
                    let chance = chances.next().unwrap_or(Chance::Nothing);
                    match chance {
                        Chance::Restart { back_by } if guard.server != 0 => {
                            self.restart(guard.server, back_by);
                        }
                        Chance::Progress { by, .. } => self.replay(guard.server, by),
                        _ => {}
                    }
                    let server = self.servers[guard.server];
                    let why = if server.run != guard.run {
                        guard.known.is_spent = true;
                        Some("it has ended")
                    } else if matches!(chance, Chance::Refusal) {
                        let left = until.saturating_duration_since(self.system);
                        self.system += left;
                        self.clock.pass(left);
                        Some("no answer")
                    } else {
                        None
                    };
                    match why {
                        Some(why) => {
                            self.give_back(router, guard);
                            let step = ErrorStep::Recycle;
                            let error = Error::checkout(node.to_string(), step, self.system, why);
                            Outcome::Failed(error)
                        }
                        None => {
                            let said = said(guard.server, server.replayed);
                            Outcome::Said(guard, Some(said))
                        }
                    }
                }
                Next::AwaitReplay {
                    guard, required, ..
                } => {
                    if let Some(Chance::Progress { by, .. }) = chances.next() {
                        self.replay(guard.server, by);
                    }
                    let server = self.servers[guard.server];
                    let state = Position::Postgres(PgPosition::new(7, 1, Lsn(server.replayed)));
                    if server.run == guard.run && state.covers(&required) {
                        Outcome::Replayed(guard)
                    } else {
                        Outcome::NotReplayed
                    }
                }
                Next::SetCausalReads { guard, .. } => Outcome::Set(guard),
                Next::Lend(guard, grant) => {
                    assert_eq!(guard.node, grant.node, "the route names another node");
                    self.give_back(router, guard.clone());
                    return Some((guard, grant));
                }
                Next::Fail(_) => return None,
            };
        }
        panic!("the checkout does not end");
    }

    /// Takes a connection from a pool, as far as fate has it.
    fn take(&mut self, router: usize, node: usize, chance: Chance) -> Outcome<Pooled> {
        match chance {
            Chance::Refusal => {
                let name = node.to_string();
                let step = ErrorStep::Connect;
                let error = Error::checkout(name, step, Instant::now(), "refused");
                return Outcome::Failed(error);
            }
            Chance::Restart { back_by } if self.leads[node] != 0 => {
                self.restart(self.leads[node], back_by);
            }
            Chance::Answer(which) if !self.answers.is_empty() => {
                self.answer(which.index(self.answers.len()));
            }
            Chance::Progress { node, by } => self.replay(self.leads[node], by),
            _ => {}
        }
        let pool = &mut self.pools[router][node];
        // As pools do, with two connections each: the oldest first, or a new one.
        pool.retain(|conn| self.servers[conn.server].run == conn.run && !conn.known.is_spent);
        let conn = if pool.len() < 2 {
            let server = self.leads[node];
            let run = self.servers[server].run;
            Pooled {
                node,
                server,
                run,
                known: known(server, self.system),
            }
        } else {
            pool.remove(0)
        };
        if matches!(chance, Chance::Restart { .. }) {
            self.answered(router, node);
        }
        Outcome::Taken(conn)
    }

    /// A connection comes back to its pool.
    fn give_back(&mut self, router: usize, conn: Pooled) {
        self.pools[router][conn.node].push(conn);
    }

    /// A node is asked by a router, and answers.
    pub(super) fn answered(&mut self, router: usize, node: usize) {
        self.system += Duration::from_nanos(1);
        let other = |answer: &Answer| (answer.router, answer.node) != (router, node);
        self.answers.retain(other);
        self.ask(router, node);
        self.answer(self.answers.len() - 1);
    }

    fn replay(&mut self, server: usize, by: u64) {
        let limit = self.servers[0].replayed;
        let server = &mut self.servers[server];
        server.replayed = (server.replayed + by).min(limit);
    }

    fn restart(&mut self, server: usize, back_by: u64) {
        let server = &mut self.servers[server];
        server.run += 1;
        server.replayed = server.replayed.saturating_sub(back_by);
    }

    fn look(&mut self, user: usize, conn: &Pooled) -> Result<(), TestCaseError> {
        let server = conn.server;
        let state = self.servers[server].replayed;
        let user = &mut self.users[user];
        prop_assert!(state >= user.wrote, "misses its write on server {server}");
        prop_assert!(state >= user.saw, "goes back on server {server}");
        user.saw = state;
        self.from_replicas += u32::from(server != 0);
        Ok(())
    }

    fn end_read(&self, user: usize, conn: &Pooled) {
        let User {
            router, session, ..
        } = &self.users[user];
        self.routers[*router].returned(conn.node, conn.known.server, Some(session));
    }

    pub(super) fn ask(&mut self, router: usize, node: usize) {
        // One question to a node at a time, as a watcher asks.
        let waits = |answer: &Answer| (answer.router, answer.node) == (router, node);
        if self.answers.iter().any(waits) {
            return;
        }
        let slot = &mut self.watchers[router][node];
        let stands = slot.filter(|watcher| self.servers[watcher.server].run == watcher.run);
        let reopens = self.routers[router].signals.take_reopen(node);
        let watcher = stands.filter(|_| !reopens).unwrap_or_else(|| {
            let server = self.leads[node];
            Watcher {
                server,
                run: self.servers[server].run,
                opened: self.system,
            }
        });
        *slot = Some(watcher);
        self.system += Duration::from_nanos(1);
        self.answers.push(Answer {
            router,
            node,
            question: Question {
                asked: self.clock.now(),
                sent: self.system,
                server: Some(identity(watcher.server)),
                opened: watcher.opened,
            },
            said: said(watcher.server, self.servers[watcher.server].replayed),
        });
    }

    pub(super) fn answer(&mut self, which: usize) {
        let answer = self.answers.swap_remove(which);
        self.routers[answer.router].record_observation(answer.node, answer.question, answer.said);
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

/// Returns what a server says of itself.
fn said(server: usize, replayed: u64) -> Observation {
    let position = Position::Postgres(PgPosition::new(7, 1, Lsn(replayed)));
    Observation::new(role(server), position)
}

/// Returns what a session is told of a connection that is lent to it.
fn reading(conn: &Pooled, grant: Grant) -> Reading {
    Reading {
        node: conn.node,
        server: conn.known.server,
        stood: conn.known.stood(),
        proved: grant.proved,
    }
}
