//! The surface for diesel-async: handles, sessions and routers. The crate root re-exports all of it.

pub(crate) mod acquire;
mod connection;
mod current;
mod diagnostics;
mod diesel_connection;
mod dsl;
mod flight;
mod gate;
mod pool;
mod read;
mod router;
mod runs;
mod session;
mod transaction;
mod watch;
mod write;

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
pub use read::ReadConn;
pub use transaction::{AsyncFunc, AsyncFuncMut, TransactionBuilder};
pub use write::{RawWrite, WriteConn};

pub use crate::context::Scoped;

/// Everything of Diesel's prelude, with `RunQueryDsl` and `SaveChangesDsl` replaced by ours, for
/// diesel-async.
///
/// Use it *instead of* `diesel::prelude` and `diesel_async::RunQueryDsl`: it serves raw diesel-async
/// connections, too.
pub mod prelude {
    pub use diesel::prelude::*;

    pub use super::{RunQueryDsl, SaveChangesDsl};
}

/// The bounds of the query methods, for generic code that has to name them.
pub mod bounds {
    pub use super::diesel_connection::{Routed, Tracked, TrackedLoad, TrackedStream};
    pub use super::gate::Gate;
    pub use super::runs::{Admits, Inspects, Runs, Saves};
    pub use crate::statement::{Execute, Load};
}
