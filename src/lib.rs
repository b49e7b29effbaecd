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

#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
mod postgres;

pub use check::{CheckPolicy, StatementCheck};
pub use cluster::Node;
pub use diesel_routing_sql::{Finding, Functions};
pub use dialect::Dialect;
pub use effect::Statement;
pub use error::{ConfigError, Error, NodeRole, Refused, Step};
pub use raw_sql::ReadSql;
pub use role::{CaughtUp, Primary, Replica, Role};
pub use routing::{Level, Reason, Route};
pub use session::{Clock, SystemClock};
