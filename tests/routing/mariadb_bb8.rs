//! Async MariaDB in bb8 pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::mysql::{ReadConn, ReadSql, Router, Session, WriteConn, read_sql};
pub(crate) use diesel_routing::prelude::*;

pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{async_body as body, async_hook as hook, later as wait, *};

/// The trait of diesel-async, under a path: in scope it would compete with ours.
pub(crate) mod diesel_dsl {
    pub(crate) use diesel_async::RunQueryDsl;
}

pub(crate) type Builder = RouterBuilder<diesel_async::AsyncMysqlConnection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

#[path = "mariadb_async_suite/mariadb_cancel.rs"]
mod cancel;
#[path = "mariadb_suite/mariadb.rs"]
mod mariadb;
#[path = "suite/world.rs"]
mod world;
