//! The same surface for blocking Diesel.
//!
//! Start with [`prelude`] and a backend's module: they have the names that user code needs.

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
pub use router::{Router, RouterBuilder};
pub use session::Session;

/// Everything of Diesel's prelude, with `RunQueryDsl` and `SaveChangesDsl` replaced by ours.
///
/// Use it *instead of* `diesel::prelude`; it also serves raw connections.
pub mod prelude {
    pub use diesel::prelude::*;

    pub use super::{RunQueryDsl, SaveChangesDsl};
}

/// The bounds of the query methods, for generic code that must name them.
pub mod bounds {
    pub use super::diesel_connection::{Cursor, Routed};
    pub use super::runs::{Admits, Inspects, Runs, Saves, Target};
    pub use crate::statement::{Execute, Load};
}
