//! Tests of the roster.

use super::*;
use crate::cluster::Node;
use crate::position::{Lsn, PgPosition};

mod without_positions;

fn says(role: NodeRole, timeline: u32, lsn: u64) -> Observation {
    Observation::new(
        role,
        Position::Postgres(PgPosition::new(7, timeline, Lsn(lsn))),
    )
}

fn question() -> Question {
    of_server(None)
}

fn of_server(server: Option<ServerId>) -> Question {
    let now = Instant::now();
    Question {
        asked: now,
        sent: now,
        server,
        opened: now,
    }
}

fn roster(nodes: usize) -> Roster {
    Roster::new(&Arc::new(members(nodes)))
}

fn members(nodes: usize) -> Members {
    let names = (0..nodes).map(|node| node.to_string());
    Members::new(names.map(|name| Node::new(name.clone(), name)))
}

const PRIMARY: NodeRole = NodeRole::TakesWrites;
const REPLICA: NodeRole = NodeRole::ReplaysWrites;

#[test]
fn the_primary_is_who_takes_writes_whatever_the_order_of_the_nodes() {
    let now = question();
    let mut roster = roster(3);
    roster.observed(0, now, says(REPLICA, 1, 10));
    roster.observed(2, now, says(REPLICA, 1, 10));
    let events = roster.observed(1, now, says(PRIMARY, 1, 10));
    assert_eq!(events, [Event::Promoted { from: 0, to: 1 }]);
    assert_eq!(roster.snapshot().primary, 1);
}

#[test]
fn after_a_promotion_the_newest_timeline_wins_and_the_old_primary_gets_nothing() {
    let now = question();
    let mut roster = roster(2);
    roster.observed(0, now, says(PRIMARY, 1, 50));
    roster.observed(1, now, says(REPLICA, 1, 40));
    let events = roster.observed(1, now, says(PRIMARY, 2, 45));
    assert_eq!(events, [Event::Promoted { from: 0, to: 1 }]);
    let events = roster.observed(0, now, says(PRIMARY, 1, 60));
    assert_eq!(
        events,
        [Event::SplitBrain {
            primary: 1,
            other: 0
        }]
    );
    let snapshot = roster.snapshot();
    assert_eq!(snapshot.primary, 1);
    assert_eq!(snapshot.nodes[0].health, Health::Excluded);
    // It is reported once, not at every probe.
    assert_eq!(roster.observed(0, now, says(PRIMARY, 1, 61)), []);
    // Rebuilt as a standby of the new primary, it may serve again.
    roster.observed(0, now, says(REPLICA, 2, 61));
    assert_eq!(roster.snapshot().nodes[0].health, Health::Up);
}

/// A promoted server that was reached by the names of both roles was a split brain, to be shut down.
#[test]
fn two_names_of_one_server_are_one_primary_and_never_a_split_brain() {
    let promoted = of_server(Some(ServerId::numbered(2)));
    let mut roster = roster(2);
    roster.observed(
        0,
        of_server(Some(ServerId::numbered(1))),
        says(PRIMARY, 1, 50),
    );
    roster.observed(1, promoted, says(REPLICA, 1, 40));
    let events = roster.observed(1, promoted, says(PRIMARY, 2, 45));
    assert_eq!(events, [Event::Promoted { from: 0, to: 1 }]);
    // The name for writes follows the role.
    let events = roster.observed(0, promoted, says(PRIMARY, 2, 46));
    assert_eq!(events, [Event::Promoted { from: 1, to: 0 }]);
    roster.observed(1, promoted, says(PRIMARY, 2, 46));
    let snapshot = roster.snapshot();
    assert_eq!(snapshot.primary, 0);
    assert!(snapshot.nodes.iter().all(|node| node.health == Health::Up));
}

#[test]
fn a_node_of_another_cluster_is_excluded() {
    let now = question();
    let mut roster = roster(2);
    roster.observed(0, now, says(PRIMARY, 1, 50));
    let stranger = Position::Postgres(PgPosition::new(8, 9, Lsn(99)));
    let events = roster.observed(1, now, Observation::new(PRIMARY, stranger.clone()));
    assert_eq!(events, [Event::Foreign { node: 1 }]);
    assert_eq!(roster.foreign().map(|(node, _)| node), Some(1));
    assert_eq!(roster.snapshot().primary, 0);
    let state = &roster.snapshot().nodes[1];
    assert_eq!(state.health, Health::Excluded);
    assert_eq!(
        state.problem.as_deref(),
        Some(
            "it takes writes and belongs to another cluster (its system identifier differs), so it is another primary \
             or a logical subscriber: check its URL, or rebuild it from the primary"
        )
    );
    let says = Observation::new(REPLICA, stranger);
    roster.observed(1, now, says);
    let state = &roster.snapshot().nodes[1];
    assert_eq!(
        state.problem.as_deref(),
        Some(
            "it belongs to another cluster (its system identifier differs): check its URL, or rebuild it from the primary"
        )
    );
}

#[test]
fn what_a_primary_said_last_stays_while_its_name_leads_to_a_standby() {
    let [ours, other] = [1, 2].map(|server| of_server(Some(ServerId::numbered(server))));
    let mut roster = roster(2);
    roster.observed(0, other, says(REPLICA, 1, 40));
    assert!(roster.snapshot().has_positions());
    roster.observed(0, ours, says(PRIMARY, 1, 50));
    let before = roster.snapshot();
    roster.observed(0, other, says(REPLICA, 1, 40));
    let after = roster.snapshot();
    assert_eq!(after.nodes[0], before.nodes[0]);
    assert_eq!(after.primary, 0);
    // As soon as another node takes writes, it is that standby, and no more.
    roster.observed(1, ours, says(PRIMARY, 1, 60));
    assert_eq!(roster.snapshot().primary, 1);
    roster.observed(0, other, says(REPLICA, 1, 40));
    assert_eq!(roster.snapshot().nodes[0].server, other.server);
}

#[test]
fn a_lost_primary_stays_the_primary_until_another_node_takes_writes() {
    let now = question();
    let mut roster = roster(2);
    roster.observed(0, now, says(PRIMARY, 1, 50));
    roster.observed(1, now, says(REPLICA, 1, 50));
    roster.lost(0, "no answer");
    assert_eq!(roster.snapshot().primary, 0);
    assert_eq!(roster.snapshot().nodes[0].health, Health::Down);
    roster.observed(1, now, says(PRIMARY, 2, 51));
    assert_eq!(roster.snapshot().primary, 1);
}

/// Returns a roster that was started with these first answers, in this order, and what it reported.
fn started(nodes: usize, answers: &[(usize, Observation)]) -> (Roster, Vec<Event>) {
    let mut roster = roster(nodes);
    roster.start();
    for (node, said) in answers {
        let server = ServerId::numbered(*node as u64);
        assert_eq!(
            roster.observed(*node, of_server(Some(server)), said.clone()),
            []
        );
    }
    let events = roster.settle();
    (roster, events)
}

#[test]
fn a_start_ends_the_same_in_whatever_order_the_nodes_answer() {
    let answers = [
        (0, says(PRIMARY, 1, 50)),
        (1, says(PRIMARY, 2, 45)),
        (2, says(REPLICA, 2, 45)),
    ];
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let answers = order.map(|index| answers[index].clone());
        let (roster, events) = started(3, &answers);
        let snapshot = roster.snapshot();
        assert!(snapshot.has_primary);
        assert_eq!(snapshot.primary, 1, "the newest history");
        let health = snapshot.nodes.iter().map(|node| node.health);
        assert_eq!(
            health.collect::<Vec<_>>(),
            [Health::Excluded, Health::Up, Health::Up]
        );
        assert!(
            snapshot.nodes[2].complete_as_of.is_some(),
            "its lag is known"
        );
        let (primary, other) = (1, 0);
        let expected = [
            Event::Promoted { from: 0, to: 1 },
            Event::SplitBrain { primary, other },
        ];
        assert_eq!(events, expected);
    }
}

#[test]
fn of_two_that_take_writes_on_one_history_at_the_start_the_one_that_is_meant_to_wins() {
    for order in [[0, 1], [1, 0]] {
        let answers = order.map(|node| (node, says(PRIMARY, 1, 50)));
        let snapshot = started(2, &answers).0.snapshot();
        assert_eq!(snapshot.primary, 0);
        assert_eq!(snapshot.nodes[1].health, Health::Excluded);
    }
}

#[test]
fn a_node_of_another_cluster_is_told_at_the_start_whoever_answers_first_and_whatever_takes_writes()
{
    let stranger = |role| {
        let position = PgPosition::new(8, 9, Lsn(99));
        Observation::new(role, Position::Postgres(position))
    };
    for ours in [PRIMARY, REPLICA] {
        for theirs in [PRIMARY, REPLICA] {
            for order in [[0, 1], [1, 0]] {
                let answers = [(0, says(ours, 1, 50)), (1, stranger(theirs))];
                let (roster, _) = started(2, &order.map(|index| answers[index].clone()));
                assert_eq!(roster.foreign().map(|(node, _)| node), Some(1));
                assert_eq!(roster.member(), Some(0));
            }
        }
    }
}

#[test]
fn without_a_primary_every_standby_is_a_replica_of_unknown_lag_until_one_takes_writes() {
    let (mut roster, events) = started(2, &[(0, says(REPLICA, 1, 50)), (1, says(REPLICA, 1, 40))]);
    assert_eq!(events, []);
    let snapshot = roster.snapshot();
    assert!(!snapshot.has_primary && snapshot.position().is_none());
    assert!(snapshot.has_positions());
    for node in &snapshot.nodes {
        assert_eq!((node.health, node.complete_as_of), (Health::Up, None));
    }
    roster.observed(1, question(), says(PRIMARY, 2, 41));
    let snapshot = roster.snapshot();
    assert!(snapshot.has_primary);
    assert_eq!(snapshot.primary, 1);
}

#[test]
fn a_node_that_was_lost_before_the_start_ended_is_down() {
    let mut roster = roster(2);
    roster.start();
    roster.observed(0, question(), says(PRIMARY, 1, 50));
    roster.observed(1, question(), says(REPLICA, 1, 50));
    roster.lost(1, "no answer");
    roster.settle();
    assert_eq!(roster.snapshot().nodes[1].health, Health::Down);
}

/// Had the old primary been left, it would have got the writes again.
#[test]
fn a_primary_that_is_removed_leaves_the_writes_to_nobody_on_an_older_history() {
    let now = question();
    let mut roster = roster(2);
    roster.observed(0, now, says(PRIMARY, 1, 50));
    roster.observed(1, now, says(PRIMARY, 2, 45));
    roster.observed(0, now, says(PRIMARY, 1, 60));
    let left = roster.members().without(1);
    roster.leave(left, 1);
    for lsn in [60, 70] {
        let snapshot = roster.snapshot();
        assert!(!snapshot.has_primary);
        assert_ne!(snapshot.nodes[0].health, Health::Up);
        roster.observed(0, now, says(PRIMARY, 1, lsn));
    }
    // Rebuilt and promoted, it is on a newer one.
    roster.observed(0, now, says(PRIMARY, 3, 50));
    let snapshot = roster.snapshot();
    assert!(snapshot.has_primary);
    assert_eq!(
        (snapshot.primary, snapshot.nodes[0].health),
        (0, Health::Up)
    );
}

#[test]
fn a_primary_that_is_replaced_by_a_name_of_the_same_server_is_there_all_the_while() {
    let server = of_server(Some(ServerId::numbered(1)));
    let mut roster = roster(2);
    roster.observed(0, server, says(PRIMARY, 1, 50));
    roster.observed(1, question(), says(REPLICA, 1, 50));
    let (members, slot, _) = roster.members().with(Node::new("0", "new"));
    roster.join(members, slot);
    roster.observed(slot, server, says(PRIMARY, 1, 60));
    let left = roster.members().without(0);
    assert_eq!(roster.leave(left, 0), []);
    let snapshot = roster.snapshot();
    assert_eq!((snapshot.has_primary, snapshot.primary), (true, slot));
    assert!(
        snapshot.nodes[1].complete_as_of.is_some(),
        "its lag is known"
    );
}

#[test]
fn what_a_node_says_that_was_removed_counts_for_nothing() {
    let mut roster = roster(2);
    roster.observed(0, question(), says(PRIMARY, 1, 50));
    let left = roster.members().without(1);
    roster.leave(left, 1);
    assert_eq!(roster.observed(1, question(), says(PRIMARY, 2, 60)), []);
    assert_eq!(roster.lost(1, "late"), []);
    let snapshot = roster.snapshot();
    assert_eq!(
        (snapshot.primary, snapshot.nodes[1].clone()),
        (0, NodeState::UNKNOWN)
    );
}

/// Where histories have no order, one that was promoted with less than the removed primary had could never be written to.
#[test]
fn a_replica_that_is_promoted_after_the_primary_was_removed_gets_the_writes() {
    use crate::position::MySqlPosition;
    let uuid = |server: u64| format!("00000000-0000-0000-0000-{server:012}");
    let says = |server: u64, role, set: &str| {
        let set: MySqlPosition = set.parse().expect("a set of GTIDs");
        Observation::new(role, Position::MySql(set.of_node(server.into())))
    };
    let on = |server| of_server(Some(ServerId::numbered(server)));
    let (a, b) = (uuid(1), uuid(2));
    let mut roster = roster(2);
    // Server 2 took over from server 1, and has written what that has not replayed.
    roster.observed(1, on(2), says(2, PRIMARY, &format!("{a}:1-9,{b}:1-5")));
    roster.observed(0, on(1), says(1, REPLICA, &format!("{a}:1-9,{b}:1-3")));
    let left = roster.members().without(1);
    roster.leave(left, 1);
    assert!(!roster.snapshot().has_primary);
    roster.observed(0, on(1), says(1, PRIMARY, &format!("{a}:1-9,{b}:1-3")));
    assert!(roster.snapshot().has_primary);
}

/// A roster of a primary and a logical subscriber, and what the latter says: how far it is, and which run of its worker feeds it.
fn with_subscriber() -> (Roster, impl Fn(u64, u64) -> Observation) {
    let nodes = [
        Node::new("0", "0"),
        Node::new("1", "1").logical().tag("reporting"),
    ];
    let roster = Roster::new(&Arc::new(Members::new(nodes)));
    let subscriber = |lsn, run| {
        let position = PgPosition::new(0, 0, Lsn(lsn));
        Observation::new(REPLICA, position.into()).fed_by(run)
    };
    (roster, subscriber)
}

#[test]
fn a_logical_subscriber_is_as_far_as_its_subscription_and_never_the_primary_or_foreign() {
    let (mut roster, subscriber) = with_subscriber();
    roster.start();
    roster.observed(1, question(), subscriber(50, 1));
    let asked = question();
    roster.observed(0, asked, says(PRIMARY, 1, 50));
    assert_eq!(roster.settle(), []);
    assert_eq!(roster.foreign(), None);
    roster.observed(1, question(), subscriber(50, 1));
    let state = roster.snapshot().nodes[1].clone();
    assert_eq!(
        (state.health, state.complete_as_of),
        (Health::Up, Some(asked.asked))
    );
    assert_eq!(state.position, Some(PgPosition::new(7, 1, Lsn(50)).into()));
    roster.observed(0, question(), says(PRIMARY, 1, 60));
    roster.observed(1, question(), subscriber(59, 1));
    let behind = roster.snapshot().nodes[1].clone();
    assert_eq!(
        behind.complete_as_of,
        Some(asked.asked),
        "the rest is not there"
    );
}

/// It had 60 of the old primary's log, which counted as the new one's.
#[test]
fn what_a_subscriber_has_of_a_primary_that_was_left_behind_is_not_its_successors() {
    let (mut roster, subscriber) = with_subscriber();
    roster.observed(0, question(), says(PRIMARY, 1, 50));
    roster.observed(1, question(), subscriber(60, 1));
    roster.observed(0, question(), says(PRIMARY, 2, 55));
    roster.observed(1, question(), subscriber(60, 1));
    assert_eq!(roster.snapshot().nodes[1].complete_as_of, None);
    let asked = question();
    roster.observed(0, asked, says(PRIMARY, 2, 60));
    roster.observed(1, question(), subscriber(60, 2));
    let state = roster.snapshot().nodes[1].clone();
    assert_eq!(
        state.complete_as_of,
        Some(asked.asked),
        "its worker was started anew"
    );
}

/// It would have served nothing for as long as its worker ran.
#[test]
fn a_subscriber_that_follows_the_successor_before_that_is_known_counts_as_its() {
    let (mut roster, subscriber) = with_subscriber();
    roster.observed(0, question(), says(PRIMARY, 1, 50));
    roster.observed(1, question(), subscriber(50, 1));
    let told = question();
    roster.observed(1, told, subscriber(70, 2));
    let asked = question();
    roster.observed(0, asked, says(PRIMARY, 2, 70));
    roster.observed(1, question(), subscriber(70, 2));
    let snapshot = roster.snapshot();
    assert_eq!(snapshot.nodes[1].complete_as_of, Some(asked.asked));
    // As its own connections say it.
    let said = |run| crate::cluster::Said {
        observation: subscriber(70, run),
        sent: Instant::now(),
    };
    let told = said(2);
    let heard = snapshot.heard(1, &told).expect("it is fed by that run");
    assert_eq!(
        heard.observation.position,
        Some(PgPosition::new(7, 2, Lsn(70)).into())
    );
    assert!(snapshot.heard(1, &said(3)).is_none());
}
