//! Where a statement may run is checked by the compiler.

pub mod effect;
pub mod sync;

mod check;
mod cluster;
mod dialect;
mod error;
mod isolation;
mod lease;
mod raw_sql;
mod role;
mod routing;
mod session;
mod verb;

#[cfg(feature = "__async")]
mod connection;
#[cfg(feature = "__async")]
mod diesel_connection;
#[cfg(feature = "__async")]
mod dsl;
#[cfg(feature = "__async")]
mod gate;
#[cfg(feature = "__async")]
mod no_raw;
#[cfg(feature = "__async")]
mod pool;
#[cfg(feature = "__async")]
mod read;
#[cfg(feature = "__async")]
mod router;
#[cfg(feature = "__async")]
mod runs;
#[cfg(feature = "__async")]
mod transaction;
#[cfg(feature = "__async")]
mod write;

#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
mod mysql_server;
#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
mod postgres;

#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "postgres")]
pub mod pg;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(any(feature = "testkit", feature = "testkit-postgres"))]
pub mod testkit;

pub use check::{CheckPolicy, StatementCheck};
pub use cluster::Node;
pub use dialect::Dialect;
pub use diesel_routing_macros::Statement;
pub use diesel_routing_sql::{Finding, Functions};
pub use effect::Statement;
pub use error::{ConfigError, Error, NodeRole, Refused, Step};
pub use raw_sql::ReadSql;
pub use role::{CaughtUp, Primary, Replica, Role};
pub use routing::{Level, Reason, Route};
pub use session::{Clock, SystemClock};

#[cfg(feature = "__async")]
pub use connection::RoutedConnection;
#[cfg(feature = "__async")]
pub use dsl::{RunQueryDsl, SaveChangesDsl};
#[cfg(feature = "__async")]
pub use read::ReadConn;
#[cfg(feature = "__async")]
pub use router::{Router, RouterBuilder};
#[cfg(feature = "__async")]
pub use session::Session;
#[cfg(feature = "__async")]
pub use transaction::{AsyncFunc, TransactionBuilder};
#[cfg(feature = "__async")]
pub use write::{RawWrite, WriteConn};

/// Everything of Diesel's prelude, with `RunQueryDsl` and `SaveChangesDsl` replaced by ours, for
/// diesel-async.
///
/// Use it *instead of* `diesel::prelude` and `diesel_async::RunQueryDsl`: it serves raw diesel-async
/// connections, too.
#[cfg(feature = "__async")]
pub mod prelude {
    pub use diesel::prelude::*;

    pub use crate::{RunQueryDsl, SaveChangesDsl};
}

/// The bounds of the query methods, for generic code that has to name them.
#[cfg(feature = "__async")]
pub mod bounds {
    pub use crate::diesel_connection::{Routed, Tracked, TrackedLoad, TrackedStream};
    pub use crate::gate::Gate;
    pub use crate::runs::{Admits, Inspects, Runs, Saves};
    pub use crate::verb::{Execute, Load};
}

/// What the macros' expansions name. Not for users: it may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::effect::{AsField, Derived};

    #[cfg(any(feature = "mysql", feature = "sync-mysql"))]
    pub use diesel::mysql::Mysql;
    #[cfg(any(feature = "postgres", feature = "sync-postgres"))]
    pub use diesel::pg::Pg;
    #[cfg(feature = "sync-sqlite")]
    pub use diesel::sqlite::Sqlite;

    use crate::{Dialect, ReadSql};

    /// A literal that a macro has checked.
    pub fn read_sql_checked<DB: Dialect>(sql: &'static str) -> ReadSql<DB> {
        ReadSql::checked(sql)
    }
}
