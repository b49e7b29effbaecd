//! Migrations as Diesel runs them.

use std::time::Duration;

use diesel::QueryResult;

use super::{RoutedConnection, WriteConn};
use crate::engine::{CommonWrite, MigrationLock, MigrationSteps};
use crate::error::MigrationError;

/// A blocking Diesel connection that a router can run migrations on.
///
/// Implemented for Diesel's three, and by [`#[derive(RoutedConnection)]`](derive@crate::RoutedConnection) for an enum of them; implement
/// it for a backend of your own.
pub trait MigratedConnection: RoutedConnection {
    /// Tries to take the lock for migrations of the connection's database, without waiting, or for `limit` where only the server can
    /// wait. The server has to release it when the connection ends.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn lock_migrations(&mut self, limit: Duration) -> QueryResult<MigrationLock>;

    /// Releases the lock.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn unlock_migrations(&mut self) -> QueryResult<()>;

    /// Returns the versions in `__diesel_schema_migrations`, the last one first, and creates nothing.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, as where there is no such table.
    fn migration_versions(&mut self) -> QueryResult<Vec<String>>;

    /// Does a `job` with the harness of `diesel_migrations` for the handle, and returns both: mostly `let done = job(&mut conn)`.
    fn in_harness<T>(
        conn: WriteConn<Self>,
        job: impl FnOnce(&mut dyn MigrationSteps<Self::Backend>) -> T,
    ) -> (WriteConn<Self>, T);
}

/// A connection that migrations run on. Dropped, it is closed, and what it has done counts.
pub(super) struct Work<C: RoutedConnection> {
    pub(super) conn: WriteConn<C>,
    pub(super) mark: CommonWrite,
    pub(super) node: String,
}

/// Does a job with a harness.
pub(super) fn in_harness<C: MigratedConnection, T>(
    work: Work<C>,
    job: impl FnOnce(&mut dyn MigrationSteps<C::Backend>) -> T,
) -> Result<(Work<C>, T), MigrationError> {
    let Work { conn, mark, node } = work;
    let (conn, done) = C::in_harness(conn, job);
    Ok((Work { conn, mark, node }, done))
}

/// Does a job with a harness for this handle.
#[allow(unused_macros, reason = "where no backend is compiled in")]
macro_rules! with_harness {
    ($conn:ident, $job:ident) => {{
        let mut harness = $conn;
        let done = $job(&mut harness);
        (harness, done)
    }};
}
#[allow(unused_imports, reason = "where no backend is compiled in")]
pub(super) use with_harness;

#[cfg(feature = "sync-mysql")]
super::migrated_connection::migrated!(
    diesel::MysqlConnection,
    Some(crate::backend::migrations::MYSQL)
);
#[cfg(feature = "sync-postgres")]
super::migrated_connection::migrated!(
    diesel::PgConnection,
    Some(crate::backend::migrations::POSTGRES)
);
#[cfg(feature = "sync-sqlite")]
super::migrated_connection::migrated!(diesel::SqliteConnection, None);
