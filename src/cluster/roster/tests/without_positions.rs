//! Clusters whose nodes have no positions, as those of Aurora.

use super::*;

fn instance(role: NodeRole, follows: &str, lag: Option<u64>) -> Observation {
    Observation {
        lag: lag.map(Duration::from_millis),
        follows: Some(follows.to_owned()),
        ..Observation::without_position(role)
    }
}

#[test]
fn without_positions_roles_are_followed_and_lag_is_what_a_node_says() {
    let now = question();
    let asked = |node| Question {
        server: Some(ServerId::numbered(node)),
        ..now
    };
    let mut roster = roster(3);
    roster.observed(0, asked(0), instance(PRIMARY, "a", Some(0)));
    roster.observed(1, asked(1), instance(REPLICA, "a", Some(300)));
    roster.observed(2, asked(2), instance(REPLICA, "a", None));
    let snapshot = roster.snapshot();
    assert!(snapshot.has_primary && !snapshot.knows_positions());
    let lag = |node: usize| snapshot.nodes[node].lag(now.asked);
    assert_eq!(lag(1), Some(Duration::from_millis(300)));
    assert_eq!(lag(2), None);

    // Nothing tells which of two writers is the older one: the one that is known, as long as it is up.
    let events = roster.observed(1, asked(1), instance(PRIMARY, "b", Some(0)));
    let (primary, other) = (0, 1);
    assert_eq!(events, [Event::SplitBrain { primary, other }]);
    let events = roster.lost(0, "gone");
    assert_eq!(events, [Event::Promoted { from: 0, to: 1 }]);
    // The other reader has not heard of it, nor has the former writer.
    for reader in [2, 0] {
        roster.observed(
            reader,
            asked(reader as u64),
            instance(REPLICA, "a", Some(10)),
        );
        let state = &roster.snapshot().nodes[reader];
        assert_eq!(state.health, Health::Excluded);
        let problem = state.problem.as_deref().unwrap_or_default();
        assert!(problem.contains("`a`, and `b` takes"), "{problem}");
        roster.observed(
            reader,
            asked(reader as u64),
            instance(REPLICA, "b", Some(10)),
        );
        assert_eq!(roster.snapshot().nodes[reader].health, Health::Up);
    }
}

#[test]
fn without_positions_a_connection_leads_to_the_primary_if_that_is_its_server_or_down() {
    let server = |number| Some(ServerId::numbered(number));
    let mut roster = roster(2);
    roster.observed(0, of_server(server(1)), instance(PRIMARY, "a", Some(0)));
    let is_led_by = |roster: &Roster, number| {
        let said = instance(PRIMARY, "b", Some(0));
        roster.snapshot().is_led_by(server(number), &said)
    };
    assert!(is_led_by(&roster, 1));
    assert!(!is_led_by(&roster, 2));
    roster.lost(0, "gone");
    assert!(is_led_by(&roster, 2));
}
