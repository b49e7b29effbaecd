//! The same surface for blocking Diesel.
//!
//! Start with [`prelude`] and a backend's module: they hold what user code names.

mod acquire;
mod connection;
mod current;
mod diesel_connection;
mod dsl;
mod pool;
mod read;
mod router;
mod runs;
mod session;
mod transaction;
mod watch;
mod write;

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
pub use connection::RoutedConnection;
pub use dsl::{RunQueryDsl, SaveChangesDsl};
pub use read::ReadConn;
pub use transaction::TransactionBuilder;
pub use write::{RawWrite, WriteConn};

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
///     .primary(Node::new("primary", path))
///     .build()?;
///
/// let session = router.session();
/// let mut conn = session.read()?;
/// let one: i32 = diesel::select(1.into_sql::<diesel::sql_types::Integer>()).get_result(&mut conn)?;
/// assert_eq!(one, 1);
/// # Ok(()) }
/// ```
pub type Router<C> = crate::engine::Router<C, Blocking>;

/// The configuration of a router of blocking Diesel; see [`RouterBuilder`](crate::RouterBuilder).
pub type RouterBuilder<C> = crate::engine::RouterBuilder<C, Blocking>;

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

/// Everything of Diesel's prelude, with `RunQueryDsl` and `SaveChangesDsl` replaced by ours.
///
/// Use it *instead of* `diesel::prelude`: it serves raw connections, too.
pub mod prelude {
    pub use diesel::prelude::*;

    pub use super::{RunQueryDsl, SaveChangesDsl};
}

/// The bounds of the query methods, for generic code that has to name them.
pub mod bounds {
    pub use super::diesel_connection::{Cursor, Routed};
    pub use super::runs::{Admits, Inspects, Runs, Saves, Target};
    pub use crate::statement::{Execute, Load};
}
