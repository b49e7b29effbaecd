//! Strength is never lost: whatever is decided satisfies each adviser alone.

use proptest::prelude::*;

use super::*;
use crate::routing::{Fallback, Refusal};

/// What one adviser requires: the attribute, the call, the handle's type, a view, a rule, a class, a header.
fn advisers() -> impl Strategy<Value = Strength> {
    let levels = prop_oneof![
        3 => Just(Level::Eventual),
        2 => (0..90_u64).prop_map(|bound| Level::Bounded(Duration::from_secs(bound))),
        2 => Just(Level::Session),
        1 => Just(Level::Strong),
    ];
    let limits = prop::option::weighted(0.3, (0..90_u64).prop_map(Duration::from_secs));
    let fallbacks = prop_oneof![
        3 => Just(Fallback::ToPrimary),
        1 => Just(Fallback::Wait(Duration::from_millis(200))),
        1 => Just(Fallback::Refuse),
    ];
    (levels, limits, fallbacks, prop::bool::weighted(0.1)).prop_map(
        |(level, limit, fallback, stays)| {
            Strength::from(level)
                .within(limit)
                .or(fallback)
                .staying(stays)
        },
    )
}

/// Returns whether what was decided for all is as much as one asked for.
fn satisfies(case: &Case, one: Strength, decision: Decision) -> Result<(), TestCaseError> {
    let is_afar = case.with(|inputs| inputs.policy.is_afar(decision.node));
    if let Some(refusal) = one.refusal(decision.reason, is_afar) {
        // It would rather fail than go there, and it does.
        prop_assert!(decision.refusal.is_some(), "{refusal:?} was lost");
    }
    if decision.node == case.cluster.primary {
        return Ok(());
    }
    let node = &case.cluster.nodes[decision.node];
    prop_assert!(!matches!(one.level(), Level::Strong | Level::Write));
    if let Some(bound) = one.bound() {
        let lag = node.lag(now());
        prop_assert!(
            lag.is_some_and(|lag| lag <= bound),
            "{lag:?} is more than {bound:?}"
        );
        // Where servers are told apart, it is that run of it which was within the bound.
        let is_of_its_answer = match decision.basis {
            Basis::Answer { .. } | Basis::Itself => true,
            Basis::Server(_) => false,
            Basis::Nothing => !case.cluster.knows_positions(),
        };
        prop_assert!(is_of_its_answer, "any run of the server would do");
    }
    if one.level() == Level::Session {
        let need = case.need.as_ref().expect("a session");
        let proves_itself = decision.basis == Basis::Itself && case.cluster.has_positions();
        prop_assert!(proves_itself || case.is_proved(decision.node, need));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8192))]

    #[test]
    fn what_is_chosen_satisfies_each_adviser_alone(
        mut case in cases(),
        advisers in prop::collection::vec(advisers(), 1..6),
    ) {
        let all = advisers.iter().copied().reduce(Strength::join).expect("an adviser");
        (case.level, case.bound) = (all.level(), all.bound());
        let mut decision = case.decide();
        let is_afar = case.with(|inputs| inputs.policy.is_afar(decision.node));
        decision.refusal = all.refusal(decision.reason, is_afar);
        for one in &advisers {
            satisfies(&case, *one, decision)?;
        }
        // Refused for want of a replica is nothing that only the primary may serve.
        if matches!(all.level(), Level::Strong | Level::Write) {
            prop_assert_ne!(decision.refusal, Some(Refusal::NoReplica));
        }
    }

    /// A server that waits has what the session needs after that; that it is within a bound, only its last answer says.
    #[test]
    fn a_replica_that_may_be_waited_for_is_within_the_bound(
        mut case in cases(),
        bound in (0..90_u64).prop_map(Duration::from_secs),
    ) {
        (case.level, case.bound) = (Level::Session, Some(bound));
        if let Some((there, _)) = case.with(|inputs| inputs.freshest_candidate()) {
            let lag = case.cluster.nodes[there.node].lag(now());
            prop_assert!(lag.is_some_and(|lag| lag <= bound), "{lag:?}");
            let is_of_its_answer = matches!(there.basis, Basis::Answer { .. });
            prop_assert!(is_of_its_answer, "any server of that name would do");
        }
    }

    /// The word of a connection's own server is held against the same: what serves all serves each.
    #[test]
    fn a_connection_that_serves_all_advisers_serves_each(
        mut case in cases(),
        advisers in prop::collection::vec(advisers(), 1..6),
        node in nodes(),
        index in 0..6_usize,
    ) {
        let all = advisers.iter().copied().reduce(Strength::join).expect("an adviser");
        let mut serves = |required: Strength| {
            (case.level, case.bound) = (required.level(), required.bound());
            case.with(|inputs| inputs.serves(index, &node)).is_some()
        };
        if serves(all) {
            for one in &advisers {
                prop_assert!(serves(*one), "{one:?} does without");
            }
        }
    }
}

/// A replica within the bound of one adviser, and with what another's session wrote, is not enough for both.
#[test]
fn a_bounded_session_read_needs_a_replica_that_is_both() {
    let position = |lsn| Position::Postgres(PgPosition::new(1, 1, Lsn(lsn)));
    let node = |server, lsn, lag| NodeState {
        serial: 1,
        health: Health::Up,
        server: Some(ServerId::numbered(server)),
        opened: Some(now() - Duration::from_secs(9)),
        position: Some(position(lsn)),
        complete_as_of: Some(now() - Duration::from_millis(lag)),
        sent: Some(now()),
        ..NodeState::UNKNOWN
    };
    let case = |nodes| Case {
        level: Level::Session,
        bound: Some(Duration::from_millis(250)),
        need: Some(Need {
            wrote: Some(position(5)),
            may_leave: true,
            ..Need::default()
        }),
        cluster: Snapshot::new(nodes, 0, [].into()),
        balance: Balance::Random,
        avoid: None,
        kept: None,
        max_lag: None,
        random: 1,
        near: 0,
        tagged: 0,
        reserved: 0,
        on: None,
        is_shared: false,
        may_try: false,
        silent: None,
    };
    let primary = || node(1, 9, 0);
    let (late, fresh) = (node(2, 6, 300), node(3, 4, 100));
    let decide = |nodes| {
        let decision: Decision = case(nodes).decide();
        (decision.node, decision.reason)
    };
    let decided = decide(vec![primary(), late.clone(), fresh.clone()]);
    assert_eq!(decided, (0, Reason::NotCaughtUp));
    // One that has the write, and lags more: a fresher one would do, so it may be waited for.
    assert_eq!(decide(vec![primary(), late.clone()]), (0, Reason::TooStale));
    let both = node(4, 5, 200);
    let decided = decide(vec![primary(), late, fresh, both]);
    assert_eq!(decided, (3, Reason::Covered));
}
