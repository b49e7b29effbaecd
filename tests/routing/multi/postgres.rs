//! The enum on PostgreSQL.

pub(crate) use crate::cluster::Postgres as Cluster;

/// Set if positions prove what replicas have.
pub(crate) const HAS_POSITIONS: bool = true;
/// Set if the database locks rows.
pub(crate) const LOCKS_ROWS: bool = true;
/// A function with a side effect, on this database alone.
pub(crate) const SIDE_EFFECT: &str = "set_config('app.a', 'b', false)";
/// A bound value in its SQL.
pub(crate) const PLACEHOLDER: &str = "$1";
/// A setting that travels with a session, and the SQL that shows it.
pub(crate) const SETTING: Option<(&str, &str)> =
    Some(("app.tenant", "current_setting('app.tenant', true)"));

#[path = "../multi_suite/checks.rs"]
mod checks;
#[path = "../multi_suite/failover.rs"]
mod failover;
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
