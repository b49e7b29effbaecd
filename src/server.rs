//! Properties of a server: role, version; and the purposes of its pools.

use std::fmt;

/// The role of a server in its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
// Not `Primary` and `Replica`: the compiler writes those roles without their path only while no
// other public item has such a name.
pub enum NodeRole {
    /// The primary: it accepts writes.
    #[cfg_attr(feature = "serde", serde(rename = "primary"))]
    TakesWrites,
    /// A replica: it replays another node's writes.
    #[cfg_attr(feature = "serde", serde(rename = "replica"))]
    ReplaysWrites,
}

impl NodeRole {
    /// Returns the sign by which a server shows this role, and what that server may be.
    pub(crate) fn signs(self) -> &'static str {
        match self {
            Self::TakesWrites => {
                "it takes writes (on PostgreSQL: it is not in recovery), so it is the primary, another \
                 primary, or a logical subscriber"
            }
            Self::ReplaysWrites => {
                "it only replays another's writes (on PostgreSQL: it is in recovery), so it is a replica"
            }
        }
    }
}

impl fmt::Display for NodeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TakesWrites => "primary",
            Self::ReplaysWrites => "replica",
        })
    }
}

/// The abilities of a kind of server, as the constants of `RoutedConnection` have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// Set if nodes report positions.
    pub(crate) watched: bool,
    /// Set if logical subscribers can be asked how far they are.
    pub(crate) knows_subscribers: bool,
    /// Set if a primary can become a replica under open connections.
    pub(crate) demoted_in_place: bool,
    /// Set if the database session can be reset.
    pub(crate) resets: bool,
}

impl Abilities {
    /// Those of servers of which nothing is known.
    pub const NONE: Self = Self {
        watched: false,
        knows_subscribers: false,
        demoted_in_place: false,
        resets: false,
    };
}

/// A server's version. Displayed as `15.18`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct ServerVersion {
    /// 15 in 15.18.
    pub major: u32,
    /// 18 in 15.18.
    pub minor: u32,
}

impl ServerVersion {
    /// Creates a version.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The purpose of one of a node's pools. Displayed as `read`, `write` or `fallback`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum PoolKind {
    /// Read handles.
    Read,
    /// `WriteConn`s.
    Write,
    /// Reads that fall back to the node, as the primary.
    Fallback,
}

impl PoolKind {
    /// Every kind, in the order in which pools are listed.
    pub(crate) const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Fallback];

    /// Returns its place among all.
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Read => 0,
            Self::Write => 1,
            Self::Fallback => 2,
        }
    }

    /// Returns a stable, lower-case name, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Fallback => "fallback",
        }
    }
}

impl fmt::Display for PoolKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
