//! Replicas that are tried because they are likely to serve.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::servers::{Pooled, Steps, identity, known, read_of, said, waiting, watched};
use crate::cluster::{Node, Question};
use crate::engine::checkout::{Checkout, Next, Outcome};
use crate::engine::{Request, Shared};
use crate::session::{Clock, SessionState};

const MILLISECOND: Duration = Duration::from_millis(1);

/// A session that wrote two milliseconds ago, and replicas that had not got there when they were last asked.
struct Behind {
    clock: Steps,
    shared: Shared,
    session: Arc<SessionState>,
    opened: Instant,
}

impl Behind {
    fn new(replicas: usize) -> Self {
        let names = (0..=replicas).map(|name| name.to_string());
        let nodes: Vec<_> = names.map(|name| Node::new(name.clone(), name)).collect();
        let (clock, shared) = watched(&nodes);
        let opened = Instant::now();
        let says = |node, lsn| {
            let question = Question {
                asked: clock.now(),
                sent: opened,
                server: Some(identity(node)),
                opened,
            };
            shared.record_observation(node, question, said(node, lsn));
        };
        for node in 0..nodes.len() {
            says(node, 80);
        }
        clock.pass(MILLISECOND);
        let session = Arc::<SessionState>::default();
        session.committed(clock.now());
        clock.pass(MILLISECOND);
        says(0, 90);
        clock.pass(MILLISECOND);
        Self {
            clock,
            shared,
            session,
            opened,
        }
    }

    /// Takes a connection of a node, which leads to the server of its number.
    fn take(&self, node: usize) -> Outcome<Pooled> {
        Outcome::Taken(Pooled {
            node,
            server: node,
            run: 0,
            known: known(node, self.opened),
            member: Arc::clone(self.shared.members().get(node).unwrap()),
        })
    }
}

#[test]
fn where_one_replica_is_late_another_is_tried_and_the_time_of_the_answer_is_not_held_against_it() {
    let behind = Behind::new(2);
    let mut checkout = Checkout::new(&behind.shared, read_of(&behind.session), false);
    let mut outcome = Outcome::Started;
    let mut asked = Vec::new();
    let lent = loop {
        outcome = match checkout.next(outcome, behind.opened) {
            Next::Take { node, .. } => behind.take(node),
            Next::Ask { node, guard, .. } => {
                asked.push(node);
                // The first has not got there, and its answer takes long.
                behind.clock.pass(MILLISECOND * 10);
                let lsn = if asked.len() == 1 { 89 } else { 90 };
                Outcome::Said(guard, Some(said(node, lsn)))
            }
            Next::Lend(guard, _) => break guard.node,
            next => panic!("{next:?}"),
        };
    };
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_ne!(asked[0], asked[1]);
    assert_eq!(lent, asked[1], "the primary was not needed");
    let learnt = behind.shared.delays.of(asked[0]).time;
    assert_eq!(learnt, MILLISECOND * 3);
}

/// Each replica had tries of its own: a read that waited 50 ms for one of 50 asked 500 times.
#[test]
fn a_read_that_waits_tries_no_more_often_where_there_are_more_replicas() {
    let tries = |replicas: usize| {
        let behind = Behind::new(replicas);
        let mut system = behind.opened;
        let request = Request {
            wait: waiting(MILLISECOND * 50),
            ..read_of(&behind.session)
        };
        let mut checkout = Checkout::new(&behind.shared, request, false);
        let mut outcome = Outcome::Started;
        let mut tries = 0;
        loop {
            outcome = match checkout.next(outcome, system) {
                Next::Take { node, .. } => behind.take(node),
                Next::Ask { node, guard, .. } => {
                    tries += 1;
                    let lsn = if node == 0 { 90 } else { 80 };
                    Outcome::Said(guard, Some(said(node, lsn)))
                }
                Next::Wait { until, .. } => {
                    behind.clock.pass(until.saturating_duration_since(system));
                    system = until;
                    Outcome::TimedOut
                }
                Next::Lend(guard, _) => break assert_eq!(guard.node, 0),
                next => panic!("{next:?}"),
            };
        }
        tries
    };
    let (few, many) = (tries(2), tries(50));
    assert!((2..=20).contains(&few), "{few}");
    assert!((2..=20).contains(&many), "{many}");
}

/// The primary is asked for the position of the write at the same time as the replica.
#[test]
fn a_read_behind_the_question_counts_once_the_primary_has_told_no_more_than_the_replica_says() {
    // What the primary says, and the replica; whether the read counts.
    let cases = [
        (None, 99, false),
        (Some(95), 94, false),
        (Some(95), 95, true),
    ];
    for (of_primary, of_replica, counts) in cases {
        let behind = Behind::new(1);
        behind.session.committed(behind.clock.now());
        behind.clock.pass(MILLISECOND);
        let shared = &behind.shared;
        let mut checkout = Checkout::new(shared, read_of(&behind.session), false).probing();
        let Next::Take { node: 1, .. } = checkout.next(Outcome::Started, behind.opened) else {
            panic!("no replica is tried");
        };
        let Next::Probe(guard, _) = checkout.next(behind.take(1), behind.opened) else {
            panic!("it is not lent on probation");
        };
        assert!(checkout.asks_primary());
        assert!(!checkout.primary_has_told(behind.opened));
        if let Some(lsn) = of_primary {
            shared.hear(Some(identity(0)), behind.clock.now(), &said(0, lsn));
            assert!(checkout.primary_has_told(behind.opened));
        }
        let said = said(1, of_replica);
        let granted = checkout.prove(&guard, &said, behind.opened);
        assert_eq!(granted.is_some(), counts, "{of_primary:?}");
        if granted.is_some() {
            continue;
        }
        checkout.refuse(Outcome::Said(guard, Some(said)));
        // Another replica there is not.
        let next = checkout.next(Outcome::Started, behind.opened);
        assert!(matches!(next, Next::Take { node: 0, .. }), "{next:?}");
    }
}
