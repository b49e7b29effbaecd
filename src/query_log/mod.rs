//! The query log, and the spans of statements: who ran what, where, why there, and how long it took.

mod ends;
mod entry;
mod failure;
mod logging;
mod report;
mod settings;

#[allow(unused_imports, reason = "where no flavour is on")]
pub(crate) use ends::open;
#[allow(unused_imports, reason = "where a flavour has no connection")]
pub(crate) use ends::{Affected, All, Ends, One, Unseen};
pub(crate) use entry::{Entry, Served, What};
pub(crate) use logging::{Logging, Observed, Server};
pub use settings::QueryLog;
