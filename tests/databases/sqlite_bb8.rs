//! Async SQLite in bb8 pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::prelude::*;
pub(crate) use diesel_routing::sqlite::{
    Connection, ReadConn, ReadSql, Router, Session, TestRouter, WriteConn,
};

pub(crate) use crate::cluster::Sqlite as Cluster;
pub(crate) use crate::flavour::{async_body as body, later as wait, *};

use self::sqlite_files::*;

pub(crate) type Builder = RouterBuilder<Connection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

#[path = "suite/sqlite_files.rs"]
mod sqlite_files;
#[path = "suite/test_router.rs"]
mod test_router;
#[path = "suite/test_schema.rs"]
mod test_schema;
#[path = "suite/test_waits.rs"]
mod test_waits;
#[path = "../routing/suite/world.rs"]
mod world;
