//! Blocking MariaDB in r2d2 pools.

pub(crate) use diesel::connection::SimpleConnection as _;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::mysql::{ReadConn, ReadSql, Router, Session, WriteConn};
pub(crate) use diesel_routing::sync::prelude::*;

pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, now as wait, *};

pub(crate) type Builder = RouterBuilder<MysqlConnection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

#[path = "suite/changing.rs"]
mod changing;
#[path = "suite/events.rs"]
mod events;
#[path = "function_suite/functions.rs"]
mod functions;
#[path = "mariadb_suite/mariadb.rs"]
mod mariadb;
#[path = "suite/migrations.rs"]
mod migrations;
#[path = "replicated_suite/migrations_replicated.rs"]
mod migrations_replicated;
#[path = "suite/missing_schema.rs"]
mod missing_schema;
#[path = "suite/query_log.rs"]
mod query_log;
#[path = "blocking_suite/query_log_rows.rs"]
mod query_log_rows;
#[path = "mariadb_suite/sessions.rs"]
mod sessions;
#[path = "suite/single.rs"]
mod single;
#[path = "mariadb_suite/spoilt.rs"]
mod spoilt;
#[path = "mariadb_suite/starting.rs"]
mod starting;
#[path = "suite/states.rs"]
mod states;
#[path = "session_suite/values.rs"]
mod values;
#[path = "suite/world.rs"]
mod world;
