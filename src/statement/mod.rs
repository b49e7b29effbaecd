//! Statements: their effects, as types and in their SQL, and the handles that may run them.

pub mod effect;

mod boxed_read_sql;
mod check;
mod classified;
mod dialect;
mod inspected;
mod isolation;
mod known_write;
mod lock_rows;
mod look;
mod raw_sql;
mod refusals;
mod role;
mod seen;
mod table_name;
mod text;
mod verb;
mod verdict;
mod warning;

pub use boxed_read_sql::BoxedReadSql;
pub(crate) use check::Checker;
pub use check::{CheckPolicy, StatementCheck};
pub use classified::Classified;
pub(crate) use classified::Key;
pub use dialect::Dialect;
pub(crate) use inspected::Inspected;
pub use isolation::Characteristics;
#[allow(unused_imports, reason = "SQLite has no levels")]
pub(crate) use isolation::Isolation;
pub use lock_rows::{LockRowsDsl, LockedRows};
pub use raw_sql::ReadSql;
pub(crate) use role::{Access, GrantsAnyTransaction, GrantsBatches, GrantsTransactions};
pub use role::{CaughtUp, Primary, Replica, Role};
pub(crate) use seen::Seen;
pub use table_name::TableName;
#[allow(unused_imports, reason = "where no backend compares tables")]
pub(crate) use table_name::quoted;
pub(crate) use text::{StatementText, Texts, values};
pub use verb::{Execute, Load};
pub(crate) use verdict::{Reach, Trace};
