//! Async PostgreSQL in deadpool pools.

pub(crate) use diesel_async::{
    AnsiTransactionManager, SimpleAsyncConnection as _, TransactionManager as _,
};
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::pg::{ReadConn, ReadSql, Router, Session, TestRouter, WriteConn};
pub(crate) use diesel_routing::prelude::*;

pub(crate) use crate::cluster::Postgres as Cluster;
pub(crate) use crate::flavour::{async_body as body, async_hook as hook, later as wait, *};
pub(crate) use crate::servers::Databases as _;
pub(crate) use crate::servers::postgres::*;

pub(crate) type Builder = RouterBuilder<diesel_async::AsyncPgConnection>;

pub(crate) fn builder() -> Builder {
    Router::deadpool_builder()
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
#[path = "suite/locking.rs"]
mod locking;
#[path = "../routing/async_suite/node_sets.rs"]
mod node_sets;
#[path = "suite/schemas.rs"]
mod schemas;
#[path = "postgres_suite/spelling.rs"]
mod spelling;
#[path = "suite/tenants.rs"]
mod tenants;
#[path = "suite/test_router.rs"]
mod test_router;
#[path = "postgres_async_suite/test_router_shared.rs"]
mod test_router_shared;
#[path = "postgres_suite/test_router_transactions.rs"]
mod test_router_transactions;
#[path = "suite/test_schema.rs"]
mod test_schema;
#[path = "../routing/session_suite/values.rs"]
mod values;
#[path = "../routing/suite/world.rs"]
mod world;

use locking::lock;
use schemas::schemas;
