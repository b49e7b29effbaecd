//! What sessions require after what they did.

use std::sync::Arc;

use super::*;
use crate::cluster::{Health, NodeState, Sample};
use crate::position::{Lsn, PgPosition, Position};
use crate::routing::Block;

fn at(lsn: u64) -> Position {
    Position::Postgres(PgPosition::new(1, 1, Lsn(lsn)))
}

/// Creates a primary that is asked every 10 ms, and advances by 10 bytes each time.
fn cluster(start: Instant, asked: u32) -> Snapshot {
    let samples: Vec<_> = (1..=asked)
        .map(|tick| Sample {
            asked: start + Duration::from_millis(10) * tick,
            position: at(u64::from(tick) * 10),
        })
        .collect();
    let mut cluster = Snapshot::new(vec![NodeState::UNKNOWN; 2], 0, [].into());
    let last = samples.last();
    cluster.nodes[0] = NodeState {
        health: Health::Up,
        position: last.map(|sample| sample.position.clone()),
        asked: last.map(|sample| sample.asked),
        ..NodeState::UNKNOWN
    };
    cluster.recent = samples.into();
    cluster
}

#[test]
fn to_leave_the_primary_a_session_needs_what_it_saw_there_and_not_what_came_later() {
    let start = Instant::now();
    let session = SessionState::default();
    let server = Some(ServerId::numbered(1));
    let reading = Reading {
        node: 0,
        server,
        stood: start,
        proved: None,
    };
    session.read_begins(reading, start);
    session.read_ends(server, start + Duration::from_millis(15));
    // Asked first after the read at 20 ms; by now it has got much further.
    let cluster = cluster(start, 100);
    let now = start + Duration::from_secs(1);
    let need = session.need(now, Duration::from_secs(5), &cluster, None);
    assert!(need.may_leave);
    assert_eq!(need.leaving, Some(at(20)));
}

/// Only the latest sample of callers was kept, which others asked for just now: a session that was on the primary needed what no
/// replica has that is behind, and stayed there.
#[test]
fn what_other_callers_asked_for_later_is_not_needed() {
    let start = Instant::now();
    let session = SessionState::default();
    let reading = Reading {
        node: 0,
        server: Some(ServerId::numbered(1)),
        stood: start,
        proved: None,
    };
    session.read_begins(reading, start);
    session.read_ends(reading.server, start + Duration::from_millis(15));
    let mut samples = Samples::default();
    for millis in 16..50 {
        let asked = start + Duration::from_millis(millis);
        let position = at(millis);
        samples = samples.with(&Arc::new(Sample { asked, position })).unwrap();
    }
    let now = start + Duration::from_millis(50);
    let cluster = cluster(start, 1);
    let need = session.need(now, Duration::from_secs(5), &cluster, Some(&samples));
    assert!(need.may_leave);
    assert_eq!(need.leaving, Some(at(16)));
}

/// Two reads that were decided at the same time, when nothing was required yet, went to two replicas; the one that
/// began last was taken to have what the other had shown.
#[test]
fn a_proof_from_before_another_server_was_read_says_nothing_of_what_was_seen_there() {
    let start = Instant::now();
    let session = SessionState::default();
    let mut cluster = cluster(start, 100);
    let now = start + Duration::from_secs(1);
    let behind = NodeState {
        server: Some(ServerId::numbered(2)),
        opened: start.checked_sub(Duration::from_secs(1)),
        position: Some(at(1)),
        ..cluster.nodes[0].clone()
    };
    cluster.nodes[1] = behind.clone();
    let need = || session.need(now, Duration::from_secs(5), &cluster, None);
    let reading = |server| Reading {
        node: 1,
        server: Some(ServerId::numbered(server)),
        stood: start,
        proved: Some(0),
    };
    assert_eq!(need().version, 0);
    assert!(need().is_met(&behind));
    for server in [3, 2] {
        session.read_begins(reading(server), start);
        session.read_ends(Some(ServerId::numbered(server)), start);
    }
    assert_eq!(need().block, None, "the primary was asked since");
    assert!(!need().is_met(&behind));
}

/// Once the window was over, a session forgot what it had written, and read an older state from a replica.
#[test]
fn while_no_node_takes_writes_a_session_keeps_the_position_of_what_it_wrote() {
    let start = Instant::now();
    let session = SessionState::default();
    let window = Duration::from_secs(5);
    session.committed(start + Duration::from_millis(15));
    let with = cluster(start, 3);
    let need = session.need(start + Duration::from_millis(40), window, &with, None);
    assert_eq!(need.wrote, Some(at(20)));
    let replica = |lsn| NodeState {
        health: Health::Up,
        position: Some(at(lsn)),
        ..NodeState::UNKNOWN
    };
    let nodes = vec![NodeState::UNKNOWN, replica(10), replica(20)];
    let without = Snapshot::without_primary(nodes.clone(), 0, None);
    let need = session.need(start + window * 2, window, &without, None);
    assert_eq!(need.block, None);
    assert!(!need.is_met(&nodes[1]));
    assert!(need.is_met(&nodes[2]));
}

/// Where another name of the primary's server takes the place of the one that was asked last, what that says is older than
/// what sessions know.
#[test]
fn what_another_name_of_the_primary_said_before_lowers_no_position() {
    let start = Instant::now();
    let session = SessionState::default();
    session.committed(start + Duration::from_millis(15));
    let mut cluster = cluster(start, 2);
    let now = start + Duration::from_secs(1);
    let need = session.need(now, Duration::from_secs(5), &cluster, None);
    assert_eq!(need.wrote, Some(at(20)));
    // One more sample, and then the other name, which was asked before the write.
    let recent = cluster.recent.iter().cloned().chain([Sample {
        asked: start + Duration::from_millis(30),
        position: at(30),
    }]);
    cluster.recent = recent.collect();
    cluster.nodes[0].position = Some(at(10));
    cluster.nodes[0].asked = Some(start + Duration::from_millis(10));
    let need = session.need(now, Duration::from_secs(5), &cluster, None);
    assert_eq!(need.wrote, Some(at(20)));
}

/// Past the window, it forgot what it had seen there, and a replica that had gone back by minutes served it.
#[test]
fn a_read_whose_position_nobody_has_told_yet_binds_past_the_window() {
    let start = Instant::now();
    let session = SessionState::default();
    let window = Duration::from_secs(5);
    // On a server of which nothing is known.
    session.read_ends(None, start + Duration::from_millis(15));
    let replica = NodeState {
        health: Health::Up,
        position: Some(at(10)),
        ..NodeState::UNKNOWN
    };
    let nodes = vec![NodeState::UNKNOWN, replica];
    let without = Snapshot::without_primary(nodes.clone(), 0, None);
    let need = |cluster: &_| session.need(start + window * 2, window, cluster, None);
    assert_eq!(need(&without).block, Some(Block::SeenPending));
    // The name of the primary is there, and not its position.
    let unknown = Snapshot::new(nodes, 0, [].into());
    assert_eq!(need(&unknown).block, Some(Block::SeenPending));
    // It is asked at last.
    let need = need(&cluster(start, 3));
    assert_eq!((need.block, need.seen), (None, Some(at(20))));
}

/// Past the window, a replica that was known to lag by more than that served a session that had written at an unknown position.
#[test]
fn what_the_window_has_passed_over_is_still_required_of_replicas_whose_lag_is_known() {
    let start = Instant::now();
    let session = SessionState::default();
    let window = Duration::from_secs(5);
    let wrote = start + Duration::from_secs(10);
    session.wrote_perhaps(wrote);
    let cluster = cluster(start, 3);
    let need = |now| session.need(now, window, &cluster, None);
    assert_eq!(need(wrote + window / 2).block, Some(Block::RecentWrite));
    let need = need(wrote + window);
    assert_eq!(need.block, None);
    let complete = |as_of| NodeState {
        health: Health::Up,
        complete_as_of: as_of,
        ..NodeState::UNKNOWN
    };
    assert!(!need.is_met(&complete(Some(wrote - Duration::from_millis(1)))));
    assert!(need.is_met(&complete(Some(wrote))));
    assert!(
        need.is_met(&complete(None)),
        "nothing but the window is known"
    );
}

/// What lies on the history before a failover can be compared with nothing.
#[test]
fn a_lost_write_is_required_by_its_time_once_the_window_has_passed() {
    let start = Instant::now();
    let session = SessionState::default();
    let window = Duration::from_secs(5);
    let wrote = start + Duration::from_millis(15);
    session.committed(wrote);
    let before = cluster(start, 3);
    session.need(start + Duration::from_millis(40), window, &before, None);
    let mut after = cluster(start, 3);
    // It branches off before the write.
    after.nodes[0].position = Some(Position::Postgres(PgPosition::new(1, 2, Lsn(15))));
    after.recent = [].into();
    let need = |now| session.need(now, window, &after, None);
    assert_eq!(need(start + window / 2).block, Some(Block::OldHistory));
    let need = need(start + window * 2);
    assert_eq!((need.block, need.wrote), (None, None));
    assert_eq!(need.passed, Some(wrote));
}

#[test]
fn what_everybody_wrote_is_joined_once_and_is_no_activity() {
    let start = Instant::now();
    let at_millis = |millis| Some(start + Duration::from_millis(millis));
    let session = SessionState::default();
    let cluster = cluster(start, 4);
    let now = start + Duration::from_millis(50);
    let need = || session.need(now, Duration::from_secs(5), &cluster, None);
    session.join_common(1, at_millis(15), None);
    let first = need();
    assert_eq!((first.block, first.wrote.clone()), (None, Some(at(20))));
    session.join_common(1, at_millis(35), None);
    assert_eq!(need(), first);
    session.join_common(2, at_millis(25), None);
    assert_eq!(need().wrote, Some(at(30)));
    session.join_common(3, None, at_millis(45));
    assert_eq!(need().block, Some(Block::RecentWrite));
    #[cfg(feature = "edge")]
    assert_eq!(session.activity(), Activity::default());
}
