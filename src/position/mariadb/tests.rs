use proptest::prelude::*;

use super::*;
use crate::position::kind::numbers;

fn at(text: &str) -> MariaDbPosition {
    text.parse().unwrap()
}

/// Creates the position of a node: its id, its last transaction of each domain, and its `gtid_binlog_state`.
fn node(server: u32, last: &str, history: &str) -> MariaDbPosition {
    MariaDbPosition::of_node(server, &at(last), &at(history))
}

/// Generates positions, often near others.
pub(super) fn samples() -> BoxedStrategy<MariaDbPosition> {
    let gtid = (numbers(), numbers(), numbers()).prop_map(|(domain, server, sequence)| {
        let id = |number| u32::try_from(number % (1 << 32)).unwrap();
        Gtid::new(id(domain), id(server), sequence)
    });
    prop::collection::vec(gtid, 0..12)
        .prop_map(MariaDbPosition::new)
        .boxed()
}

#[test]
fn it_prints_and_parses_mariadbs_notation() {
    for text in [
        "",
        "0-1-100",
        "0-1-100,2-7-3",
        "4294967295-1-18446744073709551615",
    ] {
        assert_eq!(at(text).to_string(), text);
    }
    assert_eq!(at("2-7-3,0-1-100").to_string(), "0-1-100,2-7-3");
    assert_eq!(at("0-1-100,0-1-99").to_string(), "0-1-100");
}

#[test]
fn other_texts_are_refused() {
    for text in [
        "0",
        "0-1",
        "0-1-",
        "0-1-2-3",
        "-1-2",
        "0-1-2,",
        ",0-1-2",
        "0--1-2",
        "+0-1-2",
        " 0-1-2",
        "a-1-2",
        "4294967296-1-2",
        "0-1-18446744073709551616",
    ] {
        assert!(text.parse::<MariaDbPosition>().is_err(), "{text}");
    }
}

#[test]
fn every_domain_must_be_covered() {
    assert!(at("0-1-100,1-1-5").covers(&at("0-1-100")));
    assert!(!at("0-1-100").covers(&at("0-1-100,1-1-5")));
    assert!(!at("0-1-99").covers(&at("0-1-100")));
}

/// The primaries of a split brain both write transactions; a replica of one does not have the other's.
#[test]
fn a_greater_number_of_another_server_covers_nothing() {
    let replica_of_the_old = node(3, "0-1-103", "0-1-103");
    assert!(!replica_of_the_old.covers(&at("0-2-102")));
    let replica_of_the_new = node(3, "0-2-103", "0-1-101,0-2-103");
    assert!(replica_of_the_new.covers(&at("0-2-102")));
}

#[test]
fn what_was_written_before_a_failover_is_covered_by_who_remembers_it() {
    let replica = node(3, "0-2-110", "0-1-104,0-2-110");
    assert!(replica.covers(&at("0-1-104")));
    assert!(!replica.covers(&at("0-1-105")), "it was lost");
}

/// A replica writes its binary log before it shows a transaction.
#[test]
fn a_log_that_is_ahead_of_what_is_shown_proves_nothing() {
    let replica = node(3, "0-1-100", "0-1-120");
    assert!(replica.covers(&at("0-1-100")));
    assert!(!replica.covers(&at("0-1-101")));
}

#[test]
fn what_the_primary_may_still_write_is_no_other_history() {
    let primary = node(2, "0-2-110", "0-1-104,0-2-110");
    assert!(
        primary.may_reach(&at("0-2-115")),
        "a newer commit of its own"
    );
    assert!(primary.may_reach(&at("0-1-104")));
    assert!(!primary.may_reach(&at("0-1-105")), "lost in the failover");
    assert!(!primary.may_reach(&at("0-3-111")), "somebody else's");
}

#[test]
fn of_two_writable_nodes_the_one_that_wrote_after_it_followed_the_other_succeeds() {
    let old = node(1, "0-1-105", "0-1-105");
    let new = node(2, "0-2-110", "0-1-104,0-2-110");
    assert!(new.succeeds(&old));
    assert!(!old.succeeds(&new));
    let promoted_just_now = node(2, "0-1-104", "0-1-104");
    assert!(!promoted_just_now.succeeds(&old));
    assert!(
        !old.succeeds(&promoted_just_now),
        "it never followed that one"
    );
    let stranger = node(9, "0-9-500", "0-9-500");
    assert!(!stranger.succeeds(&old) && !old.succeeds(&stranger));
}

/// Otherwise a replica rebuilt from a backup, which remembers only who wrote last, would be left out for as
/// long as a session lasts.
#[test]
fn what_a_later_transaction_of_the_domain_implies_is_left_out() {
    let primary = node(2, "0-2-110,1-1-7", "0-1-104,0-2-110,1-1-7");
    let required = at("0-1-104,0-2-108,1-1-7");
    assert_eq!(required.reduced(&primary), Some(at("0-2-108,1-1-7")));
    assert_eq!(at("0-2-108").reduced(&primary), None);
    // What the primary never had is not implied by anything.
    assert_eq!(at("0-1-105,0-2-108").reduced(&primary), None);
}

#[test]
fn a_promoted_node_is_at_the_later_of_what_it_replayed_and_what_it_wrote() {
    let (replayed, wrote) = (at("0-1-100,3-1-7"), at("0-2-105,4-2-1"));
    assert_eq!(replayed.latest_of(&wrote), at("0-2-105,3-1-7,4-2-1"));
    assert_eq!(wrote.latest_of(&replayed), at("0-2-105,3-1-7,4-2-1"));
}

#[test]
fn a_demoted_primary_has_its_own_writes_until_it_replays_others() {
    let own = at("0-1-100");
    assert_eq!(at("").or_own(1, &own), own);
    assert_eq!(at("0-2-101").or_own(1, &own), at("0-2-101"));
    assert_eq!(at("").or_own(3, &own), at(""));
}

fn positions() -> impl Strategy<Value = MariaDbPosition> {
    let gtid = (0..3_u32, 1..4_u32, 1..6_u64);
    prop::collection::vec(gtid, 0..6).prop_map(|gtids| {
        let gtids = gtids
            .into_iter()
            .map(|(domain, server, number)| Gtid::new(domain, server, number));
        MariaDbPosition::new(gtids)
    })
}

proptest! {
    #[test]
    fn join_is_the_least_position_that_covers_both(
        a in positions(), b in positions(), c in positions(),
    ) {
        let joined = a.join(&b);
        prop_assert!(joined.covers(&a) && joined.covers(&b));
        prop_assert_eq!(c.covers(&joined), c.covers(&a) && c.covers(&b));
        prop_assert_eq!(&joined, &b.join(&a));
        prop_assert_eq!(a.join(&b.join(&c)), joined.join(&c));
        prop_assert_eq!(&joined.join(&a), &joined);
    }

    #[test]
    fn covers_is_an_order(a in positions(), b in positions(), c in positions()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
        prop_assert!(!(a.covers(&b) && b.covers(&a)) || a == b);
    }

    #[test]
    fn what_is_printed_is_parsed(a in positions()) {
        prop_assert_eq!(at(&a.to_string()), a);
    }
}
