//! Async SQLite in bb8 pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
use diesel_async::{AsyncConnection, TransactionManager};
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::prelude::*;
pub(crate) use diesel_routing::sqlite::{ReadConn, ReadSql, Router, Session, WriteConn, read_sql};

pub(crate) use crate::cluster::Sqlite as Cluster;
pub(crate) use crate::flavour::{
    async_body as body, async_hook as hook, async_tells as tells, later as wait, *,
};

/// The trait of diesel-async, under a path: in scope it would compete with ours.
pub(crate) mod diesel_dsl {
    pub(crate) use diesel_async::RunQueryDsl;
}

pub(crate) type Builder = RouterBuilder<diesel_routing::sqlite::Connection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

/// Opens a transaction that nobody will close.
pub(crate) async fn open_transaction(conn: &mut WriteConn) -> QueryResult<()> {
    type Manager = <WriteConn as AsyncConnection>::TransactionManager;
    <Manager as TransactionManager<WriteConn>>::begin_transaction(conn).await
}

#[path = "suite/applying.rs"]
mod applying;
#[path = "suite/bad_input.rs"]
mod bad_input;
#[path = "async_suite/cancel.rs"]
mod cancel;
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
#[path = "async_suite/migrations_cancelled.rs"]
mod migrations_cancelled;
#[path = "sqlite_suite/migrations_transactions.rs"]
mod migrations_transactions;
#[path = "suite/missing_schema.rs"]
mod missing_schema;
#[path = "suite/pools.rs"]
mod pools;
#[path = "suite/query_log.rs"]
mod query_log;
#[path = "async_suite/query_log_cut.rs"]
mod query_log_cut;
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
