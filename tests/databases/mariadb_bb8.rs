//! Async MariaDB in bb8 pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::mysql::{ReadConn, ReadSql, Router, Session, TestRouter, WriteConn};
pub(crate) use diesel_routing::prelude::*;

pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{async_body as body, async_hook as hook, later as wait, *};
pub(crate) use crate::servers::Databases as _;
pub(crate) use crate::servers::mariadb::*;

pub(crate) type Builder = RouterBuilder<diesel_async::AsyncMysqlConnection>;

/// Returns whether the driver decodes names in URLs.
pub(crate) fn decodes() -> bool {
    true
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
#[path = "mariadb_async_suite/test_router_cancelled.rs"]
mod test_router_cancelled;
#[path = "suite/test_schema.rs"]
mod test_schema;
#[path = "suite/test_waits.rs"]
mod test_waits;
#[path = "../routing/suite/world.rs"]
mod world;

use locking::lock;
use schemas::schemas;
