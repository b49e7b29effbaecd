//! The enum on MariaDB.

pub(crate) use diesel::connection::SimpleConnection as _;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use super::connection::{
    AnyConnection, ReadConn, ReadSql, Router, Session, TestRouter, WriteConn,
};
pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, now as wait, *};
pub(crate) use crate::servers::mariadb::*;

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
