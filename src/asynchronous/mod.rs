//! The surface for diesel-async: handles, sessions and routers. The crate root re-exports all of it.

pub(crate) mod acquire;
#[cfg(feature = "admin")]
pub mod admin;
pub(crate) mod attempt;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod connect;
mod connection;
mod current;
mod diagnostics;
mod diesel_connection;
mod dsl;
mod flavour;
mod following;
mod gate;
#[cfg(feature = "hedge")]
mod hedging;
mod hooks;
mod io;
#[cfg(feature = "migrations")]
mod migrating;
mod pipelined;
mod pipelines;
mod pool;
mod read;
mod reading;
mod rows;
mod runs;
mod statement_guard;
#[cfg(feature = "test-util")]
mod test_database;
#[cfg(all(feature = "rustls", any(feature = "mysql", feature = "postgres")))]
mod tls;
mod transaction;
mod transaction_builder;
mod watch;
#[cfg(feature = "config-file")]
mod watch_file;
mod write;

// Written once, for both flavours.
#[cfg(feature = "config")]
#[path = "../flavours/apply.rs"]
mod apply;
#[cfg(feature = "migrations")]
#[path = "../flavours/arriving.rs"]
mod arriving;
#[path = "../flavours/builder.rs"]
mod builder;
#[path = "../flavours/checkout.rs"]
mod checkout;
#[path = "../flavours/comparing.rs"]
mod comparing;
#[path = "../flavours/fence.rs"]
mod fence;
#[cfg(feature = "config-file")]
#[path = "../flavours/follow_file.rs"]
mod follow_file;
#[path = "../flavours/heartbeat.rs"]
mod heartbeat;
#[path = "../flavours/manager.rs"]
mod manager;
#[path = "../flavours/meeting.rs"]
mod meeting;
#[cfg(feature = "migrations")]
#[path = "../flavours/migrated_connection.rs"]
mod migrated_connection;
#[cfg(feature = "migrations")]
#[path = "../flavours/migration_work.rs"]
mod migration_work;
#[cfg(feature = "migrations")]
#[path = "../flavours/migrations.rs"]
mod migrations;
#[cfg(feature = "mysql")]
#[path = "../flavours/mysql.rs"]
mod mysql_server;
#[path = "../flavours/nodes.rs"]
mod nodes;
#[path = "../flavours/observing.rs"]
mod observing;
#[path = "../flavours/raw_sql.rs"]
mod raw_sql;
#[path = "../flavours/read_handle.rs"]
mod read_handle;
#[path = "../flavours/router.rs"]
mod router;
#[path = "../flavours/session.rs"]
mod session;
#[path = "../flavours/sources.rs"]
mod sources;
#[cfg(feature = "test-util")]
#[path = "../flavours/test_pool.rs"]
mod test_pool;
#[cfg(feature = "test-util")]
#[path = "../flavours/test_router.rs"]
mod test_router;
#[cfg(feature = "test-util")]
#[path = "../flavours/test_schema.rs"]
mod test_schema;
#[path = "../flavours/transact.rs"]
mod transact;
#[path = "../flavours/verifying.rs"]
mod verifying;
#[path = "../flavours/watching.rs"]
mod watching;
#[path = "../flavours/write_handle.rs"]
mod write_handle;

#[cfg(feature = "edge")]
pub(crate) mod edge;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgres")]
pub mod pg;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use connection::RoutedConnection;
pub use dsl::{RunQueryDsl, SaveChangesDsl};
pub use heartbeat::Heartbeat;
#[cfg(feature = "migrations")]
pub use migrating::MigratedConnection;
pub use pipelines::Pipelines;
pub use read::ReadConn;
#[cfg(feature = "test-util")]
pub use test_database::TestDatabase;
#[cfg(feature = "test-util")]
pub use test_router::{TestRouter, TestRouterBuilder};
pub use transaction::{AsyncFunc, AsyncFuncMut};
pub use transaction_builder::TransactionBuilder;
pub use write::WriteConn;
pub use write_handle::RawWrite;

use diesel_routing_macros::__async as flavoured;

pub use crate::context::Scoped;
#[cfg(feature = "migrations")]
use crate::engine::Migrator;
use crate::engine::{Nodes, Router, RouterBuilder, Session};

/// Everything of Diesel's prelude, with `RunQueryDsl` and `SaveChangesDsl` replaced by ours, for
/// diesel-async; and [`OptionalExt`](crate::OptionalExt).
///
/// Use it *instead of* `diesel::prelude` and `diesel_async::RunQueryDsl`; it also serves raw diesel-async
/// connections.
pub mod prelude {
    pub use diesel::prelude::*;

    pub use super::{RunQueryDsl, SaveChangesDsl};
    pub use crate::OptionalExt;
}

/// The bounds of the query methods, for generic code that must name them.
pub mod bounds {
    pub use super::diesel_connection::{Routed, Tracked, TrackedLoad, TrackedStream};
    pub use super::gate::Gate;
    pub use super::rows::Rows;
    pub use super::runs::{Inspects, Runs, Saves};
    pub use crate::statement::{Classified, Execute, Load};
}
