//! Diesel's migrations are blocking code: they run on a thread of the runtime's that may block.

use std::future::Future;
use std::time::Duration;

use diesel::QueryResult;
use tracing::Span;

use super::{RoutedConnection, WriteConn};
use crate::engine::{CommonWrite, MigrationLock, MigrationSteps};
use crate::error::MigrationError;

/// A diesel-async connection that a router can run migrations on.
///
/// Implemented for diesel-async's three; implement it for a backend of your own.
pub trait MigratedConnection: RoutedConnection {
    /// Tries to take the lock for migrations of the connection's database, without waiting, or for `limit` where only the server can
    /// wait. The server has to release it when the connection ends.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn lock_migrations(
        &mut self,
        limit: Duration,
    ) -> impl Future<Output = QueryResult<MigrationLock>> + Send;

    /// Releases the lock.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn unlock_migrations(&mut self) -> impl Future<Output = QueryResult<()>> + Send;

    /// Returns the versions in `__diesel_schema_migrations`, the last one first, and creates nothing.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, as where there is no such table.
    fn migration_versions(&mut self) -> impl Future<Output = QueryResult<Vec<String>>> + Send;

    /// Does a `job` with the harness of `diesel_migrations` for the handle, and returns both. Called where it may block: mostly by
    /// `diesel_async`'s `AsyncConnectionWrapper`, made of the handle.
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

/// Does a job with a harness. A caller who stops waiting stops what comes after it, and not the job itself: the connection is closed at
/// its end.
pub(super) async fn in_harness<C, T>(
    work: Work<C>,
    job: impl FnOnce(&mut dyn MigrationSteps<C::Backend>) -> T + Send + 'static,
) -> Result<(Work<C>, T), MigrationError>
where
    C: MigratedConnection,
    T: Send + 'static,
{
    let node = work.node.clone();
    let span = Span::current();
    let done = tokio::task::spawn_blocking(move || {
        let _inside = span.enter();
        let Work { conn, mark, node } = work;
        let (conn, done) = C::in_harness(conn, job);
        (Work { conn, mark, node }, done)
    });
    match done.await {
        Ok(done) => Ok(done),
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(MigrationError::Interrupted { node }),
        },
    }
}

/// Does a job with a harness for this handle.
#[allow(unused_macros, reason = "where no backend is compiled in")]
macro_rules! with_harness {
    ($conn:ident, $job:ident) => {{
        let mut harness =
            diesel_async::async_connection_wrapper::AsyncConnectionWrapper::<_>::from($conn);
        let done = $job(&mut harness);
        (harness.into_inner(), done)
    }};
}
#[allow(unused_imports, reason = "where no backend is compiled in")]
pub(super) use with_harness;

#[cfg(feature = "mysql")]
super::migrated_connection::migrated!(
    diesel_async::AsyncMysqlConnection,
    Some(crate::backend::migrations::MYSQL)
);
#[cfg(feature = "postgres")]
super::migrated_connection::migrated!(
    diesel_async::AsyncPgConnection,
    Some(crate::backend::migrations::POSTGRES)
);
#[cfg(feature = "sqlite")]
super::migrated_connection::migrated!(super::sqlite::Connection, None);
