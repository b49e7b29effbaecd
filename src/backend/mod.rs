//! What servers are asked, and how their answers are read: one file for each kind.

#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
pub(crate) mod mysql;
#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
pub(crate) mod postgres;
