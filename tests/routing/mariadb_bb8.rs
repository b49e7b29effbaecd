//! Async MariaDB in bb8 pools.

pub(crate) use diesel_async::SimpleAsyncConnection as _;
pub(crate) use diesel_routing::RouterBuilder;
pub(crate) use diesel_routing::mysql::{ReadConn, ReadSql, Router, Session, WriteConn};
pub(crate) use diesel_routing::prelude::*;

pub(crate) use crate::cluster::Mariadb as Cluster;
pub(crate) use crate::flavour::{async_body as body, later as wait, *};

pub(crate) type Builder = RouterBuilder<diesel_async::AsyncMysqlConnection>;

pub(crate) fn builder() -> Builder {
    Router::builder()
}

#[path = "mariadb_async_suite/mariadb_cancel.rs"]
mod cancel;
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
#[path = "async_suite/migrations_cancelled.rs"]
mod migrations_cancelled;
#[path = "replicated_suite/migrations_replicated.rs"]
mod migrations_replicated;
#[path = "suite/missing_schema.rs"]
mod missing_schema;
#[path = "suite/query_log.rs"]
mod query_log;
#[path = "async_suite/query_log_cut.rs"]
mod query_log_cut;
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
