//! The enum on MariaDB.

pub(crate) use diesel::connection::SimpleConnection as _;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use super::connection::{
    AnyConnection, ReadConn, ReadSql, Router, Session, TestRouter, WriteConn,
};
pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, now as wait, *};

use diesel_routing_testkit::MariaCluster;

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

pub(crate) type Builder = RouterBuilder<AnyConnection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

#[path = "../suite/locking_any.rs"]
mod locking;
#[path = "../suite/schemas.rs"]
mod schemas;
#[path = "../suite/test_router.rs"]
mod test_router;
#[path = "../suite/test_schema.rs"]
mod test_schema;
#[path = "../suite/test_waits.rs"]
mod test_waits;
#[path = "../../routing/suite/world.rs"]
mod world;

use locking::lock;
use schemas::schemas;
