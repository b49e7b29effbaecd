//! Blocking MariaDB in r2d2 pools.

pub(crate) use diesel::connection::SimpleConnection as _;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::mysql::{
    ReadConn, ReadSql, Router, Session, TestRouter, WriteConn,
};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, blocking_hook as hook, now as wait, *};
pub(crate) use crate::servers::Databases as _;
pub(crate) use crate::servers::mariadb::*;

pub(crate) type Builder = RouterBuilder<MysqlConnection>;

/// Returns whether the driver decodes names in URLs.
pub(crate) fn decodes() -> bool {
    false
}

pub(crate) fn builder() -> Builder {
    Router::builder()
}

#[path = "suite/databases.rs"]
mod databases;
#[path = "suite/families.rs"]
mod families;
#[path = "suite/locking.rs"]
mod locking;
#[path = "mariadb_suite/names.rs"]
mod names;
#[path = "suite/schemas.rs"]
mod schemas;
#[path = "suite/tenants.rs"]
mod tenants;
#[path = "suite/test_router.rs"]
mod test_router;
#[path = "suite/test_schema.rs"]
mod test_schema;
#[path = "suite/test_waits.rs"]
mod test_waits;
#[path = "../routing/suite/world.rs"]
mod world;

use locking::lock;
use schemas::schemas;
