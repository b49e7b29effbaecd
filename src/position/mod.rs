//! Positions in a replication stream: they prove that a replica has a write.

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
    /// Returns whether a node that has replayed up to here has everything up to `required`: it lies on the
    /// same history, and at or past `required`.
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

    /// Returns the least position that covers both, or `None` if there is no such position because they
    /// lie on different histories.
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

    /// Returns the position that a node must cover to have everything that a node here has.
    pub(crate) fn mark(&self) -> Self {
        match self {
            MariaDb(position) => MariaDb(position.mark()),
            MySql(position) => MySql(position.mark()),
            Postgres(_) | Galera(_) => self.clone(),
        }
    }

    /// Returns whether `required` lies on the history of a primary at `self`, or is something that primary
    /// may still write.
    pub(crate) fn may_reach(&self, required: &Self) -> bool {
        match (self, required) {
            (Postgres(primary), Postgres(required)) => primary.same_history(required),
            (MariaDb(primary), MariaDb(required)) => primary.may_reach(required),
            (MySql(primary), MySql(required)) => primary.may_reach(required),
            (Galera(primary), Galera(required)) => primary.history == required.history,
            _ => false,
        }
    }

    /// Returns the part of `required` that a primary at `self` [has or may still write](Self::may_reach);
    /// `None` if there is none.
    pub(crate) fn reachable(&self, required: &Self) -> Option<Self> {
        match (self, required) {
            (MariaDb(primary), MariaDb(required)) => primary.reachable(required).map(MariaDb),
            (MySql(primary), MySql(required)) => primary.reachable(required).map(MySql),
            _ => self.may_reach(required).then(|| required.clone()),
        }
    }

    /// Lowers the position to `primary`, the primary's present one; `None` if it does not lie past it.
    ///
    /// No node could ever cover what lies past it. A primary that lost the end of its log in a crash goes
    /// back, and so does one restored from a backup.
    pub(crate) fn at_most(&self, primary: &Self) -> Option<Self> {
        match (self, primary) {
            (MariaDb(position), MariaDb(primary)) => position.at_most(primary).map(MariaDb),
            (MySql(position), MySql(primary)) => position.at_most(primary).map(MySql),
            _ => (self != primary && self.covers(primary)).then(|| primary.clone()),
        }
    }

    /// Returns whether a primary that was at `before` can have got here by writing.
    pub(crate) fn continues(&self, before: &Self) -> bool {
        match (self, before) {
            (MariaDb(_), MariaDb(_)) | (MySql(_), MySql(_)) => self.covers(before),
            _ => self.may_reach(before),
        }
    }

    /// Returns whether both belong to one cluster, on any timelines. An empty GTID set belongs to every cluster.
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

    /// Returns whether, of two nodes that accept writes, this one is the primary: its history continues
    /// where the other's ended.
    pub(crate) fn succeeds(&self, other: &Self) -> bool {
        match (self, other) {
            (Postgres(one), Postgres(other)) => one.timeline > other.timeline,
            (MariaDb(one), MariaDb(other)) => one.succeeds(other),
            (MySql(one), MySql(other)) => one.succeeds(other),
            _ => false,
        }
    }

    /// Drops GTIDs that are implied by the remaining ones on `primary`'s history; `None` if there are none.
    pub(crate) fn reduced(&self, primary: &Self) -> Option<Self> {
        match (self, primary) {
            (MariaDb(position), MariaDb(primary)) => position.reduced(primary).map(MariaDb),
            _ => None,
        }
    }

    /// Returns whether every node of its cluster accepts writes.
    pub(crate) fn is_multi_writer(&self) -> bool {
        matches!(self, Galera(_))
    }

    /// Returns whether nothing was ever written at this position.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            MariaDb(position) => position.is_empty(),
            MySql(position) => position.is_empty(),
            Postgres(_) | Galera(_) => false,
        }
    }

    /// Returns the kind of server, in words.
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
