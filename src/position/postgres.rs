//! Positions of PostgreSQL clusters.

use std::fmt;

use super::bytes::{Input, push_number};
use super::kind::{About, Kind};
use super::{Behind, Lsn};

/// A position of a PostgreSQL cluster: an LSN is meaningful only together with its cluster and its
/// timeline.
///
/// # Example
///
/// ```
/// use diesel_routing::{Lsn, PgPosition};
///
/// let written = PgPosition::new(7_000_000_000_000_000_001, 1, Lsn(100));
/// let replayed = PgPosition::new(7_000_000_000_000_000_001, 1, Lsn(120));
/// assert!(replayed.covers(&written) && !written.covers(&replayed));
/// assert_eq!(written.join(&replayed), Some(replayed));
/// // After a failover, history has another number from somewhere on.
/// let promoted = PgPosition::new(7_000_000_000_000_000_001, 2, Lsn(140));
/// assert!(!promoted.same_history(&written));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PgPosition {
    /// The cluster: `system_identifier` of `pg_control_system()`.
    pub system: u64,
    /// The timeline: each promotion starts a new one.
    pub timeline: u32,
    /// The place in the write-ahead log.
    pub lsn: Lsn,
}

impl PgPosition {
    /// Creates a position.
    #[must_use]
    pub fn new(system: u64, timeline: u32, lsn: Lsn) -> Self {
        Self {
            system,
            timeline,
            lsn,
        }
    }

    /// Returns whether a node that has replayed up to here has everything up to `required`.
    #[must_use]
    pub fn covers(&self, required: &Self) -> bool {
        self.same_history(required) && self.lsn >= required.lsn
    }

    /// Returns whether the two lie on one timeline of one cluster.
    ///
    /// A promoted standby's timeline shares its beginning with the old one, but not the old primary's
    /// later writes that the standby never received: the same LSN may be another write.
    #[must_use]
    pub fn same_history(&self, other: &Self) -> bool {
        self.system == other.system && self.timeline == other.timeline
    }

    /// Returns the later of the two, or `None` if they cannot be compared.
    #[must_use]
    pub fn join(&self, other: &Self) -> Option<Self> {
        self.same_history(other).then(|| Self {
            lsn: self.lsn.max(other.lsn),
            ..*self
        })
    }
}

impl Kind for PgPosition {
    const ABOUT: &'static About = &About {
        server: "PostgreSQL",
        cluster: "system identifier",
        notation: "a log sequence number, like `16/B374D848`",
        second_primary: "it takes writes, and so does the primary, on a newer timeline: shut it \
                         down, or make it follow the primary (`pg_rewind`)",
        is_multi_writer: false,
    };

    #[inline]
    fn covers(&self, required: &Self) -> bool {
        self.covers(required)
    }

    fn ahead_of(&self, behind: &Self) -> Option<Behind> {
        let bytes = self.lsn.0.saturating_sub(behind.lsn.0);
        self.same_history(behind).then_some(Behind::Bytes(bytes))
    }

    fn join(&self, other: &Self) -> Option<Self> {
        self.join(other)
    }

    fn may_reach(&self, required: &Self) -> bool {
        self.same_history(required)
    }

    fn same_cluster(&self, other: &Self) -> bool {
        self.system == other.system
    }

    fn succeeds(&self, other: &Self) -> bool {
        self.timeline > other.timeline
    }

    fn is_newer(&self, other: &Self) -> bool {
        // PostgreSQL makes a system identifier from the time of `initdb`, in its high bits (`BootStrapXLOG`): the
        // greater one is the younger cluster.
        (self.system, self.timeline) > (other.system, other.timeline)
    }

    fn floor(&self, other: &Self) -> Option<Self> {
        // Up to the promotion, the timelines of one cluster are identical: what was seen at an LSN on the old
        // timeline, if it still exists at all, has that LSN on the new one.
        (self.system == other.system).then(|| Self {
            system: self.system,
            timeline: self.timeline.max(other.timeline),
            lsn: self.lsn.max(other.lsn),
        })
    }

    /// Reads an LSN, which says nothing of its timeline: it counts as one of this; or all that is displayed of a position.
    fn of_text(&self, text: &str) -> Option<Self> {
        let Some((lsn, history)) = text.split_once(" on timeline ") else {
            let lsn = text.parse().ok()?;
            return Some(Self { lsn, ..*self });
        };
        let (timeline, system) = history.split_once(" of cluster ")?;
        let (timeline, system) = (timeline.parse().ok()?, system.parse().ok()?);
        Some(Self::new(system, timeline, lsn.parse().ok()?))
    }

    fn encode(&self, to: &mut Vec<u8>) {
        to.extend(self.system.to_le_bytes());
        push_number(self.timeline.into(), to);
        push_number(self.lsn.0, to);
    }

    fn decode(input: &mut Input<'_>) -> Option<Self> {
        Some(Self {
            system: u64::from_le_bytes(input.take()?),
            timeline: input.sized::<4>()?.try_into().ok()?,
            lsn: Lsn(input.sized::<8>()?),
        })
    }

    #[cfg(test)]
    const SHARE: u32 = 3;

    #[cfg(test)]
    fn samples() -> proptest::strategy::BoxedStrategy<Self> {
        use proptest::prelude::*;

        (
            prop_oneof![4 => 1..3u64, 1 => any::<u64>()],
            prop_oneof![4 => 1..4u32, 1 => any::<u32>()],
            prop_oneof![4 => 1..4u64, 1 => any::<u64>()],
        )
            .prop_map(|(system, timeline, lsn)| Self::new(system, timeline, Lsn(lsn)))
            .boxed()
    }
}

impl fmt::Display for PgPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} on timeline {} of cluster {}",
            self.lsn, self.timeline, self.system
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(system: u64, timeline: u32, lsn: u64) -> PgPosition {
        PgPosition::new(system, timeline, Lsn(lsn))
    }

    #[test]
    fn a_position_covers_itself_and_what_came_before_it() {
        assert!(at(1, 1, 10).covers(&at(1, 1, 10)));
        assert!(at(1, 1, 11).covers(&at(1, 1, 10)));
        assert!(!at(1, 1, 9).covers(&at(1, 1, 10)));
    }

    #[test]
    fn nothing_is_covered_across_timelines_or_clusters() {
        assert!(!at(1, 2, 99).covers(&at(1, 1, 10)));
        assert!(!at(1, 1, 99).covers(&at(1, 2, 10)));
        assert!(!at(2, 1, 99).covers(&at(1, 1, 10)));
        assert_eq!(at(1, 2, 99).join(&at(1, 1, 10)), None);
    }

    #[test]
    fn join_is_the_least_position_that_covers_both() {
        let (low, high) = (at(1, 1, 10), at(1, 1, 20));
        assert_eq!(low.join(&high), Some(high));
        assert_eq!(high.join(&low), Some(high));
        assert_eq!(low.join(&low), Some(low));
    }
}
