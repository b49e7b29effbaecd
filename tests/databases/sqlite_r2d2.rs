//! Blocking SQLite in r2d2 pools.

pub(crate) use diesel::connection::SimpleConnection as _;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::prelude::*;
pub(crate) use diesel_routing::sync::sqlite::{
    ReadConn, ReadSql, Router, Session, TestRouter, WriteConn,
};

pub(crate) use crate::cluster::Sqlite as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, now as wait, *};

use self::sqlite_files::*;

pub(crate) type Builder = RouterBuilder<SqliteConnection>;

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
