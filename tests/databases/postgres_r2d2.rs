//! Blocking PostgreSQL in r2d2 pools.

pub(crate) use diesel::connection::SimpleConnection as _;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::pg::{ReadConn, Router, Session, WriteConn};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use crate::cluster::Postgres as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, blocking_hook as hook, now as wait, *};
pub(crate) use crate::servers::Databases as _;

pub(crate) type Builder = RouterBuilder<PgConnection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

#[path = "../routing/postgres_suite/changing_load.rs"]
mod changing_load;
#[path = "suite/databases.rs"]
mod databases;
#[path = "suite/families.rs"]
mod families;
#[path = "postgres_suite/following.rs"]
mod following;
#[path = "postgres_suite/load.rs"]
mod load;
#[path = "../routing/blocking_suite/node_sets.rs"]
mod node_sets;
#[path = "postgres_suite/spelling.rs"]
mod spelling;
#[path = "suite/tenants.rs"]
mod tenants;
#[path = "../routing/suite/world.rs"]
mod world;
