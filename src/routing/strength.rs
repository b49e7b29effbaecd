//! `Strength`: what a read requires, as a point in a lattice.

use std::time::Duration;

use super::{Fallback, Level, MissingSchema, Reason};

/// The requirements of a read on the node that serves it, and its choice where no replica is such a node: a product of a level, a
/// bound on staleness and a fallback.
///
/// Whoever has a say (the function's attribute, the call, the handle's type, a class, a rule, a header) gives one of these, and
/// the read requires the [join](Self::join) of all: as much as the strongest of each part. So nobody can weaken what another
/// asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strength {
    /// `Bounded` where nothing but the bound is required.
    level: Level,
    /// A replica must be known to lag no more than this.
    bound: Option<Duration>,
    /// The least wait for a replica where none serves it.
    wait: Duration,
    /// Set if it fails where no replica serves it.
    refuses: bool,
    /// Set if it fails where a replica lacks what it reads.
    fails_on_missing: bool,
    /// Set if it fails where no node in the caller's region serves it.
    stays: bool,
}

impl From<Level> for Strength {
    #[inline]
    fn from(level: Level) -> Self {
        Self {
            level,
            bound: level.bound(),
            wait: Duration::ZERO,
            refuses: false,
            fails_on_missing: false,
            stays: false,
        }
    }
}

impl Strength {
    /// Requires replicas to be known to lag no more than this, if there is a limit.
    pub(crate) fn within(self, limit: Option<Duration>) -> Self {
        match limit {
            Some(limit) => self.join(Level::Bounded(limit).into()),
            None => self,
        }
    }

    /// Requires this where no replica serves it.
    pub(crate) fn or(mut self, fallback: Fallback) -> Self {
        match fallback {
            Fallback::ToPrimary => {}
            Fallback::Wait(wait) => self.wait = self.wait.max(wait),
            Fallback::Refuse => self.refuses = true,
        }
        self
    }

    /// Requires this where a replica lacks a table or column.
    pub(crate) fn lacking(mut self, schema: MissingSchema) -> Self {
        self.fails_on_missing |= schema == MissingSchema::Fail;
        self
    }

    /// Requires a node in the caller's region, if `stays`.
    pub(crate) fn staying(mut self, stays: bool) -> Self {
        self.stays |= stays;
        self
    }

    /// Returns the least that is as strong as both.
    pub(crate) fn join(self, other: Self) -> Self {
        let bound = match (self.bound, other.bound) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let level = self.level.stronger(other.level);
        Self {
            level: match bound {
                Some(bound) if level.rank() < Level::Session.rank() => Level::Bounded(bound),
                _ => level,
            },
            bound,
            wait: self.wait.max(other.wait),
            refuses: self.refuses || other.refuses,
            fails_on_missing: self.fails_on_missing || other.fails_on_missing,
            stays: self.stays || other.stays,
        }
    }

    #[inline]
    pub(crate) fn level(self) -> Level {
        self.level
    }

    /// Returns the lag that a replica must be known not to exceed.
    #[inline]
    pub(crate) fn bound(self) -> Option<Duration> {
        self.bound
    }

    /// Returns the least wait for a replica where none serves it.
    pub(crate) fn wait(self) -> Duration {
        self.wait
    }

    /// Returns whether it fails where no replica serves it.
    pub(crate) fn refuses(self) -> bool {
        self.refuses
    }

    /// Returns whether it goes to the primary where a replica lacks a table or column: that replica is none that serves it.
    pub(crate) fn takes_missing_to_primary(self) -> bool {
        !self.refuses && !self.fails_on_missing
    }

    /// Returns why it fails rather than go to the node that was chosen for this reason, outside the caller's region or not.
    pub(crate) fn refusal(self, reason: Reason, is_afar: bool) -> Option<Refusal> {
        let is_write = reason == Reason::Write;
        if self.refuses && reason.is_for_want_of_a_replica() {
            Some(Refusal::NoReplica)
        } else if self.stays && is_afar && !is_write {
            Some(Refusal::OtherRegion)
        } else {
            None
        }
    }
}

/// The reason why a read fails rather than go where it was decided to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No replica serves it, and its class keeps it off the primary.
    NoReplica,
    /// The node is in another region, and its class keeps it in the caller's.
    OtherRegion,
    /// It names a class that there is not: it may require anything.
    NoSuchClass,
}

impl Level {
    /// Returns the place of the kind of level: the higher requires all that the lower does, but for the bound of a bounded read.
    fn rank(self) -> u8 {
        match self {
            Self::Eventual => 0,
            Self::Bounded(_) => 1,
            Self::Session => 2,
            Self::Strong => 3,
            Self::Write => 4,
        }
    }

    /// Returns the lag that replicas must be known not to exceed.
    #[inline]
    pub(crate) fn bound(self) -> Option<Duration> {
        match self {
            Self::Bounded(lag) => Some(lag),
            _ => None,
        }
    }

    /// Returns the stronger of two levels. Where one is bounded and the other is higher, that bound is [`Strength`]'s to keep.
    #[inline]
    pub(crate) fn stronger(self, other: Self) -> Self {
        match (self, other) {
            (Self::Bounded(one), Self::Bounded(other)) => Self::Bounded(one.min(other)),
            _ if self.rank() < other.rank() => other,
            _ => self,
        }
    }

    /// Returns the level of a read that this is asked for: writes are not a level of reads, and stand for the strongest.
    pub(crate) fn of_reads(self) -> Self {
        match self {
            Self::Write => Self::Strong,
            level => level,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn levels() -> impl Strategy<Value = Level> {
        prop_oneof![
            Just(Level::Eventual),
            (0..5_u64).prop_map(|bound| Level::Bounded(Duration::from_millis(bound))),
            Just(Level::Session),
            Just(Level::Strong),
            Just(Level::Write),
        ]
    }

    fn fallbacks() -> impl Strategy<Value = Fallback> {
        prop_oneof![
            Just(Fallback::ToPrimary),
            (0..5_u64).prop_map(|wait| Fallback::Wait(Duration::from_millis(wait))),
            Just(Fallback::Refuse),
        ]
    }

    fn strengths() -> impl Strategy<Value = Strength> {
        let limits = prop::option::of((0..5_u64).prop_map(Duration::from_millis));
        let schema = prop_oneof![Just(MissingSchema::ToPrimary), Just(MissingSchema::Fail)];
        let parts = (levels(), limits, fallbacks(), schema, any::<bool>());
        parts.prop_map(|(level, limit, fallback, schema, stays)| {
            Strength::from(level)
                .within(limit)
                .or(fallback)
                .lacking(schema)
                .staying(stays)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn strengths_are_a_semilattice(
            one in strengths(),
            other in strengths(),
            third in strengths(),
        ) {
            prop_assert_eq!(one.join(one), one);
            prop_assert_eq!(one.join(other), other.join(one));
            prop_assert_eq!(one.join(other).join(third), one.join(other.join(third)));
            let all = one.join(other).join(third);
            for each in [one, other, third] {
                prop_assert_eq!(all.join(each), all, "is weaker than one of them");
            }
        }

        /// What the order of the lattice means, part by part.
        #[test]
        fn a_join_requires_what_each_part_of_each_does(one in strengths(), other in strengths()) {
            let both = one.join(other);
            for each in [one, other] {
                prop_assert!(both.level().rank() >= each.level().rank());
                let is_within = |limit: Duration| both.bound().is_some_and(|bound| bound <= limit);
                prop_assert!(each.bound().is_none_or(is_within), "has lost a bound");
                prop_assert!(both.wait() >= each.wait());
                prop_assert!(both.refuses() >= each.refuses() && both.stays >= each.stays);
                prop_assert!(both.takes_missing_to_primary() <= each.takes_missing_to_primary());
            }
            // And nothing else.
            let ranks = (one.level().rank(), other.level().rank());
            prop_assert_eq!(both.level().rank(), ranks.0.max(ranks.1));
            prop_assert!([one, other].iter().any(|each| each.bound() == both.bound()));
        }
    }

    #[test]
    fn a_session_read_within_a_bound_keeps_both() {
        let limit = Duration::from_millis(250);
        let bounded = Strength::from(Level::Bounded(limit));
        for both in [
            bounded.join(Level::Session.into()),
            Strength::from(Level::Session).within(Some(limit)),
        ] {
            assert_eq!((both.level(), both.bound()), (Level::Session, Some(limit)));
        }
        let tighter = Strength::from(Level::Bounded(limit / 2)).join(bounded);
        assert_eq!(tighter, Level::Bounded(limit / 2).into());
        assert_eq!(Strength::from(Level::Eventual).join(bounded), bounded);
    }

    /// `strong` and writes are never refused for want of a replica.
    #[test]
    fn what_needs_the_primary_is_not_refused() {
        let refuses = Strength::from(Level::Session).or(Fallback::Refuse);
        for reason in [Reason::Write, Reason::Strong] {
            assert_eq!(refuses.refusal(reason, true), None);
        }
        let refused = Some(Refusal::NoReplica);
        assert_eq!(refuses.refusal(Reason::Fallback, false), refused);
        assert_eq!(refuses.refusal(Reason::NotCaughtUp, false), refused);
        assert_eq!(refuses.refusal(Reason::Covered, false), None);
        let stays = Strength::from(Level::Strong).staying(true);
        let refused = Some(Refusal::OtherRegion);
        assert_eq!(stays.refusal(Reason::Strong, true), refused);
        assert_eq!(stays.refusal(Reason::Strong, false), None);
        assert_eq!(stays.refusal(Reason::Write, true), None);
    }
}
