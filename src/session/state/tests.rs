//! What sessions require after what they did.

use super::*;
use crate::cluster::{Health, NodeState};
use crate::position::{Lsn, PgPosition};

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
