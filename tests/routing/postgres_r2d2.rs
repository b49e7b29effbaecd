//! Blocking PostgreSQL in r2d2 pools.

pub(crate) use diesel::connection::SimpleConnection as _;
use diesel::connection::TransactionManager;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::pg::{
    ReadConn, ReadSql, Router, Session, WriteConn, read_sql,
};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use crate::cluster::Postgres as Cluster;
pub(crate) use crate::flavour::{
    blocking_body as body, blocking_connect as connect, blocking_hook as hook, now as wait, *,
};
pub(crate) use diesel_routing::sync::RoutedConnection as _;

/// Diesel's own trait, under a path: in scope it would compete with ours.
pub(crate) mod diesel_dsl {
    pub(crate) use diesel::RunQueryDsl;
}

pub(crate) type RawConnection = PgConnection;
pub(crate) type Builder = RouterBuilder<PgConnection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

/// Opens a transaction that nobody will close.
pub(crate) fn open_transaction(conn: &mut WriteConn) -> QueryResult<()> {
    type Manager = <WriteConn as Connection>::TransactionManager;
    <Manager as TransactionManager<WriteConn>>::begin_transaction(conn)
}

/// Rolls a transaction back that nobody else will close.
pub(crate) fn rollback(conn: &mut WriteConn) -> QueryResult<()> {
    type Manager = <WriteConn as Connection>::TransactionManager;
    <Manager as TransactionManager<WriteConn>>::rollback_transaction(conn)
}

#[path = "suite/applying.rs"]
mod applying;
#[path = "postgres_suite/aurora.rs"]
mod aurora;
#[path = "suite/bad_input.rs"]
mod bad_input;
#[path = "batch_suite/batches.rs"]
mod batches;
#[path = "blocking_suite/blocking.rs"]
mod blocking;
#[path = "suite/changing.rs"]
mod changing;
#[path = "postgres_suite/changing_load.rs"]
mod changing_load;
#[path = "postgres_suite/changing_nodes.rs"]
mod changing_nodes;
#[path = "suite/checks.rs"]
mod checks;
#[path = "postgres_suite/connections.rs"]
mod connections;
#[path = "postgres_blocking_suite/copy.rs"]
mod copy;
#[path = "suite/events.rs"]
mod events;
#[path = "postgres_suite/following.rs"]
mod following;
#[path = "function_suite/functions.rs"]
mod functions;
#[path = "postgres_suite/instrumentation.rs"]
mod instrumentation;
#[path = "postgres_suite/latency.rs"]
mod latency;
#[path = "postgres_suite/layers.rs"]
mod layers;
#[path = "postgres_suite/locks.rs"]
mod locks;
#[path = "suite/migrations.rs"]
mod migrations;
#[path = "postgres_suite/migrations_concurrently.rs"]
mod migrations_concurrently;
#[path = "replicated_suite/migrations_replicated.rs"]
mod migrations_replicated;
#[path = "suite/missing_schema.rs"]
mod missing_schema;
#[path = "blocking_suite/node_sets.rs"]
mod node_sets;
#[path = "suite/pools.rs"]
mod pools;
#[path = "suite/query_log.rs"]
mod query_log;
#[path = "blocking_suite/query_log_rows.rs"]
mod query_log_rows;
#[path = "suite/replicas.rs"]
mod replicas;
#[path = "postgres_suite/resets.rs"]
mod resets;
#[path = "postgres_suite/roles.rs"]
mod roles;
#[path = "suite/sample.rs"]
mod sample;
#[path = "postgres_suite/settings.rs"]
mod settings;
#[path = "suite/single.rs"]
mod single;
#[path = "postgres_suite/spoilt.rs"]
mod spoilt;
#[path = "postgres_suite/starting.rs"]
mod starting;
#[path = "suite/states.rs"]
mod states;
#[path = "suite/tracking.rs"]
mod tracking;
#[path = "suite/transactions.rs"]
mod transactions;
#[path = "session_suite/values.rs"]
mod values;
#[path = "suite/world.rs"]
mod world;
