//! The same surface for blocking Diesel.
//!
//! Start with [`prelude`] and a backend's module: they have the names that user code needs.

mod acquire;
mod attempt;
mod connection;
#[cfg(feature = "sync-postgres")]
mod copy;
mod current;
mod diagnostics;
mod diesel_connection;
mod dsl;
mod flavour;
mod following;
mod hooks;
mod io;
#[cfg(feature = "migrations")]
mod migrating;
mod pool;
mod read;
mod reading;
mod rows;
mod runs;
mod statement_guard;
#[cfg(feature = "test-util")]
mod test_database;
mod transaction;
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
#[cfg(feature = "sync-mysql")]
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
pub mod edge;
#[cfg(feature = "sync-mysql")]
pub mod mysql;
#[cfg(feature = "sync-postgres")]
pub mod pg;
#[cfg(feature = "sync-sqlite")]
pub mod sqlite;

#[doc(hidden)]
pub use acquire::Acquire;
#[doc(hidden)]
pub use attempt::Attempt;
pub use connection::RoutedConnection;
pub use diesel_routing_macros::RoutedConnection;
#[cfg(feature = "sync-postgres")]
pub use dsl::ExecuteCopyFromDsl;
pub use dsl::{RunQueryDsl, SaveChangesDsl};
pub use heartbeat::Heartbeat;
#[cfg(feature = "migrations")]
pub use migrating::MigratedConnection;
pub use read::ReadConn;
#[cfg(feature = "test-util")]
pub use test_database::TestDatabase;
#[cfg(feature = "test-util")]
pub use test_router::{TestRouter, TestRouterBuilder};
pub use transaction::TransactionBuilder;
pub use write::WriteConn;
pub use write_handle::RawWrite;

use diesel_routing_macros::__blocking as flavoured;

pub use crate::context::Entered;
use crate::engine::Blocking;

/// The router of blocking Diesel; see [`Router`](crate::Router).
///
/// # Example
///
/// ```
/// use diesel_routing::Node;
/// use diesel_routing::sync::{prelude::*, sqlite::Router};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("db");
/// # let path = path.to_str().ok_or("path")?;
/// let router = Router::builder()
///     .primary(Node::new("db-1", path))
///     .build()?;
///
/// let session = router.session();
/// let mut conn = session.read()?;
/// let one: i32 = diesel::select(1.into_sql::<diesel::sql_types::Integer>()).get_result(&mut conn)?;
/// assert_eq!(one, 1);
/// # Ok(()) }
/// ```
pub type Router<C> = crate::engine::Router<C, Blocking>;

/// The nodes of a router of blocking Diesel; see [`Nodes`](crate::Nodes).
pub type Nodes<C> = crate::engine::Nodes<C, Blocking>;

/// The configuration of a router of blocking Diesel; see [`RouterBuilder`](crate::RouterBuilder).
pub type RouterBuilder<C> = crate::engine::RouterBuilder<C, Blocking>;

/// The migrator of a router of blocking Diesel; see [`Migrator`](crate::Migrator).
#[cfg(feature = "migrations")]
pub type Migrator<C> = crate::engine::Migrator<C, Blocking>;

/// A session on blocking Diesel; see [`Session`](crate::Session).
///
/// ```no_run
/// # #[cfg(feature = "sync-postgres")]
/// # fn example(session: diesel_routing::sync::pg::Session) -> Result<(), diesel_routing::Error> {
/// # use std::time::Duration;
/// let conn = session.waiting(Duration::from_millis(50)).read()?;
/// # Ok(()) }
/// ```
pub type Session<C> = crate::engine::Session<C, Blocking>;

/// Everything of Diesel's prelude, with `RunQueryDsl`, `SaveChangesDsl` and `ExecuteCopyFromDsl` replaced by ours; and
/// [`OptionalExt`](crate::OptionalExt).
///
/// Use it *instead of* `diesel::prelude`; it also serves raw connections.
pub mod prelude {
    pub use diesel::prelude::*;

    #[cfg(feature = "sync-postgres")]
    pub use super::ExecuteCopyFromDsl;
    pub use super::{RunQueryDsl, SaveChangesDsl};
    pub use crate::OptionalExt;
}

/// The bounds of the query methods, for generic code that must name them.
pub mod bounds {
    #[cfg(feature = "sync-postgres")]
    pub use super::copy::{CopiesTo, CopyToOptions, NotSet};
    pub use super::diesel_connection::{Cursor, Routed};
    pub use super::rows::Rows;
    pub use super::runs::{Inspects, Runs, Saves, Target};
    pub use crate::statement::{Classified, Execute, Load};
}
