//! The model: servers, connections, routers and users.

mod look;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use proptest::prelude::*;

use super::servers::{
    NODES, Pooled, ROUTERS, SERVERS, SESSIONS, Server, Steps, WATCHED, identity, measured_by,
    read_of, said, settings_of, waiting,
};
use super::steps::{Chance, How, Step};
use super::strained::Load;
use crate::cluster::{Member, Node, Observation, Question};
use crate::engine::checkout::Checkout;
use crate::engine::{Advice, Grant, Live, Request, Settings, Shared};
use crate::error::Error;
use crate::routing::{Balance, Level, Otherwise, Target};
use crate::session::{Clock, Reading, SessionState, TokenKeys};
use crate::statement::Access;

/// A user's history, and what a correct database would have shown.
pub(super) struct User {
    pub(super) router: usize,
    pub(super) session: Arc<SessionState>,
    /// The position of the last write in the log, and the newest state it has seen.
    wrote: u64,
    saw: u64,
}

/// A watcher's connection: the server's run that it belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watcher {
    server: usize,
    run: u64,
    opened: Instant,
}

pub(super) struct Answer {
    router: usize,
    /// The slot, and the node that has it, which its watcher holds.
    slot: usize,
    member: Arc<Member>,
    question: Question,
    said: Observation,
}

pub(super) struct World {
    pub(super) clock: Steps,
    pub(super) servers: [Server; SERVERS],
    /// The server that a new connection to each node leads to.
    pub(super) leads: [usize; NODES],
    pub(super) routers: Vec<Arc<Shared>>,
    pub(super) settings: Vec<Settings>,
    pub(super) users: Vec<User>,
    /// Answers under way.
    pub(super) answers: Vec<Answer>,
    /// The connections of each router, by the serial of the node: its watchers', and up to two in each pool, which are
    /// taken by turns.
    pub(super) watchers: HashMap<(usize, u32), Watcher>,
    pub(super) pools: HashMap<(usize, u32), Vec<Pooled>>,
    /// The system's clock: it goes on with every step.
    pub(super) system: Instant,
    /// The acknowledged writes, with their time by the routers' clock.
    log: Vec<(Instant, u64)>,
    pub(super) from_replicas: u32,
    /// The number of reads that ran behind the question whether they may, and that of those which the answer let pass.
    pub(super) probes: u32,
    pub(super) proved_behind: u32,
    /// What the routers' applications tell of the primary's load.
    pub(super) loads: Vec<Load>,
    /// The error of the last checkout, if it failed.
    pub(super) failed: Option<Error>,
}

impl World {
    pub(super) fn new() -> Self {
        let clock = Steps(Arc::new(Mutex::new((Instant::now(), SystemTime::now()))));
        let settings = |share| Settings {
            live: Live {
                balance: Balance::default().include_primary(share),
                // What is not proved within the window is a failure here.
                window: Duration::from_secs(3600).into(),
                ..Live::default()
            },
            keys: TokenKeys::new(1, [1; 32]).ok(),
            ..measured_by(&clock)
        };
        let nodes: Vec<_> = (0..NODES).map(configured).collect();
        let loads: Vec<_> = (0..ROUTERS).map(|_| Load::default()).collect();
        // The last one's primary takes a share.
        let settings: Vec<_> = (0..ROUTERS)
            .map(|router| if router + 1 == ROUTERS { 0.3 } else { 0.0 })
            .map(settings)
            .zip(&loads)
            .map(|(settings, load)| load.told(settings))
            .collect();
        let routers = settings
            .iter()
            .map(|settings| Arc::new(Shared::new(settings, &nodes, WATCHED)))
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
            settings,
            users: (0..SESSIONS).map(user).collect(),
            answers: Vec::new(),
            watchers: HashMap::new(),
            pools: HashMap::new(),
            system: Instant::now(),
            log: Vec::new(),
            from_replicas: 0,
            probes: 0,
            proved_behind: 0,
            loads,
            failed: None,
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
                on,
                ref chances,
            } => self.read(user, how, on, chances)?,
            Step::TwoReads { user } => {
                let how = How::Session {
                    wait: 0,
                    servers_wait: false,
                };
                let one = self.lend(user, how, None, &[]);
                let other = self.lend(user, how, None, &[]);
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
            Step::Lose { router, node } => {
                for (slot, _) in self.named(router, node) {
                    self.routers[router].record_failure(slot, "lost");
                }
            }
            Step::Change(change) => self.change(change),
            Step::Switch {
                router,
                mode,
                percent,
            } => self.switch(router, mode, percent),
            Step::Strain { router, percent } => self.strain(router, percent),
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

    fn read(
        &mut self,
        user: usize,
        how: How,
        on: Option<Otherwise>,
        chances: &[Chance],
    ) -> Result<(), TestCaseError> {
        let asked = self.clock.now();
        let Some(conn) = self.lend(user, how, on, chances) else {
            return Ok(());
        };
        // Any name may lead to the primary.
        let (node, is_primary) = (&conn.member, conn.server == 0);
        let (name, is_tagged) = (&node.name, !node.tags.is_empty());
        match on {
            Some(Otherwise::Fail) => prop_assert!(is_tagged, "is on node {name}"),
            Some(Otherwise::Primary) => prop_assert!(is_tagged || is_primary, "is on {name}"),
            Some(Otherwise::AnyReplica) => {}
            None => prop_assert!(!node.only_tagged || is_primary, "is on the reserved node"),
        }
        if self.is_kept(user, on) {
            prop_assert!(is_primary, "is kept from replicas, and is on {name}");
        }
        match how {
            How::Both { millis, .. } => {
                self.look_within(millis, asked, &conn)?;
                self.look(user, &conn)?;
            }
            How::Bounded { millis } => {
                let state = self.look_within(millis, asked, &conn)?;
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
            access: Access::Replica,
            ..read_of(&session)
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
    fn lend(
        &mut self,
        user: usize,
        how: How,
        on: Option<Otherwise>,
        chances: &[Chance],
    ) -> Option<Pooled> {
        let router = self.users[user].router;
        let session = Arc::clone(&self.users[user].session);
        let mut chances = chances.iter().copied();
        // One of them has none.
        let settings = (user > 0).then(|| settings_of(user));
        let mut advice = Advice::default();
        if let How::Both { millis, .. } = how {
            advice
                .code()
                .at_level(Level::Bounded(Duration::from_millis(millis)));
        }
        let request = |level, wait| Request {
            level,
            access: Access::Replica,
            session: Some(&session),
            wait: waiting(Duration::from_millis(wait)),
            avoid: None,
            again: None,
            may_try: true,
            advice: matches!(how, How::Both { .. }).then_some(&advice),
            class: None,
            on: on.map(|otherwise| Target {
                name: "tag",
                otherwise,
            }),
            settings: settings.as_ref(),
            function: None,
        };
        let (first, servers_wait) = match how {
            How::Session { wait, servers_wait }
            | How::Both {
                wait, servers_wait, ..
            } => (request(Level::Session, wait), servers_wait),
            How::Bounded { millis } => {
                let bound = Duration::from_millis(millis);
                (request(Level::Bounded(bound), 0), false)
            }
            How::Upgraded => (request(Level::Eventual, 0), false),
        };
        // Not borrowed: the world goes on meanwhile.
        let shared = Arc::clone(&self.routers[router]);
        let mut checkout = Checkout::new(&shared, first, servers_wait);
        // But for one, they read behind the question.
        if user != 1 {
            checkout = checkout.probing();
        }
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
        assert!(conn.known.applied.are(settings.as_ref()), "another's");
        shared.lent(reading(&conn, grant), Some(&session));
        // A connection that its server's restart has ended shows nothing.
        let is_open = self.servers[conn.server].run == conn.run;
        if !is_open {
            shared.returned(conn.node, conn.known.server, Some(&session));
        }
        Some(conn).filter(|_| is_open)
    }

    /// A node is asked by a router, and answers.
    pub(super) fn answered(&mut self, router: usize, node: usize) {
        self.system += Duration::from_nanos(1);
        let is_of = |answer: &Answer| answer.router == router && name(&answer.member) == node;
        self.answers.retain(|answer| !is_of(answer));
        self.ask(router, node);
        while let Some(which) = self.answers.iter().position(is_of) {
            self.answer(which);
        }
    }

    pub(super) fn replay(&mut self, server: usize, by: u64) {
        let limit = self.servers[0].replayed;
        let server = &mut self.servers[server];
        server.replayed = (server.replayed + by).min(limit);
    }

    pub(super) fn restart(&mut self, server: usize, back_by: u64) {
        let server = &mut self.servers[server];
        server.run += 1;
        server.replayed = server.replayed.saturating_sub(back_by);
    }

    fn end_read(&self, user: usize, conn: &Pooled) {
        let User {
            router, session, ..
        } = &self.users[user];
        self.routers[*router].returned(conn.node, conn.known.server, Some(session));
    }

    /// Returns the members of this name, with their slots: while one takes another's place there are two.
    pub(super) fn named(&self, router: usize, node: usize) -> Vec<(usize, Arc<Member>)> {
        let members = self.routers[router].members();
        let members = members
            .iter()
            .map(|(slot, member)| (slot, Arc::clone(member)));
        members.filter(|(_, member)| name(member) == node).collect()
    }

    pub(super) fn ask(&mut self, router: usize, node: usize) {
        for (slot, member) in self.named(router, node) {
            self.ask_at(router, slot, member);
        }
    }

    fn ask_at(&mut self, router: usize, slot: usize, member: Arc<Member>) {
        // One question to a node at a time, as a watcher asks.
        let waits =
            |answer: &Answer| answer.router == router && answer.member.serial == member.serial;
        if self.answers.iter().any(waits) {
            return;
        }
        let key = (router, member.serial);
        let known = self.watchers.get(&key).copied();
        let stands = known.filter(|watcher| self.servers[watcher.server].run == watcher.run);
        let reopens = self.routers[router].signals.take_reopen(slot);
        let watcher = stands.filter(|_| !reopens).unwrap_or_else(|| {
            let server = self.leads[name(&member)];
            Watcher {
                server,
                run: self.servers[server].run,
                opened: self.system,
            }
        });
        self.watchers.insert(key, watcher);
        self.system += Duration::from_nanos(1);
        self.answers.push(Answer {
            router,
            slot,
            member,
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
        self.routers[answer.router].record_observation(answer.slot, answer.question, answer.said);
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

/// Returns the number that a node has as its name.
pub(super) fn name(member: &Member) -> usize {
    member.name.parse().expect("a number")
}

/// Returns a node as it is configured.
pub(super) fn configured(index: usize) -> Node {
    let node = Node::new(index.to_string(), index.to_string());
    match index {
        2 => node.tag("tag"),
        3 => node.tag("tag").only_tagged(),
        _ => node,
    }
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
