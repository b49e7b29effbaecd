//! The route of one checkout, and its reason.

use std::fmt;

use crate::server::PoolKind;

/// Why a connection came from the node it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The caller writes: the primary.
    Write,
    /// The caller asked for the primary.
    Strong,
    /// The caller takes any state: some replica.
    Eventual,
    /// The caller bounds the lag: a replica within the bound.
    Bounded,
    /// The caller bounds the lag, and no replica is known to be within it: the primary.
    TooStale,
    /// The session has written and read nothing that a replica could miss: some replica.
    NothingToCatchUp,
    /// A replica is proved to have what the session wrote and saw.
    // Not `CaughtUp`: errors write that role without its path while no other public item has its name.
    Covered,
    /// No replica is known to have what the session wrote and saw: the primary.
    NotCaughtUp,
    /// The session wrote within the window, and no position tells replicas that have it: the primary.
    RecentWrite,
    /// The position of the session's last write or read is still being asked for: the primary.
    CapturePending,
    /// What the session wrote or saw lies on the history before a failover: the primary, until the
    /// window has passed.
    OldHistory,
    /// The read belongs to no session, so nothing is known of what it must see: the primary.
    NoSession,
    /// The router has no replica: the primary.
    NoReplica,
    /// No replica is up and within the lag limit: the primary, from the fallback pool. Until a replica's lag is known
    /// it counts as beyond the limit: after a start, that of one that stands still stays unknown.
    Fallback,
}

impl Reason {
    /// A stable, lower-case name, for logs and metrics.
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
            Self::CapturePending => "capture_pending",
            Self::OldHistory => "old_history",
            Self::NoSession => "no_session",
            Self::NoReplica => "no_replica",
            Self::Fallback => "fallback",
        }
    }

    /// Returns which pool of the node the connection comes from.
    pub(crate) fn pool(self) -> PoolKind {
        match self {
            Self::Write => PoolKind::Write,
            Self::Fallback => PoolKind::Fallback,
            _ => PoolKind::Read,
        }
    }

    /// Whether the primary was chosen, not a replica.
    pub(crate) fn is_for_primary(self) -> bool {
        match self {
            Self::Eventual | Self::Bounded | Self::NothingToCatchUp | Self::Covered => false,
            Self::Write
            | Self::Strong
            | Self::TooStale
            | Self::NotCaughtUp
            | Self::RecentWrite
            | Self::CapturePending
            | Self::OldHistory
            | Self::NoSession
            | Self::NoReplica
            | Self::Fallback => true,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The node that a handle's connection belongs to, and why that one was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route<'a> {
    /// The node's name, as configured.
    pub node: &'a str,
    /// Whether it was the primary when it was chosen.
    pub is_primary: bool,
    /// Why it was chosen.
    pub reason: Reason,
    /// The function with [`#[consistency(..)]`](macro@crate::consistency) that it was chosen for, if any.
    pub function: Option<&'static str>,
}

impl fmt::Display for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.node, self.reason)
    }
}
