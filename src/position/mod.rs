//! Positions in a replication stream: what proves that a replica has a write.

mod galera;
mod lsn;
mod mariadb;
mod mysql;
mod postgres;

pub use galera::GaleraPosition;
#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
pub(crate) use galera::parse_write_set;
pub use lsn::{Lsn, ParseLsnError};
pub use mariadb::{Gtid, MariaDbPosition, ParseGtidError};
#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
pub(crate) use mysql::parse_uuid;
pub(crate) use mysql::{MAX_TAG, Source};
pub use mysql::{MySqlPosition, ParseGtidSetError};
pub use postgres::PgPosition;

/// A point in a replication stream.
///
/// Positions are comparable within one history only: "covers" between positions of different
/// histories (another cluster, another timeline) is `false`, both ways.
///
/// Cheap to clone: the sets of MySQL and MariaDB are shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Position {
    /// PostgreSQL: system identifier, timeline, LSN.
    Postgres(PgPosition),
    /// MariaDB: the last GTID of each server in each domain.
    MariaDb(MariaDbPosition),
    /// MySQL: a set of GTIDs.
    MySql(MySqlPosition),
    /// Galera: a cluster's history and the number of a write set.
    Galera(GaleraPosition),
}

use Position::{Galera, MariaDb, MySql, Postgres};

impl Position {
    /// Whether a node that has replayed up to here has everything up to `required`: same history, and
    /// at or past it.
    #[must_use]
    #[inline]
    pub fn covers(&self, required: &Self) -> bool {
        match (self, required) {
            (Postgres(have), Postgres(required)) => have.covers(required),
            (MariaDb(have), MariaDb(required)) => have.covers(required),
            (MySql(have), MySql(required)) => have.covers(required),
            (Galera(have), Galera(required)) => have.covers(required),
            _ => false,
        }
    }

    /// The least position that covers both, or `None` if no position can: they lie on different
    /// histories.
    #[must_use]
    pub fn join(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Postgres(one), Postgres(other)) => one.join(other).map(Postgres),
            (MariaDb(one), MariaDb(other)) => Some(MariaDb(one.join(other))),
            (MySql(one), MySql(other)) => Some(MySql(one.join(other))),
            (Galera(one), Galera(other)) => one.join(other).map(Galera),
            _ => None,
        }
    }

    /// What a node must cover to have all that a node here has.
    pub(crate) fn mark(&self) -> Self {
        match self {
            MariaDb(position) => MariaDb(position.mark()),
            MySql(position) => MySql(position.mark()),
            Postgres(_) | Galera(_) => self.clone(),
        }
    }

    /// Whether `required` can be compared with what the primary, which is here, writes: it lies on the
    /// primary's history, or is something the primary may still come to.
    pub(crate) fn may_reach(&self, required: &Self) -> bool {
        match (self, required) {
            (Postgres(primary), Postgres(required)) => primary.same_history(required),
            (MariaDb(primary), MariaDb(required)) => primary.may_reach(required),
            (MySql(primary), MySql(required)) => primary.may_reach(required),
            (Galera(primary), Galera(required)) => primary.history == required.history,
            _ => false,
        }
    }

    /// What of `required` [may be reached](Self::may_reach) by the primary, which is here; `None` if that
    /// is nothing.
    pub(crate) fn reachable(&self, required: &Self) -> Option<Self> {
        match (self, required) {
            (MariaDb(primary), MariaDb(required)) => primary.reachable(required).map(MariaDb),
            (MySql(primary), MySql(required)) => primary.reachable(required).map(MySql),
            _ => self.may_reach(required).then(|| required.clone()),
        }
    }

    /// Without what lies past the primary, which is here by now; `None` if nothing does.
    ///
    /// No node could ever cover that. A primary that lost the end of its log in a crash goes back, and so
    /// does one restored from a backup.
    pub(crate) fn at_most(&self, primary: &Self) -> Option<Self> {
        match (self, primary) {
            (MariaDb(position), MariaDb(primary)) => position.at_most(primary).map(MariaDb),
            (MySql(position), MySql(primary)) => position.at_most(primary).map(MySql),
            _ => (self != primary && self.covers(primary)).then(|| primary.clone()),
        }
    }

    /// Whether a primary that was at `before` can have come here by writing.
    pub(crate) fn continues(&self, before: &Self) -> bool {
        match (self, before) {
            (MariaDb(_), MariaDb(_)) | (MySql(_), MySql(_)) => self.covers(before),
            _ => self.may_reach(before),
        }
    }

    /// Whether both are of one cluster, on whatever timelines. Of an empty GTID set, that is believed.
    pub(crate) fn same_cluster(&self, other: &Self) -> bool {
        match (self, other) {
            (Postgres(one), Postgres(other)) => one.system == other.system,
            (MariaDb(one), MariaDb(other)) => {
                one.is_empty() || other.is_empty() || one.shares_cluster(other)
            }
            (MySql(one), MySql(other)) => {
                one.is_empty() || other.is_empty() || one.shares_cluster(other)
            }
            (Galera(one), Galera(other)) => one.history == other.history,
            _ => false,
        }
    }

    /// Of two nodes that take writes, whether the one here is the one to write to: its history goes on
    /// where the other's ended.
    pub(crate) fn succeeds(&self, other: &Self) -> bool {
        match (self, other) {
            (Postgres(one), Postgres(other)) => one.timeline > other.timeline,
            (MariaDb(one), MariaDb(other)) => one.succeeds(other),
            (MySql(one), MySql(other)) => one.succeeds(other),
            _ => false,
        }
    }

    /// Without what every node that has the rest, on the history of the primary, which is at `primary`,
    /// has anyhow. `None` if that is nothing.
    pub(crate) fn reduced(&self, primary: &Self) -> Option<Self> {
        match (self, primary) {
            (MariaDb(position), MariaDb(primary)) => position.reduced(primary).map(MariaDb),
            _ => None,
        }
    }

    /// Whether every node of its cluster takes writes.
    pub(crate) fn is_multi_writer(&self) -> bool {
        matches!(self, Galera(_))
    }

    /// Whether it says that nothing was ever written.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            MariaDb(position) => position.is_empty(),
            MySql(position) => position.is_empty(),
            Postgres(_) | Galera(_) => false,
        }
    }

    /// The kind of server, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Postgres(_) => "PostgreSQL",
            MariaDb(_) => "MariaDB",
            MySql(_) => "MySQL",
            Galera(_) => "Galera",
        }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Postgres(position) => position.fmt(f),
            MariaDb(position) => position.fmt(f),
            MySql(position) => position.fmt(f),
            Galera(position) => position.fmt(f),
        }
    }
}
