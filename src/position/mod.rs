//! Positions in a replication stream: what proves that a replica has a write.

mod lsn;
mod postgres;

pub use lsn::{Lsn, ParseLsnError};
pub use postgres::PgPosition;

/// A point in a replication stream.
///
/// Positions are comparable within one history only: "covers" between positions of different
/// histories (another cluster, another timeline) is `false`, both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Position {
    /// PostgreSQL: system identifier, timeline, LSN.
    Postgres(PgPosition),
}

impl Position {
    /// Whether a node that has replayed up to here has everything up to `required`: same history, and
    /// at or past it.
    #[must_use]
    pub fn covers(&self, required: &Self) -> bool {
        match (self, required) {
            (Self::Postgres(have), Self::Postgres(required)) => have.covers(required),
        }
    }

    /// Whether the two lie on one history, so that they can be compared.
    #[must_use]
    pub fn same_history(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Postgres(one), Self::Postgres(other)) => one.same_history(other),
        }
    }

    /// The least position that covers both, or `None` if no position can: they lie on different
    /// histories.
    #[must_use]
    pub fn join(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Postgres(one), Self::Postgres(other)) => one.join(other).map(Self::Postgres),
        }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Postgres(position) => position.fmt(f),
        }
    }
}
