//! The enum on SQLite.

pub(crate) use crate::cluster::Sqlite as Cluster;

/// Set if positions prove what replicas have.
pub(crate) const HAS_POSITIONS: bool = false;
/// Set if the database locks rows.
pub(crate) const LOCKS_ROWS: bool = false;
/// A function with a side effect, on this database alone.
pub(crate) const SIDE_EFFECT: &str = "load_extension('a')";
/// A bound value in its SQL.
pub(crate) const PLACEHOLDER: &str = "?";
/// A setting that travels with a session, and the SQL that shows it.
pub(crate) const SETTING: Option<(&str, &str)> = None;

#[path = "../multi_suite/checks.rs"]
mod checks;
#[path = "../multi_suite/migrations.rs"]
mod migrations;
#[path = "../multi_suite/query_log.rs"]
mod query_log;
#[path = "../multi_suite/sessions.rs"]
mod sessions;
#[path = "../multi_suite/transactions.rs"]
mod transactions;
#[path = "../multi_suite/world.rs"]
mod world;
