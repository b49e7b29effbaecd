//! Queries to servers and the interpretation of their answers: one file for each kind of server.

#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
pub(crate) mod aurora;
pub(crate) mod heartbeat;
#[cfg(all(
    feature = "migrations",
    any(
        feature = "mysql",
        feature = "postgres",
        feature = "sync-mysql",
        feature = "sync-postgres",
        feature = "sync-sqlite"
    )
))]
pub(crate) mod migrations;
#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
pub(crate) mod mysql;
#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
pub(crate) mod postgres;
