//! `Route`: the result of one checkout, with its reason.

use std::fmt;

use crate::error::Origin;
use crate::server::PoolKind;

/// The reason for the choice of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The caller writes: the primary.
    Write,
    /// The caller asked for the primary.
    Strong,
    /// The caller accepts any state: some replica.
    Eventual,
    /// The caller limits the staleness: a replica within the limit.
    Bounded,
    /// The caller limits the staleness, and no replica is known to be within the limit: the primary.
    TooStale,
    /// The session has written and read nothing that a replica could miss: some replica.
    NothingToCatchUp,
    /// A replica is proved to have what the session wrote and saw. In logs and metrics this is `caught_up`.
    // Not named `CaughtUp`, as the log name would suggest: compile errors print the role `CaughtUp` without its
    // path only while no other public item has that name. The log name is stable.
    Covered,
    /// No replica is known to have what the session wrote and saw: the primary.
    NotCaughtUp,
    /// The session wrote within the window, and that write's position is unknown, so no replica can prove that
    /// it has it: the primary.
    RecentWrite,
    /// The session's state is not known: its [store](crate::edge) did not answer, or its request came with more tokens than are
    /// read. The primary for the window, from the fallback pool: it could be any session.
    StateUnknown,
    /// The position of the session's last write or read is not known yet: the primary.
    CapturePending,
    /// The session wrote or read on the history before a failover: the primary, until the
    /// window has passed.
    OldHistory,
    /// The read belongs to no session, so its requirements are unknown: the primary.
    NoSession,
    /// The router has no replica, or those that it has are [reserved](crate::Node::only_tagged) for other reads: the primary.
    NoReplica,
    /// No replica is up and within the lag limit, or none with the [tag](crate::Tag) that a read is limited to: the primary,
    /// from the fallback pool. A replica whose lag is unknown counts as beyond the limit; after a start, that is one whose
    /// replication stands still.
    Fallback,
    /// The router is [switched](crate::Mode::PrimaryOnly) to the primary alone.
    PrimaryOnly,
    /// The session is not of the [share](crate::Router::set_replica_share) of those that may use replicas: the primary.
    OutsideShare,
    /// A replica may serve the read, which belongs to the
    /// [share of the primary](crate::Balance::include_primary): the primary.
    PrimaryShare,
}

impl Reason {
    /// Every reason, in the order in which they are declared: each has its number as its place.
    pub(crate) const ALL: [Self; 18] = [
        Self::Write,
        Self::Strong,
        Self::Eventual,
        Self::Bounded,
        Self::TooStale,
        Self::NothingToCatchUp,
        Self::Covered,
        Self::NotCaughtUp,
        Self::RecentWrite,
        Self::StateUnknown,
        Self::CapturePending,
        Self::OldHistory,
        Self::NoSession,
        Self::NoReplica,
        Self::Fallback,
        Self::PrimaryOnly,
        Self::OutsideShare,
        Self::PrimaryShare,
    ];

    /// Returns its place among all.
    #[inline]
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// Returns a stable, lower-case name, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Strong => "strong",
            Self::Eventual => "eventual",
            Self::Bounded => "bounded",
            Self::TooStale => "too_stale",
            Self::NothingToCatchUp => "nothing_to_catch_up",
            Self::Covered => "caught_up",
            Self::NotCaughtUp => "not_caught_up",
            Self::RecentWrite => "recent_write",
            Self::StateUnknown => "state_unknown",
            Self::CapturePending => "capture_pending",
            Self::OldHistory => "old_history",
            Self::NoSession => "no_session",
            Self::NoReplica => "no_replica",
            Self::Fallback => "fallback",
            Self::PrimaryOnly => "primary_only",
            Self::OutsideShare => "outside_share",
            Self::PrimaryShare => "primary_share",
        }
    }

    /// Returns which pool of the node the connection comes from.
    pub(crate) fn pool(self) -> PoolKind {
        match self {
            Self::Write => PoolKind::Write,
            Self::Fallback | Self::StateUnknown => PoolKind::Fallback,
            _ => PoolKind::Read,
        }
    }

    /// Returns whether the primary was chosen, not a replica.
    pub(crate) fn is_for_primary(self) -> bool {
        match self {
            Self::Eventual | Self::Bounded | Self::NothingToCatchUp | Self::Covered => false,
            Self::Write
            | Self::Strong
            | Self::TooStale
            | Self::NotCaughtUp
            | Self::RecentWrite
            | Self::StateUnknown
            | Self::CapturePending
            | Self::OldHistory
            | Self::NoSession
            | Self::NoReplica
            | Self::Fallback
            | Self::PrimaryOnly
            | Self::OutsideShare
            | Self::PrimaryShare => true,
        }
    }

    /// Returns whether a replica may serve, chosen or not.
    #[inline]
    pub(crate) fn may_be_a_replicas(self) -> bool {
        self == Self::PrimaryShare || !self.is_for_primary()
    }

    /// Returns whether the primary was chosen because no replica may serve the read now, though one might at another time.
    pub(crate) fn is_for_want_of_a_replica(self) -> bool {
        match self {
            Self::TooStale
            | Self::NotCaughtUp
            | Self::RecentWrite
            | Self::StateUnknown
            | Self::CapturePending
            | Self::OldHistory
            | Self::NoReplica
            | Self::Fallback
            | Self::PrimaryOnly => true,
            // Of a read outside sessions nothing is known that a replica could have; whoever is outside the share is served as if
            // there were no routing.
            Self::OutsideShare
            | Self::Write
            | Self::Strong
            | Self::NoSession
            | Self::PrimaryShare
            | Self::Eventual
            | Self::Bounded
            | Self::NothingToCatchUp
            | Self::Covered => false,
        }
    }

    /// Returns whether only the primary ever does, whatever the state of replicas.
    pub(crate) fn is_the_primarys(self) -> bool {
        matches!(self, Self::Write | Self::Strong)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Serializes it as its name in logs and metrics.
#[cfg(feature = "serde")]
impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The node of a handle's connection, and the reason for its choice.
///
/// With the feature `serde` it can be serialized:
///
/// ```
/// # #[cfg(all(feature = "serde", feature = "sync-sqlite"))] {
/// # use diesel_routing::{Node, sync::sqlite::Router};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("db");
/// # let url = path.to_str().ok_or("path")?;
/// let router = Router::builder().primary(Node::new("db-1", url)).build()?;
/// let json = serde_json::to_value(router.session().read()?.route())?;
/// assert_eq!(json["node"], "db-1");
/// assert_eq!(json["reason"], "no_replica");
/// # Ok(()) }
/// # main().unwrap();
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Route<'a> {
    /// The node's name, as configured.
    pub node: &'a str,
    /// Set if the node was the primary when it was chosen.
    pub is_primary: bool,
    /// The reason for the choice.
    pub reason: Reason,
    /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for it, if any.
    pub function: Option<&'static str>,
}

impl Route<'_> {
    /// Returns what an error tells of it.
    pub(crate) fn origin(&self) -> Origin {
        Origin {
            node: self.node.to_owned(),
            reason: self.reason.as_str(),
            function: self.function,
        }
    }
}

impl fmt::Display for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.node, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_in_its_place() {
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
        }
    }
}
