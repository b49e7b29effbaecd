//! Rules of callers whom the switch, or a share, keeps from replicas.

use proptest::prelude::*;

use super::*;

fn reasons() -> impl Strategy<Value = Reason> {
    prop_oneof![Just(Reason::PrimaryOnly), Just(Reason::OutsideShare)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn who_is_kept_from_replicas_is_served_by_the_primary_and_is_told_why(
        mut case in cases(),
        kept in reasons(),
    ) {
        case.kept = Some(kept);
        let reason = match case.level {
            Level::Write => Reason::Write,
            Level::Strong => Reason::Strong,
            _ => kept,
        };
        prop_assert_eq!(case.decide(), Decision::primary(&case.cluster, reason));
    }

    #[test]
    fn writes_and_strong_reads_are_the_same_whatever_switch_and_share_say(
        mut case in cases(),
        kept in prop::option::of(reasons()),
        is_shared: bool,
    ) {
        (case.kept, case.is_shared) = (kept, is_shared);
        let decision = case.decide();
        if matches!(case.level, Level::Write | Level::Strong) {
            let reason = if case.level == Level::Write { Reason::Write } else { Reason::Strong };
            prop_assert_eq!(decision, Decision::primary(&case.cluster, reason));
        }
    }
}
