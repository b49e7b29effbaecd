//! Transactions on the handles.

use std::fmt;
use std::future::Future;

use diesel::QueryResult;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncConnection, TransactionManager};
use futures_core::future::BoxFuture;

use crate::asynchronous::observing::{BEGIN, COMMIT, ROLLBACK};
use crate::asynchronous::statement_guard::StatementGuard;
use crate::asynchronous::transact::{self, begin_with, depth_of};
use crate::asynchronous::{ReadConn, RoutedConnection, TransactionBuilder, WriteConn};
use crate::statement::{Access, Characteristics, Dialect, GrantsTransactions, Role};

/// An async closure that takes a `T` and returns a named future of `R`, so that bounds can
/// require the future to be `Send`.
///
/// Implemented for every `async |tx| { .. }`.
pub trait AsyncFunc<T, R>: AsyncFnOnce(T) -> R + FnOnce(T) -> Self::Fut {
    /// The future that a call returns.
    type Fut: Future<Output = R>;
}

/// Like [`AsyncFunc`], for closures that may be called more than once.
pub trait AsyncFuncMut<T, R>: AsyncFnMut(T) -> R + FnMut(T) -> Self::Fut {
    /// The future that a call returns.
    type Fut: Future<Output = R>;
}

impl<F, T, Fut, R> AsyncFuncMut<T, R> for F
where
    F: AsyncFnMut(T) -> R + FnMut(T) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

impl<F, T, Fut, R> AsyncFunc<T, R> for F
where
    F: AsyncFnOnce(T) -> R + FnOnce(T) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

impl<R: Role, C: RoutedConnection> ReadConn<R, C> {
    /// Runs several reads on one consistent view, in a read-only transaction.
    ///
    /// The view is the server's: `REPEATABLE READ` on PostgreSQL, a consistent snapshot on MySQL
    /// and MariaDB, a deferred transaction on SQLite. Inside an open transaction, `f` runs in a
    /// savepoint of it and sees that transaction's view.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`; Diesel's, if the transaction cannot be opened or closed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped half-way, or `f` panics, the transaction stays open and the pool
    /// discards the connection.
    pub fn snapshot<'a, 'conn, T, E, F>(
        &'conn mut self,
        f: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'conn
    where
        for<'r> F: AsyncFnOnce(&'r mut Self) -> Result<T, E>
            + AsyncFunc<&'r mut Self, Result<T, E>, Fut: Send>
            + Send
            + 'a,
        E: From<DieselError> + Send + 'a,
        T: Send + 'a,
        'a: 'conn,
    {
        let begin = self.lease().guard.conn.dialect().begin_snapshot();
        self.within(begin, true, f)
    }

    /// Runs locking reads in a transaction: their row locks last until it ends. Only on
    /// `ReadConn<Primary>`.
    ///
    /// The transaction is opened `READ WRITE`, because otherwise the server refuses row locks; the
    /// handle inside still grants no writes. A function that is called in it may write: unless it is known to change nothing
    /// ([`StatementCheck::pure`](crate::StatementCheck::pure)), the commit counts as the session's write. Inside an open transaction, `f` runs in a savepoint.
    ///
    /// # Errors
    ///
    /// As for [`snapshot`](Self::snapshot).
    ///
    /// # Cancel safety
    ///
    /// As for [`snapshot`](Self::snapshot).
    pub fn transaction<'a, 'conn, T, E, F>(&'conn mut self, f: F) -> BoxFuture<'conn, Result<T, E>>
    where
        R: GrantsTransactions,
        for<'r> F: AsyncFnOnce(&'r mut Self) -> Result<T, E>
            + AsyncFunc<&'r mut Self, Result<T, E>, Fut: Send>
            + Send
            + 'a,
        E: From<DieselError> + Send + 'a,
        T: Send + 'a,
        'a: 'conn,
    {
        // Boxed: with an opaque future, the compiler would repeat the error at the `.await`.
        let begin = self.lease().guard.conn.dialect().begin_locking();
        Box::pin(self.within(begin, false, f))
    }

    async fn within<T, E, F>(&mut self, begin: &str, read_only: bool, f: F) -> Result<T, E>
    where
        for<'r> F: AsyncFnOnce(&'r mut Self) -> Result<T, E>
            + AsyncFunc<&'r mut Self, Result<T, E>, Fut: Send>
            + Send,
        E: From<DieselError> + Send,
        T: Send,
    {
        let lease = self.lease_mut();
        lease.ready_for(R::NEEDS).map_err(DieselError::from)?;
        let number = lease.guard.number;
        let recorded = |entry| StatementGuard::unmarked().recording(entry);
        let statement = recorded(lease.record_transaction(BEGIN, 0));
        let outermost = depth_of(&mut lease.guard) == 0;
        if outermost {
            let begun = begin_with(&mut lease.guard, begin);
            let begun = statement.during(begun).await;
            lease.guard.note_depth();
            lease.guard.heard(begun)?;
            lease.in_snapshot = read_only;
            lease.in_locking = !read_only;
        } else {
            let begun = statement.during(transact::begin(&mut lease.guard)).await;
            lease.guard.note_depth();
            lease.guard.heard(begun)?;
        }
        let result = f(self).await;
        let lease = self.lease_mut();
        lease.holds(number).map_err(DieselError::from)?;
        let commits = result.is_ok();
        let closed = match lease.is_answered() {
            Ok(()) if commits => {
                let statement = recorded(lease.record_transaction(COMMIT, 1));
                // A function that was called may have written.
                let ending = lease.log.begin_commit(depth_of(&mut lease.guard));
                let committed = statement.during(transact::commit(&mut lease.guard)).await;
                ending.finish(committed.as_ref().err());
                committed
            }
            Ok(()) => {
                let statement = recorded(lease.record_transaction(ROLLBACK, 1));
                let depth = depth_of(&mut lease.guard);
                let rollback = transact::roll_back(&mut lease.guard);
                let rolled_back = statement.during(rollback).await;
                if rolled_back.is_ok() {
                    lease.log.rolled_back(depth);
                }
                rolled_back
            }
            Err(given_up) if commits => Err(given_up.into()),
            // The body's error is more specific.
            Err(_) => Err(DieselError::BrokenTransactionManager),
        };
        lease.guard.note_depth();
        // What failed inside may have been the connection.
        lease.guard.hear(&result);
        let closed = lease.guard.heard(closed);
        if outermost {
            lease.in_snapshot = false;
            lease.in_locking = false;
        }
        close(result, closed)
    }
}

impl<C: RoutedConnection> WriteConn<C>
where
    for<'c, 'q> C::Row<'c, 'q>: Send,
{
    /// Runs `f` in a transaction; inside one, in a savepoint.
    ///
    /// `f` gets a `&mut WriteConn`, which can be used in place of every read handle.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, after a rollback; Diesel's, if the transaction cannot be opened or closed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped half-way, or `f` panics, the transaction stays open and the pool
    /// discards the connection; what was written in it counts as written.
    pub fn transaction<'a, 'conn, T, E, F>(
        &'conn mut self,
        f: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'conn
    where
        for<'r> F: AsyncFnOnce(&'r mut Self) -> Result<T, E>
            + AsyncFunc<&'r mut Self, Result<T, E>, Fut: Send>
            + Send
            + 'a,
        E: From<DieselError> + Send + 'a,
        T: Send + 'a,
        'a: 'conn,
    {
        self.run_transaction(None, f)
    }

    /// Opens a transaction that is never committed, for tests: the pool keeps the connection, and
    /// the transaction continues when it is next checked out.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    ///
    /// # Panics
    ///
    /// Panics inside a transaction.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
    /// use diesel_routing::{pg::Router, prelude::*};
    ///
    /// diesel::table! { settings { id -> Integer, theme -> Text, } }
    ///
    /// async fn a_test(router: &Router) -> Result<(), diesel_routing::Error> {
    ///     let mut conn = router.write().await?;
    ///     conn.begin_test_transaction().await?; // ends with the connection
    ///     diesel::insert_into(settings::table).values(settings::theme.eq("dark")).execute(&mut conn).await?;
    ///     Ok(())
    /// }
    ///
    /// async fn another(router: &Router) -> Result<(), diesel_routing::Error> {
    ///     let mut conn = router.write().await?;
    ///     conn.test_transaction(async |tx| {
    ///         diesel::delete(settings::table).execute(tx).await?;
    ///         QueryResult::Ok(())
    ///     })
    ///     .await;
    ///     Ok(())
    /// }
    /// # }
    /// ```
    pub async fn begin_test_transaction(&mut self) -> QueryResult<()> {
        AsyncConnection::begin_test_transaction(self).await
    }

    /// Runs `f` in a transaction that is always rolled back, for tests.
    ///
    /// # Panics
    ///
    /// Panics if `f` returns an error.
    pub async fn test_transaction<T, E, F>(&mut self, f: F) -> T
    where
        for<'r> F: AsyncFnOnce(&'r mut Self) -> Result<T, E>
            + AsyncFunc<&'r mut Self, Result<T, E>, Fut: Send>
            + Send,
        E: fmt::Debug + Send,
        T: Send,
    {
        type Manager<C> = <C as AsyncConnection>::TransactionManager;

        Manager::<Self>::begin_transaction(self)
            .await
            .expect("a test transaction could not be opened");
        let result = f(self).await;
        Manager::<Self>::rollback_transaction(self)
            .await
            .expect("a test transaction could not be rolled back");
        result.expect("a test transaction failed")
    }

    /// Returns a builder of a transaction with an isolation level and the like.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")] {
    /// use diesel_routing::{pg::WriteConn, prelude::*};
    ///
    /// diesel::table! { accounts { id -> Integer, balance -> BigInt, } }
    ///
    /// async fn empty(conn: &mut WriteConn, id: i32) -> QueryResult<usize> {
    ///     conn.build_transaction()
    ///         .serializable()
    ///         .run(async |tx| {
    ///             diesel::update(accounts::table.find(id))
    ///                 .set(accounts::balance.eq(0))
    ///                 .execute(tx)
    ///                 .await
    ///         })
    ///         .await
    /// }
    /// # }
    /// ```
    pub fn build_transaction(&mut self) -> TransactionBuilder<'_, C> {
        TransactionBuilder {
            conn: self,
            characteristics: Characteristics::default(),
        }
    }

    pub(super) async fn run_transaction<T, E, F>(
        &mut self,
        begin: Option<String>,
        f: F,
    ) -> Result<T, E>
    where
        for<'r> F: AsyncFnOnce(&'r mut Self) -> Result<T, E>
            + AsyncFunc<&'r mut Self, Result<T, E>, Fut: Send>
            + Send,
        E: From<DieselError> + Send,
        T: Send,
    {
        type Manager<C> = <C as AsyncConnection>::TransactionManager;

        self.lease_mut()
            .ready_for(Access::Write)
            .map_err(DieselError::from)?;
        match begin {
            Some(sql) => {
                let lease = self.lease_mut();
                let entry = lease.record_transaction(BEGIN, 0);
                let statement = StatementGuard::unmarked().recording(entry);
                let begun = begin_with(&mut lease.guard, &sql);
                let begun = statement.during(begun).await;
                let guard = &mut self.lease_mut().guard;
                guard.note_depth();
                guard.heard(begun)?;
            }
            None => Manager::<Self>::begin_transaction(self).await?,
        }
        let number = self.lease_mut().guard.number;
        let result = f(self).await;
        self.lease_mut().holds(number).map_err(DieselError::from)?;
        let closed = match &result {
            Ok(_) => Manager::<Self>::commit_transaction(self).await,
            Err(_) => Manager::<Self>::rollback_transaction(self).await,
        };
        close(result, closed)
    }
}

#[cfg(feature = "sqlite")]
impl WriteConn<super::sqlite::Connection> {
    /// Runs `f` in a transaction that takes SQLite's write lock at once, like
    /// [`immediate_transaction`](super::sqlite::Connection::immediate_transaction) of diesel-async.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, after a rollback; Diesel's otherwise.
    ///
    /// # Cancel safety
    ///
    /// As for [`transaction`](Self::transaction).
    pub fn immediate_transaction<'a, 'conn, T, E, F>(
        &'conn mut self,
        f: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'conn
    where
        for<'r> F: AsyncFnOnce(&'r mut Self) -> Result<T, E>
            + AsyncFunc<&'r mut Self, Result<T, E>, Fut: Send>
            + Send
            + 'a,
        E: From<DieselError> + Send + 'a,
        T: Send + 'a,
        'a: 'conn,
    {
        self.run_transaction(Some("BEGIN IMMEDIATE".to_owned()), f)
    }

    /// Runs `f` in a transaction that excludes other connections, like
    /// [`exclusive_transaction`](super::sqlite::Connection::exclusive_transaction) of diesel-async.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, after a rollback; Diesel's otherwise.
    ///
    /// # Cancel safety
    ///
    /// As for [`transaction`](Self::transaction).
    pub fn exclusive_transaction<'a, 'conn, T, E, F>(
        &'conn mut self,
        f: F,
    ) -> impl Future<Output = Result<T, E>> + Send + 'conn
    where
        for<'r> F: AsyncFnOnce(&'r mut Self) -> Result<T, E>
            + AsyncFunc<&'r mut Self, Result<T, E>, Fut: Send>
            + Send
            + 'a,
        E: From<DieselError> + Send + 'a,
        T: Send + 'a,
        'a: 'conn,
    {
        self.run_transaction(Some("BEGIN EXCLUSIVE".to_owned()), f)
    }
}

/// Returns the outcome of a transaction, from those of its body and of closing it.
fn close<T, E: From<DieselError>>(body: Result<T, E>, closed: QueryResult<()>) -> Result<T, E> {
    match (body, closed) {
        (Ok(value), Ok(())) => Ok(value),
        // The body's error is the likely cause of a broken transaction manager.
        (Err(error), Ok(()) | Err(DieselError::BrokenTransactionManager)) => Err(error),
        (_, Err(error)) => Err(error.into()),
    }
}
