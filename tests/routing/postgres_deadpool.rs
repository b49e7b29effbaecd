//! Async PostgreSQL in deadpool pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
use diesel_async::{AsyncConnection, TransactionManager};
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::pg::{ReadConn, ReadSql, Router, Session, WriteConn};
pub(crate) use diesel_routing::prelude::*;

pub(crate) use crate::cluster::Postgres as Cluster;
pub(crate) use crate::flavour::{
    async_body as body, async_connect as connect, async_hook as hook, later as wait, *,
};
pub(crate) use diesel_routing::RoutedConnection as _;

pub(crate) type RawConnection = diesel_async::AsyncPgConnection;
pub(crate) type Builder = RouterBuilder<diesel_async::AsyncPgConnection>;

pub(crate) fn builder() -> Builder {
    Router::deadpool_builder()
}

/// Opens a transaction that nobody will close.
pub(crate) async fn open_transaction(conn: &mut WriteConn) -> QueryResult<()> {
    type Manager = <WriteConn as AsyncConnection>::TransactionManager;
    <Manager as TransactionManager<WriteConn>>::begin_transaction(conn).await
}

/// Rolls a transaction back that nobody else will close.
pub(crate) async fn rollback(conn: &mut WriteConn) -> QueryResult<()> {
    type Manager = <WriteConn as AsyncConnection>::TransactionManager;
    <Manager as TransactionManager<WriteConn>>::rollback_transaction(conn).await
}

#[path = "suite/applying.rs"]
mod applying;
#[path = "suite/bad_input.rs"]
mod bad_input;
#[path = "async_suite/cancel.rs"]
mod cancel;
#[path = "suite/changing.rs"]
mod changing;
#[path = "postgres_suite/changing_load.rs"]
mod changing_load;
#[path = "postgres_suite/changing_nodes.rs"]
mod changing_nodes;
#[path = "postgres_suite/connections.rs"]
mod connections;
#[path = "suite/events.rs"]
mod events;
#[path = "postgres_suite/following.rs"]
mod following;
#[path = "postgres_async_suite/giving_up.rs"]
mod giving_up;
#[path = "postgres_async_suite/hanging.rs"]
mod hanging;
#[path = "postgres_async_suite/hedging.rs"]
mod hedging;
#[path = "suite/missing_schema.rs"]
mod missing_schema;
#[path = "async_suite/node_sets.rs"]
mod node_sets;
#[path = "suite/pools.rs"]
mod pools;
#[path = "suite/query_log.rs"]
mod query_log;
#[path = "async_suite/query_log_cut.rs"]
mod query_log_cut;
#[path = "postgres_suite/resets.rs"]
mod resets;
#[path = "postgres_suite/roles.rs"]
mod roles;
#[path = "postgres_suite/settings.rs"]
mod settings;
#[path = "postgres_async_suite/settings_cancelled.rs"]
mod settings_cancelled;
#[path = "postgres_async_suite/shared.rs"]
mod shared;
#[path = "postgres_async_suite/shared_sessions.rs"]
mod shared_sessions;
#[path = "postgres_async_suite/shared_writes.rs"]
mod shared_writes;
#[path = "postgres_suite/spoilt.rs"]
mod spoilt;
#[path = "postgres_suite/starting.rs"]
mod starting;
#[path = "suite/states.rs"]
mod states;
#[path = "suite/transactions.rs"]
mod transactions;
#[path = "session_suite/values.rs"]
mod values;
#[path = "suite/world.rs"]
mod world;
