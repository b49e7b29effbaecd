use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::session::token::samples::{at, millis, tokens};

fn token() -> Token {
    Token::new(millis(1_000))
}

#[test]
fn a_later_write_never_lowers_what_is_required() {
    let token = token()
        .wrote(at(1, 1, 20), millis(5))
        .wrote(at(1, 1, 10), millis(6));
    assert_eq!(token.required(), Some(at(1, 1, 20)));
    assert_eq!(token.written_at(), Some(millis(6)));
    assert_eq!(token.unknown_since(), None);
}

#[test]
fn a_write_on_an_old_timeline_becomes_one_of_unknown_position_at_its_time() {
    let old = token().wrote(at(1, 1, 99), millis(7));
    let new = token().wrote(at(1, 2, 10), millis(5));
    let merged = old.merge(&new);
    assert_eq!(merged.required(), Some(at(1, 2, 10)));
    assert_eq!(merged.unknown_since(), Some(millis(7)));
}

#[test]
fn a_floor_follows_the_cluster_to_its_new_timeline_and_never_sinks() {
    let merged = token().saw(at(1, 1, 99)).merge(&token().saw(at(1, 2, 10)));
    assert_eq!(merged.floor(), Some(at(1, 2, 99)));
}

#[test]
fn the_last_write_counts_whether_its_position_is_known_or_not() {
    let known_last = token()
        .wrote(at(1, 1, 1), millis(7))
        .wrote_at_unknown_position(millis(5));
    let unknown_last = token()
        .wrote(at(1, 1, 1), millis(5))
        .wrote_at_unknown_position(millis(7));
    assert_eq!(known_last.written_at(), Some(millis(7)));
    assert_eq!(unknown_last.written_at(), Some(millis(7)));
    assert_eq!(token().saw(at(1, 1, 1)).written_at(), None);
}

#[test]
fn a_token_of_another_cluster_is_none() {
    let here = at(1, 3, 50);
    let foreign = token().wrote(at(2, 3, 10), millis(5)).saw(at(2, 3, 10));
    assert_eq!(foreign.for_cluster_of(&here), Err(Rejection::OtherCluster));
    assert_eq!(token().for_cluster_of(&here), Ok(token()));
}

#[test]
fn merged_with_a_token_of_another_cluster_a_write_is_still_remembered() {
    let ours = token().wrote(at(1, 1, 10), millis(5));
    for system in [0, 2] {
        let merged = ours.merge(&token().wrote(at(system, 1, 10), millis(4)));
        let kept = merged.for_cluster_of(&at(1, 1, 50)).unwrap();
        assert!(kept.written_at() >= Some(millis(4)), "{kept:?}");
        assert!(kept.required() == ours.required() || kept.unknown_since() == Some(millis(5)));
    }
}

#[test]
fn positions_past_the_primary_are_lowered_to_it_on_its_own_history_only() {
    let primary = at(1, 2, 50);
    let clamped = |required, floor| {
        let token = token().wrote(required, millis(5)).saw(floor);
        let token = token.clamped_to(&primary);
        (token.required(), token.floor())
    };
    assert_eq!(
        clamped(at(1, 2, 60), at(1, 2, 70)),
        (Some(primary.clone()), Some(primary.clone()))
    );
    assert_eq!(
        clamped(at(1, 2, 40), at(1, 1, 70)),
        (Some(at(1, 2, 40)), Some(at(1, 1, 70)))
    );
}

proptest! {
    #[test]
    fn merge_is_commutative(a in tokens(), b in tokens()) {
        prop_assert_eq!(a.merge(&b), b.merge(&a));
    }

    #[test]
    fn merge_is_associative(a in tokens(), b in tokens(), c in tokens()) {
        prop_assert_eq!(a.merge(&b).merge(&c), a.merge(&b.merge(&c)));
    }

    #[test]
    fn merge_is_idempotent(a in tokens(), b in tokens()) {
        prop_assert_eq!(a.merge(&a), a.clone());
        let both = a.merge(&b);
        prop_assert_eq!(both.merge(&b), both);
    }

    #[test]
    fn a_merge_asks_for_no_less_than_either(a in tokens(), b in tokens()) {
        let both = a.merge(&b);
        for one in [&a, &b] {
            prop_assert!(both.expires() >= one.expires());
            prop_assert!(both.written_at() >= one.written_at());
            prop_assert!(both.unknown_since() >= one.unknown_since());
            if let Some(write) = &one.required {
                let kept = both.required().unwrap().covers(&write.position);
                prop_assert!(kept || both.unknown_since >= Some(write.at));
            }
            if let Some(floor) = one.floor() {
                let kept = both.floor().unwrap();
                if let (Position::Postgres(low), Position::Postgres(high)) = (&floor, &kept) {
                    prop_assert!(high.system > low.system || (high.system == low.system && high.lsn >= low.lsn));
                    prop_assert!(high.system > low.system || high.timeline >= low.timeline);
                } else {
                    prop_assert!(kept.covers(&floor) || kept.is_newer(&floor));
                }
            }
        }
    }

    #[test]
    fn no_position_of_another_cluster_is_ever_honoured(token in tokens(), here in Position::samples()) {
        if let Ok(kept) = token.for_cluster_of(&here) {
            for position in [kept.required(), kept.floor()].into_iter().flatten() {
                prop_assert!(position.same_cluster(&here));
            }
        }
    }

    #[test]
    fn no_position_is_covered_by_a_node_of_another_history(token in tokens(), node in Position::samples()) {
        for position in [token.required(), token.floor()].into_iter().flatten() {
            prop_assert!(!node.covers(&position) || node.same_cluster(&position));
        }
    }

    #[test]
    fn clamping_leaves_nothing_past_the_primary(token in tokens(), primary in Position::samples()) {
        let clamped = token.clone().clamped_to(&primary);
        for position in [clamped.required(), clamped.floor()].into_iter().flatten() {
            prop_assert!(primary.covers(&position) || !primary.may_reach(&position));
        }
        prop_assert_eq!(clamped.written_at(), token.written_at());
    }

    #[test]
    fn times_are_kept_to_the_millisecond_above(nanos in 0..1u64 << 60) {
        let time = std::time::UNIX_EPOCH + Duration::from_nanos(nanos);
        let kept = Token::new(time).expires();
        prop_assert!(kept >= time && kept < time + Duration::from_millis(1));
    }
}
