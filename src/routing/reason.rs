//! The route of one checkout, and its reason.

use std::fmt;

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
    /// The session has written nothing that a replica could still miss: some replica.
    NothingToCatchUp,
    /// The session wrote within the window: the primary.
    RecentWrite,
    /// The read belongs to no session, so nothing is known of what it must see: the primary.
    NoSession,
    /// The router has no replica: the primary.
    NoReplica,
}

impl Reason {
    /// A stable, lower-case name, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Strong => "strong",
            Self::Eventual => "eventual",
            Self::NothingToCatchUp => "nothing_to_catch_up",
            Self::RecentWrite => "recent_write",
            Self::NoSession => "no_session",
            Self::NoReplica => "no_replica",
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
    /// Whether it is the primary.
    pub is_primary: bool,
    /// Why it was chosen.
    pub reason: Reason,
}

impl fmt::Display for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.node, self.reason)
    }
}
