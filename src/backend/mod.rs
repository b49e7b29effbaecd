//! Queries to servers and the interpretation of their answers: one file for each kind of server.

#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
pub(crate) mod aurora;
pub(crate) mod heartbeat;
#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
pub(crate) mod mysql;
#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
pub(crate) mod postgres;
