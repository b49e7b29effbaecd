//! What sessions are told to require.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::servers::{identity, read_of, role, watched};
use crate::cluster::{Node, Observation, Question, ServerFacts, Wal};
use crate::engine::Shared;
use crate::position::{Lsn, PgPosition, Position};
use crate::routing::Reason;
use crate::session::{Clock, SessionState};

/// The position that a node says it is at.
fn says(shared: &Shared, node: usize, asked: Instant, lsn: u64) {
    let opened = asked.checked_sub(Duration::from_millis(1)).unwrap();
    let question = Question {
        asked,
        sent: Instant::now(),
        server: Some(identity(node)),
        opened,
    };
    let position = Position::Postgres(PgPosition::new(7, 1, Lsn(lsn)));
    shared.record_observation(node, question, Observation::new(role(node), position));
}

/// On an idle primary, no replica would ever get there.
#[test]
fn an_insert_position_behind_a_pages_header_is_the_boundary() {
    const BOUNDARY: u64 = 3 * 8192;
    let nodes = [Node::new("primary", "0"), Node::new("replica", "1")];
    let (clock, shared) = watched(&nodes);
    let facts = ServerFacts {
        wal: Some(Wal {
            system: 7,
            timeline: 1,
            page: 8192,
            segment: 16 << 20,
            sees_receiver: true,
            writes_on: Some(1),
        }),
        ..ServerFacts::default()
    };
    let members = shared.members();
    let (_, primary) = members.iter().next().expect("a primary");
    shared.meets(primary, &facts);
    // What it says of itself is the boundary as well.
    says(&shared, 0, clock.now(), BOUNDARY);
    clock.pass(Duration::from_millis(1));
    says(&shared, 1, clock.now(), BOUNDARY);
    let session = Arc::<SessionState>::default();
    let request = super::Request {
        may_try: false,
        ..read_of(&session)
    };
    let reason = || shared.look(&request, Instant::now()).reason;
    let header = Lsn(BOUNDARY + 24).to_string();
    shared.require(&session, &header).expect("a position");
    assert_eq!(reason(), Reason::Covered);
    let behind = Lsn(BOUNDARY + 25).to_string();
    shared.require(&session, &behind).expect("a position");
    assert_eq!(reason(), Reason::NotCaughtUp);
}

#[cfg(feature = "edge")]
#[test]
fn a_time_is_the_position_of_the_first_sample_after_it() {
    let nodes = [Node::new("primary", "0"), Node::new("replica", "1")];
    let (clock, shared) = watched(&nodes);
    let second = Duration::from_secs(1);
    for lsn in [10, 20, 30] {
        says(&shared, 0, clock.now(), lsn);
        clock.pass(second);
    }
    says(&shared, 1, clock.now(), 20);
    // The samples are of three, two and one second ago.
    let at = |ago: Duration, skew| {
        let session = Arc::<SessionState>::default();
        let time = shared.wall().checked_sub(ago).unwrap();
        let is_ahead = shared.require_since(&session, time, skew);
        let request = super::Request {
            may_try: false,
            ..read_of(&session)
        };
        (is_ahead, shared.look(&request, Instant::now()).reason)
    };
    let (none, half) = (Duration::ZERO, second / 2);
    assert_eq!(at(second * 5 / 2, none), (false, Reason::Covered));
    assert_eq!(at(second * 3 / 2, none), (false, Reason::NotCaughtUp));
    // Another clock may be half a second behind, or as much as brings it to the present.
    assert_eq!(at(second * 9 / 4, half), (false, Reason::NotCaughtUp));
    assert_eq!(
        at(second * 9 / 4, second * 9),
        (false, Reason::CapturePending)
    );
    assert_eq!(at(half, none), (false, Reason::CapturePending));
}

#[test]
fn what_everybody_wrote_is_required_of_all_sessions_until_the_last_replica_has_it() {
    let nodes = [
        Node::new("primary", "0"),
        Node::new("replica", "1"),
        Node::new("late", "2"),
    ];
    let (clock, shared) = watched(&nodes);
    let say = |node, lsn| {
        clock.pass(Duration::from_millis(1));
        says(&shared, node, clock.now(), lsn);
    };
    let reason = |session: &Arc<SessionState>| {
        let request = super::Request {
            may_try: false,
            ..read_of(session)
        };
        shared.look(&request, Instant::now()).reason
    };
    let before = Arc::<SessionState>::default();
    let of_all = || [reason(&before), reason(&Arc::default())];
    for node in 0..3 {
        say(node, 10);
    }
    assert_eq!(of_all(), [Reason::NothingToCatchUp; 2]);
    shared.all_committed();
    assert!(!shared.is_common_captured());
    assert_eq!(of_all(), [Reason::CapturePending; 2]);
    say(0, 20);
    assert!(shared.is_common_captured());
    assert_eq!(of_all(), [Reason::NotCaughtUp; 2]);
    say(1, 20);
    assert_eq!(of_all(), [Reason::Covered; 2]);
    // Nobody who comes later has to carry it.
    say(2, 20);
    assert_eq!(of_all(), [Reason::Covered, Reason::NothingToCatchUp]);
    // The next one counts as well.
    shared.all_committed();
    assert_eq!(of_all(), [Reason::CapturePending; 2]);
}
