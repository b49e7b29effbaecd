//! Blocking MariaDB in r2d2 pools.

pub(crate) use diesel::connection::SimpleConnection as _;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::mysql::{
    ReadConn, ReadSql, Router, Session, WriteConn, read_sql,
};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, blocking_hook as hook, now as wait, *};

/// Diesel's own trait, under a path: in scope it would compete with ours.
pub(crate) mod diesel_dsl {
    pub(crate) use diesel::RunQueryDsl;
}

pub(crate) type Builder = RouterBuilder<MysqlConnection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

#[path = "mariadb_suite/mariadb.rs"]
mod mariadb;
#[path = "suite/world.rs"]
mod world;
