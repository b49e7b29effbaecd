//! Async SQLite in deadpool pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
use diesel_async::{AsyncConnection, TransactionManager};
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::prelude::*;
pub(crate) use diesel_routing::sqlite::{ReadConn, ReadSql, Router, Session, WriteConn};

pub(crate) use crate::cluster::Sqlite as Cluster;
pub(crate) use crate::flavour::{async_body as body, async_hook as hook, later as wait, *};

pub(crate) type Builder = RouterBuilder<diesel_routing::sqlite::Connection>;

pub(crate) fn builder() -> Builder {
    Router::deadpool_builder()
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
#[path = "suite/pools.rs"]
mod pools;
#[path = "suite/query_log.rs"]
mod query_log;
#[path = "async_suite/query_log_cut.rs"]
mod query_log_cut;
#[path = "sqlite_suite/spelling.rs"]
mod spelling;
#[path = "suite/transactions.rs"]
mod transactions;
#[path = "suite/world.rs"]
mod world;
