//! Rules of which nodes are preferred: tags, and the primary's share.

use proptest::prelude::*;

use super::*;
use crate::routing::Tag;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn a_replica_with_the_tag_serves_what_it_may(case in cases()) {
        if case.asked().is_none() {
            return Ok(());
        }
        let may = |index: usize| {
            let node = &case.cluster.nodes[index];
            case.is_healthy(index) && case.is_tagged(index) && match (case.level, &case.need) {
                (Level::Eventual, _) => true,
                (Level::Bounded(bound), _) => node.lag(now()).is_some_and(|lag| lag <= bound),
                (Level::Session, Some(need)) => case.is_proved(index, need),
                _ => false,
            }
        };
        if (0..case.cluster.nodes.len()).any(may) {
            let decision = case.decide();
            prop_assert!(case.is_tagged(decision.node), "{decision:?}");
            prop_assert_ne!(decision.node, case.cluster.primary);
        }
    }

    #[test]
    fn one_of_many_nodes_with_the_tag_is_found_if_it_may_serve(mut case in cases(), place in 0..100_usize) {
        let node = NodeState {
            health: Health::Up,
            complete_as_of: Some(now()),
            sent: Some(now()),
            ..case.cluster.nodes[0].clone()
        };
        let mut nodes: Vec<_> = (0..100)
            .map(|_| NodeState { health: Health::Down, ..node.clone() })
            .collect();
        nodes[place] = node;
        let primary = (place + 1) % 100;
        case.cluster = Snapshot::new(nodes, primary, [].into());
        (case.level, case.avoid, case.silent, case.tagged) = (Level::Eventual, None, None, u8::MAX);
        case.on = Some(Otherwise::Fail);
        case.max_lag = None;
        prop_assert_eq!(case.decide().node, place);
    }

    #[test]
    fn the_primarys_share_is_of_what_a_replica_may_serve_at_every_level(mut case in cases()) {
        let without = case.decide();
        case.is_shared = true;
        let primary = case.cluster.primary;
        let is_up = case.cluster.nodes[primary].health == Health::Up
            && case.silent != Some(primary)
            && case.avoid != Some(primary);
        let is_given = !without.reason.is_for_primary() && is_up && case.asked().is_none();
        let expected = if is_given {
            Decision::primary(&case.cluster, Reason::PrimaryShare)
        } else {
            without
        };
        prop_assert_eq!(case.decide(), expected);
    }
}

/// A share of one in four, of reads at every level; a session's reads stay on one side.
#[test]
fn a_share_of_one_in_four_is_that_at_every_level() {
    let node = NodeState {
        serial: 1,
        health: Health::Up,
        complete_as_of: Some(now()),
        sent: Some(now()),
        ..NodeState::UNKNOWN
    };
    let mut cluster = Snapshot::new(vec![node; 3], 0, [].into());
    for node in &mut cluster.nodes {
        let position = PgPosition::new(1, 1, Lsn(10));
        node.position = Some(Position::Postgres(position));
    }
    let policy = Policy {
        primary_share: Balance::LeastOfTwo.include_primary(0.25).primary(),
        ..policy_of(3)
    };
    let decide = |level, lot, random| {
        let need = Need {
            wrote: cluster.position().cloned(),
            may_leave: true,
            ..Need::default()
        };
        decide(&Inputs {
            level,
            bound: level.bound(),
            need: (level == Level::Session).then_some(need),
            cluster: &cluster,
            policy: &policy,
            now: now(),
            system_now: now(),
            avoid: None,
            on: None,
            kept: None,
            is_limited: false,
            max_lag: None,
            random,
            lot,
            load: |_| 0,
            turn: || 0,
            delay: |_| Delay {
                time: MAX_LAG,
                odds: u32::MAX,
            },
            may_try: false,
            is_silent: |_| false,
        })
    };
    let random = crate::random::number;
    for level in [
        Level::Eventual,
        Level::Bounded(Duration::from_secs(1)),
        Level::Session,
    ] {
        let mut counts = [0; 3];
        for _ in 0..40_000 {
            let lot = random();
            let decision = decide(level, lot, random());
            counts[decision.node] += 1;
            assert_eq!(decision.reason == Reason::PrimaryShare, decision.node == 0);
            let again = decide(level, lot, random());
            assert_eq!(again.node == 0, decision.node == 0);
        }
        // Of 40,000, five standard deviations are 433 for the primary, and 484 for a replica.
        assert!((9_560..10_440).contains(&counts[0]), "{counts:?}");
        for replica in &counts[1..] {
            assert!((14_510..15_490).contains(replica), "{counts:?}");
        }
    }
    assert_eq!(decide(Level::Strong, 0, 0).reason, Reason::Strong);
}

/// Returns the defaults for this many nodes, of which nothing is said.
fn policy_of(nodes: usize) -> Policy {
    Policy {
        max_lag: MAX_LAG,
        max_silence: MAX_SILENCE,
        balance: Balance::LeastOfTwo,
        weights: vec![1; nodes],
        latencies: Vec::new(),
        primary_share: Share::NONE,
        tags: Tags::default(),
        unreserved: nodes,
        logical: Vec::new(),
        near: None,
    }
}

/// Decides for one who may try replicas, between a primary and a replica that are both here.
fn of_two(
    adapt: impl Fn(&mut Policy),
    level: Level,
    wrote: u64,
    on: Option<&Tag>,
) -> (usize, Reason) {
    let position = Position::Postgres(PgPosition::new(1, 1, Lsn(10)));
    let node = NodeState {
        serial: 1,
        health: Health::Up,
        complete_as_of: Some(now()),
        sent: Some(now()),
        position: Some(position),
        ..NodeState::UNKNOWN
    };
    let cluster = Snapshot::new(vec![node; 2], 0, [].into());
    let mut policy = policy_of(2);
    adapt(&mut policy);
    let on = on.map(|tag| policy.tags.wanted(tag.target()).expect("a tag"));
    let need = Need {
        wrote: Some(PgPosition::new(1, 1, Lsn(wrote)).into()),
        since: Some(now()),
        may_leave: true,
        ..Need::default()
    };
    let decision = decide(&Inputs {
        level,
        bound: level.bound(),
        need: (level == Level::Session).then_some(need),
        cluster: &cluster,
        policy: &policy,
        now: now(),
        system_now: now(),
        avoid: None,
        on,
        kept: None,
        is_limited: !policy.tags.admit_all(on),
        max_lag: None,
        random: 0,
        lot: 0,
        load: |_| 0,
        turn: || 0,
        delay: |_| Delay {
            time: Duration::ZERO,
            odds: u32::MAX,
        },
        may_try: true,
        is_silent: |_| false,
    });
    (decision.node, decision.reason)
}

/// What it tells of itself may be less than what a session has seen there.
#[test]
fn a_logical_subscriber_serves_no_session_whatever_it_has() {
    let names = ["reporting".to_owned()];
    let tag = Tag::new("reporting");
    let decided = |level, on| {
        let adapt = |policy: &mut Policy| {
            policy.tags = Tags::new([(&[][..], false), (&names[..], true)].into_iter());
            policy.logical = vec![false, true];
            policy.unreserved = 1;
        };
        of_two(adapt, level, 10, on)
    };
    let bounded = Level::Bounded(Duration::from_secs(1));
    assert_eq!(decided(Level::Eventual, Some(&tag)), (1, Reason::Eventual));
    assert_eq!(decided(bounded, Some(&tag)), (1, Reason::Bounded));
    assert_eq!(decided(Level::Session, Some(&tag)), (0, Reason::Fallback));
    // Of the others it is no part, and no loss to them.
    assert_eq!(decided(Level::Eventual, None), (0, Reason::NoReplica));
    assert_eq!(decided(Level::Session, None), (0, Reason::NoReplica));
}

/// A session beside the primary tried a replica at the other end of the world after each write.
#[test]
fn a_replica_that_is_only_likely_to_serve_is_tried_in_the_callers_zone() {
    let decided = |near: Option<[bool; 2]>, wrote| {
        let adapt = |policy: &mut Policy| policy.near = near.map(|near| near.to_vec());
        of_two(adapt, Level::Session, wrote, None)
    };
    for near in [None, Some([false, true])] {
        assert_eq!(decided(near, 11), (1, Reason::Covered), "it may be tried");
    }
    assert_eq!(decided(Some([true, false]), 11), (0, Reason::NotCaughtUp));
    // One that is known to have it serves.
    assert_eq!(decided(Some([true, false]), 10), (1, Reason::Covered));
}
