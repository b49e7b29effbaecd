//! `Violation`: something that must not be.

use std::fmt;

use serde::Serialize;

/// Something that must not be, with how often it was.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Violation {
    /// Its kind.
    pub kind: ViolationKind,
    /// What was violated, in words.
    pub what: String,
    /// The node, if one is to blame.
    pub node: String,
    /// How often.
    pub count: u64,
    /// The first one, in words.
    pub example: String,
}

/// A kind of violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ViolationKind {
    /// A read lacked what it was promised.
    StaleRead,
    /// A replica ran a read that locks rows, by its own word in the answer.
    LockOnReplica,
    /// A replica ran a write, by its own word in the answer.
    WriteOnReplica,
    /// A replica served a read at level `strong`, by its own word in the answer.
    StrongReadOnReplica,
    /// A replica had a read that locks rows in its list of what it runs.
    LockSeenOnReplica,
    /// A replica had a write in its list of what it runs.
    WriteSeenOnReplica,
    /// A write or a lock reached a server, or a transaction, that is read-only.
    Refused,
    /// Connections of a pool for reads are not read-only.
    ReadPoolNotReadOnly,
    /// Connections of a pool for writes are read-only.
    WritePoolReadOnly,
    /// Two reads in one snapshot have shown two states.
    TornSnapshot,
    /// A row that was locked has changed under its lock.
    LockNotHeld,
}

impl ViolationKind {
    /// Returns its stable name, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StaleRead => "stale_read",
            Self::LockOnReplica => "lock_on_replica",
            Self::WriteOnReplica => "write_on_replica",
            Self::StrongReadOnReplica => "strong_read_on_replica",
            Self::LockSeenOnReplica => "lock_seen_on_replica",
            Self::WriteSeenOnReplica => "write_seen_on_replica",
            Self::Refused => "refused",
            Self::ReadPoolNotReadOnly => "read_pool_not_read_only",
            Self::WritePoolReadOnly => "write_pool_read_only",
            Self::TornSnapshot => "torn_snapshot",
            Self::LockNotHeld => "lock_not_held",
        }
    }

    /// Returns what is violated, in words.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::StaleRead => "reads show what they were promised",
            Self::LockOnReplica | Self::LockSeenOnReplica => "rows are locked on the primary",
            Self::WriteOnReplica | Self::WriteSeenOnReplica => "writes run on the primary",
            Self::StrongReadOnReplica => "strong reads run on the primary",
            Self::Refused => "what needs the primary reaches a server that takes it",
            Self::ReadPoolNotReadOnly => "pools for reads are read-only",
            Self::WritePoolReadOnly => "pools for writes are not read-only",
            Self::TornSnapshot => "a snapshot shows one state",
            Self::LockNotHeld => "a locked row stays as it is",
        }
    }
}

impl fmt::Display for ViolationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kind, self.what)?;
        if !self.node.is_empty() {
            write!(f, " on `{}`", self.node)?;
        }
        write!(f, ", {} times: {}", self.count, self.example)
    }
}
