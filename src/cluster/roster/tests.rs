//! Tests of the roster.

use super::*;
use crate::position::{Lsn, PgPosition};

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

const PRIMARY: NodeRole = NodeRole::TakesWrites;
const REPLICA: NodeRole = NodeRole::ReplaysWrites;

#[test]
fn the_primary_is_who_takes_writes_whatever_the_order_of_the_nodes() {
    let now = question();
    let mut roster = Roster::new(3);
    roster.observed(0, now, says(REPLICA, 1, 10));
    roster.observed(2, now, says(REPLICA, 1, 10));
    let events = roster.observed(1, now, says(PRIMARY, 1, 10));
    assert_eq!(events, [Event::Promoted { from: 0, to: 1 }]);
    assert_eq!(roster.snapshot().primary, 1);
}

#[test]
fn after_a_promotion_the_newest_timeline_wins_and_the_old_primary_gets_nothing() {
    let now = question();
    let mut roster = Roster::new(2);
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
    let mut roster = Roster::new(2);
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
    let mut roster = Roster::new(2);
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
    let mut roster = Roster::new(2);
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
    let mut roster = Roster::new(2);
    roster.observed(0, now, says(PRIMARY, 1, 50));
    roster.observed(1, now, says(REPLICA, 1, 50));
    roster.lost(0, "no answer");
    assert_eq!(roster.snapshot().primary, 0);
    assert_eq!(roster.snapshot().nodes[0].health, Health::Down);
    roster.observed(1, now, says(PRIMARY, 2, 51));
    assert_eq!(roster.snapshot().primary, 1);
}
