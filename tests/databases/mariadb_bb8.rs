//! Async MariaDB in bb8 pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::mysql::{ReadConn, Router, Session, WriteConn};
pub(crate) use diesel_routing::prelude::*;

pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{async_hook as hook, later as wait, *};
pub(crate) use crate::servers::Databases as _;

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
#[path = "mariadb_suite/names.rs"]
mod names;
#[path = "suite/tenants.rs"]
mod tenants;
#[path = "../routing/suite/world.rs"]
mod world;
