//! `Comparison`: whether tables have the same rows on all nodes.

use std::time::Duration;

use crate::cluster::ChecksumLimits;

/// The limits of a comparison of tables: see [`Router::compare`](crate::Router::compare).
///
/// ```
/// use std::time::Duration;
/// use diesel_routing::CompareLimits;
///
/// let limits = CompareLimits::new().max_rows(10_000).max_time(Duration::from_secs(5));
/// # let _ = limits;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct CompareLimits {
    max_rows: u64,
    pub(crate) max_time: Duration,
}

impl CompareLimits {
    /// Creates the default limits: a million rows of each table, and half a minute in all.
    pub fn new() -> Self {
        Self {
            max_rows: 1_000_000,
            max_time: Duration::from_secs(30),
        }
    }

    /// Sets how many rows of each table are compared at most: the first ones, in the order of its primary key. Defaults to a
    /// million.
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = rows;
        self
    }

    /// Sets how long the comparison of all tables may take, the wait for replicas that are behind included. Defaults to 30 s.
    pub fn max_time(mut self, time: Duration) -> Self {
        self.max_time = time;
        self
    }

    /// Returns the limits of one checksum, which may take so long.
    pub(crate) fn of_checksum(&self, left: Duration) -> ChecksumLimits {
        ChecksumLimits::new(self.max_rows, left)
    }

    /// Returns whether a table has more rows than are compared, as far as that can be told.
    pub(crate) fn is_reached(&self, rows: u64) -> bool {
        rows >= self.max_rows
    }
}

impl Default for CompareLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// The result of comparing tables: whether they have the same rows on all nodes.
///
/// # Example
///
/// ```no_run
/// use diesel_routing::{CompareLimits, TableName, TableOnReplica, sync::pg::Router};
/// # use std::time::Duration;
///
/// # fn example(router: &Router, tables: &[TableName]) -> Result<(), diesel_routing::Error> {
/// let comparison = router.compare(tables, CompareLimits::new().max_rows(100_000))?;
/// if !comparison.is_equal() {
///     for table in comparison.tables.iter().filter(|table| !table.is_equal()) {
///         for (node, found) in &table.replicas {
///             match found {
///                 TableOnReplica::Differs { rows, .. } => println!("{node}: {} has {rows} rows", table.table),
///                 other => println!("{node}: {other:?}"),
///             }
///         }
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "it says whether the tables are equal"]
pub struct Comparison {
    /// The tables, in the order in which they were asked for.
    pub tables: Vec<TableComparison>,
}

impl Comparison {
    /// Returns whether every replica has the same rows as the primary, as far as they were compared.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.tables.iter().all(TableComparison::is_equal)
    }
}

/// The result for one table: whether it has the same rows on all nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableComparison {
    /// The table.
    pub table: String,
    /// The number of rows on the primary that were compared.
    pub rows: u64,
    /// Set if the limit of rows was reached: there may be more, which were not compared.
    pub is_partial: bool,
    /// The finding on each replica, with its name.
    pub replicas: Vec<(String, TableOnReplica)>,
}

impl TableComparison {
    /// Returns whether every replica has the same rows.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let mut replicas = self.replicas.iter();
        replicas.all(|(_, found)| *found == TableOnReplica::Equal)
    }
}

/// The finding about a table on a replica.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TableOnReplica {
    /// The primary's rows.
    Equal,
    /// Other rows than the primary's, which did not change meanwhile, twice in a row.
    Differs {
        /// Their number.
        rows: u64,
    },
    /// Other rows than the primary's, which changed meanwhile, each time.
    Changing,
    /// Nothing: the replica did not answer, or not catch up in time.
    Unknown {
        /// The reason.
        why: String,
    },
}
