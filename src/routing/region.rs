//! `RegionPolicy`: whether reads go to another region.

use std::time::Duration;

use super::Level;

/// The policy of a [class](crate::Class::region_policy) on reads from nodes in another region, where each round trip takes tens
/// or hundreds of milliseconds.
///
/// A region is what zones are to the router: its [own](crate::RouterBuilder::zone) is here, and a [node's](crate::Node::zone)
/// that is any other, or unknown, is elsewhere. Nodes in the router's region are preferred whatever the policy. Writes go to the
/// primary wherever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RegionPolicy {
    /// Reads go to another region where no node in this one may serve them. The default.
    #[default]
    Pay,
    /// While the primary is in another region, [`bounded`](Level::Bounded) reads accept replicas that lag as much as this, if that
    /// is more than they ask for; what no replica may serve even so goes to another region. So a function that takes a
    /// `ReadConn<Replica>` reads the primary's present state where that is near, and a slightly older one where it is not.
    ///
    /// Other levels pay: a [`ReadConn<CaughtUp>`](crate::CaughtUp) is caught up, and a
    /// [`ReadConn<Primary>`](crate::Primary) is the primary's, wherever that is.
    Bound(Duration),
    /// Reads that no node in this region may serve fail with [`Error::OtherRegion`](crate::Error::OtherRegion), at once.
    ///
    /// A session's read of what it has just written may still cost a round trip to the primary, which is asked how far its
    /// log is: without that, no replica can be known to have the write.
    Refuse,
}

impl RegionPolicy {
    /// Returns the level of a read that asks for this one, while the primary is in another region.
    pub(crate) fn level_afar(self, level: Level) -> Level {
        match (self, level) {
            (Self::Bound(limit), Level::Bounded(lag)) => Level::Bounded(lag.max(limit)),
            _ => level,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bounded_reads_accept_more_lag_and_never_less() {
        let (short, long) = (Duration::from_millis(50), Duration::from_secs(2));
        let policy = RegionPolicy::Bound(long);
        let afar = |level| policy.level_afar(level);
        assert_eq!(afar(Level::Bounded(short)), Level::Bounded(long));
        let more = Level::Bounded(2 * long);
        for level in [more, Level::Eventual, Level::Session, Level::Strong] {
            assert_eq!(afar(level), level);
        }
        let bounded = Level::Bounded(short);
        for policy in [RegionPolicy::Pay, RegionPolicy::Refuse] {
            assert_eq!(policy.level_afar(bounded), bounded);
        }
    }
}
