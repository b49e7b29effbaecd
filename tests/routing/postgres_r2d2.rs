//! Blocking PostgreSQL in r2d2 pools.

pub(crate) use diesel::connection::SimpleConnection as _;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::pg::{
    ReadConn, ReadSql, Router, Session, WriteConn, read_sql,
};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use crate::cluster::Postgres as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, now as wait, *};

/// Diesel's own trait, under a path: in scope it would compete with ours.
pub(crate) mod diesel_dsl {
    pub(crate) use diesel::RunQueryDsl;
}

pub(crate) type Builder = RouterBuilder<PgConnection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

#[path = "suite/routes.rs"]
mod routes;
#[path = "suite/tracking.rs"]
mod tracking;
#[path = "suite/upgrades.rs"]
mod upgrades;
#[path = "suite/world.rs"]
mod world;
