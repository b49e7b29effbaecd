//! `TransactionBuilder`: a transaction's characteristics, before it starts.

use std::future::Future;

use diesel::result::Error as DieselError;

use super::transaction::AsyncFunc;
use super::{RoutedConnection, WriteConn};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::statement::Isolation;
use crate::statement::{Characteristics, Dialect};

/// A transaction's characteristics, before it starts. The server's defaults apply to all others.
///
/// # Example
///
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "mysql"))] {
/// use diesel_routing::{mysql::WriteConn as MyConn, pg::WriteConn as PgConn, prelude::*};
///
/// diesel::table! { orders { id -> Integer, } }
///
/// async fn report(conn: &mut PgConn) -> QueryResult<Vec<i32>> {
///     // As a whole: it waits until no other transaction can disturb it.
///     let mut transaction = conn.build_transaction().serializable().read_only().deferrable();
///     transaction.run(async |tx| orders::table.select(orders::id).load(tx).await).await
/// }
///
/// async fn take(conn: &mut MyConn) -> QueryResult<usize> {
///     conn.build_transaction()
///         .repeatable_read()
///         .with_consistent_snapshot()
///         .run(async |tx| diesel::delete(orders::table).execute(tx).await)
///         .await
/// }
///
/// async fn loosely(pg: &mut PgConn, my: &mut MyConn) -> QueryResult<usize> {
///     let mut work = pg.build_transaction().read_committed().read_write().not_deferrable();
///     work.run(async |tx| diesel::delete(orders::table).execute(tx).await).await?;
///     my.build_transaction()
///         .read_uncommitted()
///         .run(async |tx| diesel::delete(orders::table).execute(tx).await)
///         .await
/// }
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a transaction starts with `run`"]
pub struct TransactionBuilder<'a, C: RoutedConnection> {
    pub(super) conn: &'a mut WriteConn<C>,
    pub(super) characteristics: Characteristics,
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
impl<C: RoutedConnection> TransactionBuilder<'_, C> {
    /// Sets `READ ONLY`.
    pub fn read_only(mut self) -> Self {
        self.characteristics.read_only = Some(true);
        self
    }

    /// Sets `READ WRITE`.
    pub fn read_write(mut self) -> Self {
        self.characteristics.read_only = Some(false);
        self
    }

    /// Sets `ISOLATION LEVEL READ COMMITTED`.
    pub fn read_committed(mut self) -> Self {
        self.characteristics.isolation = Some(Isolation::ReadCommitted);
        self
    }

    /// Sets `ISOLATION LEVEL REPEATABLE READ`.
    pub fn repeatable_read(mut self) -> Self {
        self.characteristics.isolation = Some(Isolation::RepeatableRead);
        self
    }

    /// Sets `ISOLATION LEVEL SERIALIZABLE`.
    pub fn serializable(mut self) -> Self {
        self.characteristics.isolation = Some(Isolation::Serializable);
        self
    }
}

#[cfg(feature = "postgres")]
impl TransactionBuilder<'_, diesel_async::AsyncPgConnection> {
    /// Sets `DEFERRABLE`: a serializable read-only transaction waits until it can never fail.
    pub fn deferrable(mut self) -> Self {
        self.characteristics.deferrable = Some(true);
        self
    }

    /// Sets `NOT DEFERRABLE`.
    pub fn not_deferrable(mut self) -> Self {
        self.characteristics.deferrable = Some(false);
        self
    }
}

#[cfg(feature = "mysql")]
impl TransactionBuilder<'_, diesel_async::AsyncMysqlConnection> {
    /// Sets `ISOLATION LEVEL READ UNCOMMITTED`.
    pub fn read_uncommitted(mut self) -> Self {
        self.characteristics.isolation = Some(Isolation::ReadUncommitted);
        self
    }

    /// Sets `WITH CONSISTENT SNAPSHOT`: the view is fixed at the start, not by the first read.
    pub fn with_consistent_snapshot(mut self) -> Self {
        self.characteristics.consistent_snapshot = true;
        self
    }
}

impl<C: RoutedConnection> TransactionBuilder<'_, C>
where
    for<'c, 'q> C::Row<'c, 'q>: Send,
{
    /// Runs `f` in the transaction. As in diesel-async, a builder that was kept runs another one with the same characteristics.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, after a rollback; otherwise Diesel's:
    /// [`AlreadyInTransaction`](diesel::result::Error::AlreadyInTransaction) inside a transaction.
    ///
    /// # Cancel safety
    ///
    /// As for [`WriteConn::transaction`].
    pub fn run<'a, 'run, T, E, F>(
        &'run mut self,
        f: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'run
    where
        for<'r> F: AsyncFnOnce(&'r mut WriteConn<C>) -> Result<T, E>
            + AsyncFunc<&'r mut WriteConn<C>, Result<T, E>, Fut: Send>
            + Send
            + 'a,
        E: From<DieselError> + Send + 'a,
        T: Send + 'a,
        'a: 'run,
    {
        let begin = self
            .conn
            .lease()
            .guard
            .conn
            .dialect()
            .begin(&self.characteristics);
        self.conn.run_transaction(Some(begin), f)
    }
}
