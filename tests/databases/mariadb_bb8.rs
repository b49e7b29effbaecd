//! Async MariaDB in bb8 pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::mysql::{ReadConn, ReadSql, Router, Session, TestRouter, WriteConn};
pub(crate) use diesel_routing::prelude::*;

pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{async_body as body, async_hook as hook, later as wait, *};
pub(crate) use crate::servers::Databases as _;

use diesel_routing_testkit::MariaCluster;

pub(crate) type Builder = RouterBuilder<diesel_async::AsyncMysqlConnection>;

/// Returns whether the driver decodes names in URLs.
pub(crate) fn decodes() -> bool {
    true
}

/// Set if the server refuses writes of handles that read, inside a test's transaction.
const REFUSES_WRITES: bool = false;

/// Ends a transaction behind the router's back.
const COMMITS: &str = "CREATE TABLE made (id INTEGER PRIMARY KEY)";

/// The key column of tables.
const KEY: &str = "INTEGER AUTO_INCREMENT PRIMARY KEY";

/// Changes a database session, so that its connection is closed.
const CHANGES: &str = "USE information_schema";

/// Lets the account make databases.
fn let_make_schemas(cluster: &Cluster) {
    let sql = r"GRANT ALL ON `diesel\_routing\_test\_%`.* TO app";
    MariaCluster::primary(cluster).admin_execute(sql).unwrap();
}

/// Makes a database as a killed test leaves it.
fn leave_behind(cluster: &Cluster) {
    let sql = "CREATE DATABASE diesel_routing_test_1_0_a";
    MariaCluster::primary(cluster).admin_execute(sql).unwrap();
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
