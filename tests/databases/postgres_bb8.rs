//! Async PostgreSQL in bb8 pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::pg::{ReadConn, Router, Session, WriteConn};
pub(crate) use diesel_routing::prelude::*;

pub(crate) use crate::cluster::Postgres as Cluster;
pub(crate) use crate::flavour::{async_body as body, async_hook as hook, later as wait, *};
pub(crate) use crate::servers::Databases as _;

pub(crate) type Builder = RouterBuilder<diesel_async::AsyncPgConnection>;

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
#[path = "../routing/async_suite/node_sets.rs"]
mod node_sets;
#[path = "postgres_suite/spelling.rs"]
mod spelling;
#[path = "suite/tenants.rs"]
mod tenants;
#[path = "../routing/suite/world.rs"]
mod world;
