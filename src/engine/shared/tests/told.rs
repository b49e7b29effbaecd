//! What operators are told: each change once, whatever notices it, and what the span of a checkout has.

use std::time::{Duration, Instant};

use super::servers::{Pooled, WATCHED, identity, known, measured_by, read_of, watched};
use crate::cluster::{Member, Node, Observation, Question};
use crate::engine::checkout::{Checkout, Next, Outcome};
use crate::engine::{Request, Settings, Shared};
use crate::observe::heard;
use crate::position::{Lsn, PgPosition, Position};
use crate::routing::Reason;
use crate::server::NodeRole;
use crate::session::SessionState;

const NODES: [&str; 3] = ["a", "b", "c"];

fn nodes() -> [Node; 3] {
    NODES.map(|name| Node::new(name, format!("postgres://app@{name}:5433/shop")))
}

fn shared() -> Shared {
    watched(&nodes()).1
}

/// Has a node say what it is: of which cluster, on which timeline.
fn says(shared: &Shared, node: usize, role: NodeRole, (system, timeline): (u64, u32)) {
    let position = Position::Postgres(PgPosition::new(system, timeline, Lsn(90)));
    let now = Instant::now();
    let question = Question {
        asked: shared.now(),
        sent: now,
        server: Some(identity(node)),
        opened: now,
    };
    shared.record_observation(node, question, Observation::new(role, position));
}

const WRITES: NodeRole = NodeRole::TakesWrites;
const REPLAYS: NodeRole = NodeRole::ReplaysWrites;

/// Has all nodes say that they are well.
fn well(shared: &Shared) {
    for (node, role) in [WRITES, REPLAYS, REPLAYS].into_iter().enumerate() {
        says(shared, node, role, (7, 1));
    }
}

/// Returns the events, each by its level, its name and the node that it is about.
fn events(lines: Vec<String>) -> Vec<String> {
    let shown = lines.into_iter().map(|line| {
        let (head, fields) = line.split_once(':').unwrap();
        let mut words = head.split(' ');
        let (level, name) = (words.next().unwrap(), words.next_back().unwrap());
        let node = fields.split("node=\"").nth(1).unwrap_or_default();
        let node = node.split('"').next().unwrap();
        format!("{level} {name} {node}")
    });
    shown.collect()
}

#[test]
fn a_node_that_is_away_for_long_is_told_of_when_it_goes_and_when_it_is_back() {
    let shared = shared();
    let told = events(heard::during(|| {
        well(&shared);
        for _ in 0..50 {
            shared.record_failure(1, "refused");
            says(&shared, 0, WRITES, (7, 1));
        }
        well(&shared);
        well(&shared);
    }));
    assert_eq!(told, ["WARN node_down b", "INFO node_up b"]);
}

#[test]
fn many_watchers_that_notice_one_change_tell_it_once() {
    let shared = shared();
    well(&shared);
    let told = heard::during(|| {
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    tracing::dispatcher::with_default(&dispatch, || {
                        for _ in 0..50 {
                            shared.record_failure(2, "refused");
                        }
                    });
                });
            }
        });
    });
    assert_eq!(events(told), ["WARN node_down c"]);
}

#[test]
fn two_nodes_that_take_writes_are_told_of_once_and_so_is_the_end_of_that() {
    let shared = shared();
    well(&shared);
    let told = heard::during(|| {
        for _ in 0..5 {
            says(&shared, 1, WRITES, (7, 2));
            says(&shared, 0, WRITES, (7, 1));
        }
        for _ in 0..5 {
            says(&shared, 0, REPLAYS, (7, 2));
        }
    });
    let expected = [
        "WARN promoted b",
        "ERROR split_brain a",
        "INFO node_included a",
    ];
    assert_eq!(events(told), expected);
}

#[test]
fn a_node_of_another_cluster_is_told_of_once() {
    let shared = shared();
    well(&shared);
    let told = heard::during(|| {
        for _ in 0..5 {
            says(&shared, 2, REPLAYS, (8, 1));
            shared.record_failure(2, "refused");
        }
    });
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("node_foreign"), "{told:#?}");
    assert!(
        told[0].contains("it belongs to another cluster"),
        "{told:#?}"
    );
}

#[test]
fn a_cluster_without_a_primary_is_told_of_once_and_once_more_when_it_has_one() {
    let shared = shared();
    well(&shared);
    let told = heard::during(|| {
        for _ in 0..5 {
            shared.record_failure(0, "refused");
            says(&shared, 1, REPLAYS, (7, 1));
        }
        for _ in 0..5 {
            says(&shared, 1, WRITES, (7, 2));
            shared.record_failure(0, "refused");
        }
    });
    let expected = [
        "WARN node_down a",
        "ERROR primary_lost a",
        "WARN promoted b",
        "INFO primary_found b",
    ];
    assert_eq!(events(told), expected);
}

/// A call that blocks cannot be given up: the watcher of such a node says nothing of it.
#[test]
fn a_node_that_owes_its_watcher_an_answer_for_too_long_is_told_of_by_others() {
    let clock = watched(&[]).0;
    let settings = Settings {
        // Any is too long.
        watch_timeout: Duration::ZERO,
        ..measured_by(&clock)
    };
    let shared = Shared::new(&settings, &nodes(), WATCHED);
    well(&shared);
    let told = heard::during(|| {
        shared.signals.asking(1, Instant::now());
        for _ in 0..5 {
            says(&shared, 0, WRITES, (7, 1));
        }
        shared.signals.heard(1);
        says(&shared, 1, REPLAYS, (7, 1));
    });
    assert_eq!(events(told), ["WARN node_down b", "INFO node_up b"]);
}

fn pooled(node: usize) -> Pooled {
    let now = Instant::now();
    Pooled {
        node,
        server: node,
        run: 1,
        known: known(node, now),
        member: Member::new(nodes()[node].clone(), 1),
    }
}

#[test]
fn a_span_has_where_a_checkout_went_why_and_after_how_many_connections() {
    let shared = shared();
    well(&shared);
    let session = std::sync::Arc::<SessionState>::default();
    let request = Request {
        function: Some("shop::orders::due"),
        ..read_of(&session)
    };
    let told = heard::during(|| {
        let mut checkout = Checkout::<Pooled>::new(&shared, request, false);
        let now = Instant::now();
        let Next::Take { node, .. } = checkout.step(Outcome::Started, now) else {
            panic!("no connection is taken")
        };
        let Next::Lend(guard, grant) = checkout.step(Outcome::Taken(pooled(node)), now) else {
            panic!("it is not lent")
        };
        checkout.lent(&guard, &grant, now);
        assert_eq!(grant.reason, Reason::NothingToCatchUp);
    });
    let [span] = told.as_slice() else {
        panic!("{told:#?}")
    };
    let node = if span.contains("db.routing.node=\"b\"") {
        "b"
    } else {
        "c"
    };
    for expected in [
        "INFO diesel_routing::checkout checkout:",
        "db.routing.role=\"replica\"",
        "db.routing.pool=\"read\"",
        "db.routing.reason=\"nothing_to_catch_up\"",
        "db.routing.level=\"session\"",
        "code.function.name=\"shop::orders::due\"",
        "db.system.name=\"postgresql\"",
        "db.namespace=\"shop\"",
        &format!("server.address=\"{node}\""),
        "server.port=5433",
        "db.routing.attempts=1",
        "db.routing.waited_seconds=",
    ] {
        assert!(span.contains(expected), "{expected}: {span}");
    }
    assert!(!span.contains("error"), "{span}");
}

#[test]
fn a_span_of_a_checkout_that_is_given_up_says_so() {
    let shared = shared();
    well(&shared);
    let session = std::sync::Arc::<SessionState>::default();
    let told = heard::during(|| {
        let mut checkout = Checkout::<Pooled>::new(&shared, read_of(&session), false);
        let _ = checkout.step(Outcome::Started, Instant::now());
    });
    let [span] = told.as_slice() else {
        panic!("{told:#?}")
    };
    assert!(span.contains("error.type=\"cancelled\""), "{span}");
}
