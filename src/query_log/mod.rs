//! The query log, and the spans of statements: who ran what, where, why there, and how long it took.

mod ends;
mod entry;
mod failure;
mod logging;
mod report;
mod settings;

pub use ends::{Affected, All, Ends, One, Unseen};
pub use entry::Entry;
pub(crate) use entry::{Served, What};
pub(crate) use logging::{Logging, Observed, Server};
pub use settings::QueryLog;
