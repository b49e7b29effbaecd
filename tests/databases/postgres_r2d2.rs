//! Blocking PostgreSQL in r2d2 pools.

pub(crate) use diesel::connection::{
    AnsiTransactionManager, SimpleConnection as _, TransactionManager as _,
};
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::pg::{
    ReadConn, ReadSql, Router, Session, TestRouter, WriteConn,
};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use crate::cluster::Postgres as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, blocking_hook as hook, now as wait, *};
pub(crate) use crate::servers::Databases as _;
pub(crate) use crate::servers::postgres::*;

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
#[path = "suite/locking.rs"]
mod locking;
#[path = "../routing/blocking_suite/node_sets.rs"]
mod node_sets;
#[path = "suite/schemas.rs"]
mod schemas;
#[path = "postgres_suite/spelling.rs"]
mod spelling;
#[path = "suite/tenants.rs"]
mod tenants;
#[path = "postgres_suite/test_resets.rs"]
mod test_resets;
#[path = "suite/test_router.rs"]
mod test_router;
#[path = "postgres_suite/test_router_transactions.rs"]
mod test_router_transactions;
#[path = "suite/test_schema.rs"]
mod test_schema;
#[path = "suite/test_waits.rs"]
mod test_waits;
#[path = "../routing/session_suite/values.rs"]
mod values;
#[path = "../routing/suite/world.rs"]
mod world;

use locking::lock;
use schemas::schemas;
