//! Blocking SQLite in r2d2 pools.

pub(crate) use diesel::connection::SimpleConnection as _;
use diesel::connection::TransactionManager;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::prelude::*;
pub(crate) use diesel_routing::sync::sqlite::{
    ReadConn, ReadSql, Router, Session, WriteConn, read_sql,
};

pub(crate) use crate::cluster::Sqlite as Cluster;
pub(crate) use crate::flavour::{
    blocking_body as body, blocking_hook as hook, blocking_tells as tells, now as wait, *,
};

/// Diesel's own trait, under a path: in scope it would compete with ours.
pub(crate) mod diesel_dsl {
    pub(crate) use diesel::RunQueryDsl;
}

pub(crate) type Builder = RouterBuilder<SqliteConnection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

/// Opens a transaction that nobody will close.
pub(crate) fn open_transaction(conn: &mut WriteConn) -> QueryResult<()> {
    type Manager = <WriteConn as Connection>::TransactionManager;
    <Manager as TransactionManager<WriteConn>>::begin_transaction(conn)
}

#[path = "suite/applying.rs"]
mod applying;
#[path = "suite/bad_input.rs"]
mod bad_input;
#[path = "batch_suite/batches.rs"]
mod batches;
#[path = "blocking_suite/blocking.rs"]
mod blocking;
#[path = "suite/changing.rs"]
mod changing;
#[path = "suite/checks.rs"]
mod checks;
#[path = "suite/lags.rs"]
mod lags;
#[path = "suite/leaks.rs"]
mod leaks;
#[path = "suite/migrations.rs"]
mod migrations;
#[path = "sqlite_suite/migrations_transactions.rs"]
mod migrations_transactions;
#[path = "suite/missing_schema.rs"]
mod missing_schema;
#[path = "suite/pools.rs"]
mod pools;
#[path = "suite/query_log.rs"]
mod query_log;
#[path = "blocking_suite/query_log_rows.rs"]
mod query_log_rows;
#[path = "suite/replicas.rs"]
mod replicas;
#[path = "suite/routes.rs"]
mod routes;
#[path = "suite/sample.rs"]
mod sample;
#[path = "sqlite_suite/sessions.rs"]
mod sessions;
#[path = "suite/single.rs"]
mod single;
#[path = "sqlite_suite/spelling.rs"]
mod spelling;
#[path = "suite/tracking.rs"]
mod tracking;
#[path = "suite/transactions.rs"]
mod transactions;
#[path = "suite/upgrades.rs"]
mod upgrades;
#[path = "session_suite/values.rs"]
mod values;
#[path = "suite/world.rs"]
mod world;
