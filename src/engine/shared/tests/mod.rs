//! A model of a cluster, and routers that know only what its nodes tell them, late and out of date: whatever
//! happens during a checkout, no session misses what it wrote or saw, and no bounded read is older than its bound.

mod carry_out;
mod changing;
mod fences;
mod guesses;
mod reload;
mod servers;
mod steps;
mod strained;
mod terms;
mod told;
mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use self::servers::{NODES, WATCHED, identity, known, read_of, role, waiting, watched};
use self::steps::{Chance, How, Step, steps};
use self::world::World;
use super::Shared;
use crate::cluster::{Node, Observation, Question};
use crate::engine::{Advice, Known, Request, Settings};
use crate::position::{Lsn, PgPosition, Position};
use crate::routing::{Level, Otherwise, Reason};
use crate::session::{Clock, SessionState};

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
            world
                .run(&Step::Replay {
                    server: node,
                    by: 9,
                })
                .unwrap();
            world.ask(0, node);
        }
        while !world.answers.is_empty() {
            world.answer(0);
        }
        world
            .run(&Step::Read {
                user: 0,
                how: How::Session {
                    wait: 0,
                    servers_wait: false,
                },
                on: None,
                chances: Vec::new(),
            })
            .unwrap();
    }
    // The first connection to each is newer than what its node has said.
    assert!(world.from_replicas >= 17, "{}", world.from_replicas);
    assert!(world.proved_behind > 0, "none ran behind the question");
}

/// What a connection that is newer than its node's last word may serve had a rule of its own, which knew neither lag
/// limits nor health nor silence.
#[test]
fn a_connection_that_speaks_for_itself_serves_what_a_decision_would_let_it() {
    let nodes = [Node::new("primary", "0"), Node::new("replica", "1")];
    let (clock, shared) = watched(&nodes);
    let mut system = Instant::now();
    let opened = system;
    let mut says = |node: usize, lsn, problem: Option<&'static str>| {
        system += Duration::from_nanos(1);
        let question = Question {
            asked: clock.now(),
            sent: system,
            server: Some(identity(node)),
            opened,
        };
        let position = Position::Postgres(PgPosition::new(7, 1, Lsn(lsn)));
        let mut said = Observation::new(role(node), position);
        if let Some(problem) = problem {
            said = said.with_problem(problem);
        }
        shared.record_observation(node, question, said);
        system
    };
    // The session's write is at 90, which the replica has; it lacks what others wrote since, for ten seconds.
    let session = Arc::<SessionState>::default();
    says(0, 80, None);
    session.committed(clock.now());
    clock.pass(Duration::from_millis(1));
    says(0, 90, None);
    clock.pass(Duration::from_millis(1));
    says(0, 99, None);
    clock.pass(Duration::from_secs(10));
    says(0, 99, None);
    let mut advice = Advice::default();
    advice
        .code()
        .at_level(Level::Bounded(Duration::from_millis(250)));
    let request = |advice| Request {
        may_try: false,
        advice,
        ..read_of(&session)
    };
    let limit = Some(&advice);
    let now = says(1, 95, None);
    // It leads to another server than the watcher's, and says the same.
    let speaks = |problem: Option<&'static str>| {
        let mut known = known(2, opened);
        let position = Position::Postgres(PgPosition::new(7, 1, Lsn(95)));
        let mut said = Observation::new(role(2), position);
        if let Some(problem) = problem {
            said = said.with_problem(problem);
        }
        known.said(said, now);
        known
    };
    let serves = |known: &Known, limit, now| {
        let served = shared.serves(1, known, &request(limit), now);
        served.map(|(reason, _)| reason)
    };
    assert_eq!(serves(&speaks(None), None, now), Some(Reason::Covered));
    assert_eq!(serves(&speaks(None), limit, now), None, "it lags more");
    assert_eq!(shared.look(&request(limit), now).reason, Reason::TooStale);
    let later = now + Duration::from_secs(60);
    assert_eq!(serves(&speaks(None), None, later), None, "it is silent");
    let broken = speaks(Some("its applier has stopped"));
    assert_eq!(serves(&broken, None, now), None, "it is excluded");
}

/// A name of the primary that led to a standby for a moment made that standby's position the primary's: what sessions
/// required was lowered to it, and their tokens were, too.
#[test]
fn a_primarys_name_that_leads_to_a_standby_lowers_nothing() {
    let nodes = [Node::new("rw", "0"), Node::new("replica", "1")];
    let (clock, shared) = watched(&nodes);
    let opened = Instant::now();
    let says = |node, server, lsn| {
        clock.pass(Duration::from_millis(1));
        let question = Question {
            asked: clock.now(),
            sent: opened,
            server: Some(identity(server)),
            opened,
        };
        let position = Position::Postgres(PgPosition::new(7, 1, Lsn(lsn)));
        shared.record_observation(node, question, Observation::new(role(server), position));
        clock.pass(Duration::from_millis(1));
    };
    let session = Arc::<SessionState>::default();
    let request = Request {
        may_try: false,
        ..read_of(&session)
    };
    let reason = || shared.look(&request, opened).reason;
    says(0, 0, 80);
    says(1, 1, 80);
    session.committed(clock.now());
    says(0, 0, 90);
    assert_eq!(reason(), Reason::NotCaughtUp);
    says(0, 0, 99);
    says(0, 2, 80);
    assert_eq!(reason(), Reason::NotCaughtUp, "it has not got there");
    // Connections that were opened before still lead to the primary, and are no second one.
    let of_primary = known(0, opened);
    assert!(shared.is_the_primary(&of_primary));
    says(1, 1, 90);
    assert_eq!(reason(), Reason::Covered);
}

/// A server that is asked to wait for what the session wrote says nothing of what it has read there before: after a
/// restart that went back, the home replica was taken for the one that the session had read from.
#[test]
fn a_wait_on_a_replica_that_restarted_does_not_take_the_session_back() {
    let mut world = World::new();
    let waits = |by| Step::Read {
        user: 0,
        how: How::Session {
            wait: 50,
            servers_wait: true,
        },
        on: Some(Otherwise::AnyReplica),
        chances: vec![Chance::Nothing, Chance::Progress { node: 3, by }],
    };
    let write = [Step::Write { user: 0 }, Step::Tick { millis: 1 }];
    // Node 3 is the freshest, and the session's write is later than all that it has said.
    for step in &write {
        world.run(step).unwrap();
    }
    world.answered(0, 0);
    world.run(&Step::Replay { server: 3, by: 1 }).unwrap();
    world.run(&Step::Tick { millis: 1 }).unwrap();
    world.answered(0, 3);
    for step in &write {
        world.run(step).unwrap();
    }
    world.answered(0, 0);
    for _ in 0..2 {
        world.run(&Step::OtherWrites).unwrap();
    }
    // It waits there, and sees what others wrote as well.
    world.run(&waits(9)).unwrap();
    assert_eq!(world.from_replicas, 1, "the wait was not on node 3");
    let restart = Step::Restart {
        server: 3,
        back_by: 2,
    };
    world.run(&restart).unwrap();
    world.run(&waits(0)).unwrap();
}

/// One session that wrote once and read on had every node asked again and again, and so had every token. What they need
/// at once, their own connections ask.
#[test]
fn sessions_that_read_and_tokens_hurry_no_watcher() {
    use crate::cluster::Urgency;
    let nodes = [
        Node::new("primary", "0"),
        Node::new("one", "1"),
        Node::new("two", "2"),
    ];
    let shared = Shared::new(&Settings::default(), &nodes, WATCHED);
    let asked = || {
        (0..nodes.len())
            .filter(|&node| matches!(shared.signals.urgency(node), Urgency::Now(_)))
            .collect::<Vec<_>>()
    };
    for node in 0..nodes.len() {
        let now = Instant::now();
        let question = Question {
            asked: now,
            sent: now,
            server: Some(identity(node)),
            opened: now,
        };
        let position = Position::Postgres(PgPosition::new(7, 1, Lsn(10)));
        shared.record_observation(node, question, Observation::new(role(node), position));
    }
    let session = Arc::<SessionState>::default();
    session.committed(Instant::now());
    let request = |wait| Request {
        wait: waiting(wait),
        may_try: false,
        ..read_of(&session)
    };
    assert_eq!(asked(), [0; 0]);
    for wait in [Duration::ZERO, Duration::from_millis(20)] {
        let decision = shared.decide(&request(wait), Instant::now());
        assert_eq!(
            (decision.node, decision.reason),
            (0, Reason::CapturePending)
        );
        assert_eq!(asked(), [0; 0]);
    }
    let (_, is_complete) = shared.export(&session, Instant::now());
    assert!(!is_complete);
    assert_eq!(asked(), [0; 0]);
}
