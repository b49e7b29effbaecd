//! Transactions on the handles.

use std::fmt;

use diesel::connection::TransactionManager;
use diesel::{Connection, QueryResult};

use super::observing::{BEGIN, COMMIT, ROLLBACK};
use super::statement_guard::StatementGuard;
use super::transact::{self, begin_with, depth_of};
use super::{ReadConn, RoutedConnection, WriteConn};
#[cfg(any(feature = "sync-postgres", feature = "sync-mysql"))]
use crate::statement::Isolation;
use crate::statement::{Characteristics, Dialect, GrantsTransactions, Role};

impl<R: Role, C: RoutedConnection> ReadConn<R, C> {
    /// Runs several reads on one consistent view, in a read-only transaction.
    ///
    /// The view is the server's: `REPEATABLE READ` on PostgreSQL, a consistent snapshot on MySQL
    /// and MariaDB, a deferred transaction on SQLite. Inside an open transaction, `f` runs in a
    /// savepoint of it and sees that transaction's view.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`; Diesel's, if the transaction cannot be opened or closed. If `f` panics,
    /// the transaction stays open and the pool discards the connection.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use diesel_routing::sync::{prelude::*, sqlite::ReadConn};
    /// use diesel_routing::Replica;
    ///
    /// diesel::table! { users { id -> Integer, } }
    ///
    /// fn count_twice(conn: &mut ReadConn<Replica>) -> QueryResult<(i64, i64)> {
    ///     conn.snapshot(|tx| {
    ///         let all = users::table.count().get_result(tx)?;
    ///         let again = users::table.count().get_result(tx)?;
    ///         Ok((all, again)) // always equal
    ///     })
    /// }
    /// ```
    pub fn snapshot<T, E, F>(&mut self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
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
    pub fn transaction<T, E, F>(&mut self, f: F) -> Result<T, E>
    where
        R: GrantsTransactions,
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        let begin = self.lease().guard.conn.dialect().begin_locking();
        self.within(begin, false, f)
    }

    fn within<T, E, F>(&mut self, begin: &str, read_only: bool, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        let lease = self.lease_mut();
        lease
            .lent_for(R::NEEDS)
            .map_err(diesel::result::Error::from)?;
        let number = lease.guard.number;
        let recorded = |entry| StatementGuard::unmarked().recording(entry);
        let statement = recorded(lease.record_transaction(BEGIN, 0));
        let outermost = depth_of(&mut lease.guard) == 0;
        if outermost {
            let begun = statement.during(begin_with(&mut lease.guard, begin));
            lease.guard.heard(begun)?;
            lease.in_snapshot = read_only;
            lease.in_locking = !read_only;
        } else {
            let begun = statement.during(transact::begin(&mut lease.guard));
            lease.guard.heard(begun)?;
        }
        let result = f(self);
        let lease = self.lease_mut();
        lease.holds(number).map_err(diesel::result::Error::from)?;
        let names = if result.is_ok() { COMMIT } else { ROLLBACK };
        let statement = recorded(lease.record_transaction(names, 1));
        let closed = match &result {
            Ok(_) => {
                // A function that was called may have written.
                let ending = lease.log.begin_commit(depth_of(&mut lease.guard));
                let committed = statement.during(transact::commit(&mut lease.guard));
                ending.finish(committed.as_ref().err());
                committed
            }
            Err(_) => {
                let depth = depth_of(&mut lease.guard);
                let rolled_back = statement.during(transact::roll_back(&mut lease.guard));
                if rolled_back.is_ok() {
                    lease.log.rolled_back(depth);
                }
                rolled_back
            }
        };
        let lease = self.lease_mut();
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

impl<C: RoutedConnection> WriteConn<C> {
    /// Runs `f` in a transaction; inside one, in a savepoint.
    ///
    /// Like [`Connection::transaction`], without importing that trait. `f` gets a
    /// `&mut WriteConn`, which can be used in place of every read handle.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, after a rollback; Diesel's, if the transaction cannot be opened or closed.
    /// If `f` panics, the transaction stays open and the pool discards the connection.
    pub fn transaction<T, E, F>(&mut self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        Connection::transaction(self, f)
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
    /// use diesel_routing::sync::{prelude::*, sqlite::Router};
    ///
    /// diesel::table! { settings { id -> Integer, theme -> Text, } }
    ///
    /// fn a_test(router: &Router) -> Result<(), diesel_routing::Error> {
    ///     let mut conn = router.write()?;
    ///     conn.begin_test_transaction()?; // ends with the connection
    ///     diesel::insert_into(settings::table).values(settings::theme.eq("dark")).execute(&mut conn)?;
    ///     Ok(())
    /// }
    ///
    /// fn another(router: &Router) -> Result<(), diesel_routing::Error> {
    ///     router.write()?.test_transaction(|tx| diesel::delete(settings::table).execute(tx));
    ///     Ok(())
    /// }
    /// ```
    pub fn begin_test_transaction(&mut self) -> QueryResult<()> {
        Connection::begin_test_transaction(self)
    }

    /// Runs `f` in a transaction that is always rolled back, for tests.
    ///
    /// # Panics
    ///
    /// Panics if `f` returns an error.
    pub fn test_transaction<T, E, F>(&mut self, f: F) -> T
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: fmt::Debug,
    {
        Connection::test_transaction(self, f)
    }

    /// Returns a builder of a transaction with an isolation level and the like.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(feature = "sync-postgres")] {
    /// use diesel_routing::sync::{pg::WriteConn, prelude::*};
    ///
    /// diesel::table! { accounts { id -> Integer, balance -> BigInt, } }
    ///
    /// fn empty(conn: &mut WriteConn, id: i32) -> QueryResult<usize> {
    ///     conn.build_transaction()
    ///         .serializable()
    ///         .run(|tx| diesel::update(accounts::table.find(id)).set(accounts::balance.eq(0)).execute(tx))
    /// }
    /// # }
    /// ```
    pub fn build_transaction(&mut self) -> TransactionBuilder<'_, C> {
        TransactionBuilder {
            conn: self,
            characteristics: Characteristics::default(),
        }
    }
}

/// A transaction's characteristics, before it starts. The server's defaults apply to all others.
///
/// # Example
///
/// ```no_run
/// # #[cfg(all(feature = "sync-postgres", feature = "sync-mysql"))] {
/// use diesel_routing::{sync::mysql::WriteConn as MyConn, sync::pg::WriteConn as PgConn, sync::prelude::*};
///
/// diesel::table! { orders { id -> Integer, } }
///
/// fn report(conn: &mut PgConn) -> QueryResult<Vec<i32>> {
///     // As a whole: it waits until no other transaction can disturb it.
///     let mut transaction = conn.build_transaction().serializable().read_only().deferrable();
///     transaction.run(|tx| orders::table.select(orders::id).load(tx))
/// }
///
/// fn take(conn: &mut MyConn) -> QueryResult<usize> {
///     conn.build_transaction()
///         .repeatable_read()
///         .with_consistent_snapshot()
///         .run(|tx| diesel::delete(orders::table).execute(tx))
/// }
///
/// fn loosely(pg: &mut PgConn, my: &mut MyConn) -> QueryResult<usize> {
///     let mut work = pg.build_transaction().read_committed().read_write().not_deferrable();
///     work.run(|tx| diesel::delete(orders::table).execute(tx))?;
///     my.build_transaction()
///         .read_uncommitted()
///         .run(|tx| diesel::delete(orders::table).execute(tx))
/// }
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a transaction starts with `run`"]
pub struct TransactionBuilder<'a, C: RoutedConnection> {
    conn: &'a mut WriteConn<C>,
    characteristics: Characteristics,
}

#[cfg(any(feature = "sync-postgres", feature = "sync-mysql"))]
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

#[cfg(feature = "sync-postgres")]
impl TransactionBuilder<'_, diesel::PgConnection> {
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

#[cfg(feature = "sync-mysql")]
impl TransactionBuilder<'_, diesel::MysqlConnection> {
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

impl<C: RoutedConnection> TransactionBuilder<'_, C> {
    /// Runs `f` in the transaction. As in Diesel, a builder that was kept runs another one with the same characteristics.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, after a rollback; otherwise Diesel's:
    /// [`AlreadyInTransaction`](diesel::result::Error::AlreadyInTransaction) inside a transaction.
    pub fn run<T, E, F>(&mut self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut WriteConn<C>) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        let begin = self
            .conn
            .lease()
            .guard
            .conn
            .dialect()
            .begin(&self.characteristics);
        self.conn.run_transaction(&begin, f)
    }
}

impl<C: RoutedConnection> WriteConn<C> {
    fn run_transaction<T, E, F>(&mut self, begin: &str, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        type Manager<C> = <C as Connection>::TransactionManager;

        self.lease_mut()
            .lent_for(crate::statement::Access::Write)
            .map_err(diesel::result::Error::from)?;
        let lease = self.lease_mut();
        let entry = lease.record_transaction(BEGIN, 0);
        let statement = StatementGuard::unmarked().recording(entry);
        let begun = statement.during(begin_with(&mut lease.guard, begin));
        self.lease_mut().guard.heard(begun)?;
        let number = self.lease_mut().guard.number;
        let result = f(self);
        self.lease_mut()
            .holds(number)
            .map_err(diesel::result::Error::from)?;
        let closed = match &result {
            Ok(_) => Manager::<Self>::commit_transaction(self),
            Err(_) => Manager::<Self>::rollback_transaction(self),
        };
        close(result, closed)
    }
}

#[cfg(feature = "sync-sqlite")]
impl WriteConn<diesel::SqliteConnection> {
    /// Runs `f` in a transaction that takes SQLite's write lock at once, like
    /// [`SqliteConnection::immediate_transaction`](diesel::SqliteConnection::immediate_transaction).
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, after a rollback; Diesel's otherwise.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use diesel_routing::sync::{prelude::*, sqlite::WriteConn};
    ///
    /// diesel::table! { jobs { id -> Integer, } }
    ///
    /// // It will write: rather wait for the lock now than fail when it first does.
    /// fn take(conn: &mut WriteConn) -> QueryResult<usize> {
    ///     conn.immediate_transaction(|tx| {
    ///         let id: i32 = jobs::table.select(jobs::id).first(tx)?;
    ///         diesel::delete(jobs::table.find(id)).execute(tx)
    ///     })
    /// }
    ///
    /// fn empty(conn: &mut WriteConn) -> QueryResult<usize> {
    ///     conn.exclusive_transaction(|tx| diesel::delete(jobs::table).execute(tx))
    /// }
    /// ```
    pub fn immediate_transaction<T, E, F>(&mut self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        self.run_transaction("BEGIN IMMEDIATE", f)
    }

    /// Runs `f` in a transaction that excludes other connections, like
    /// [`SqliteConnection::exclusive_transaction`](diesel::SqliteConnection::exclusive_transaction).
    ///
    /// # Errors
    ///
    /// Returns the error of `f`, after a rollback; Diesel's otherwise.
    pub fn exclusive_transaction<T, E, F>(&mut self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Self) -> Result<T, E>,
        E: From<diesel::result::Error>,
    {
        self.run_transaction("BEGIN EXCLUSIVE", f)
    }
}

/// Returns the outcome of a transaction, from those of its body and of closing it.
pub(super) fn close<T, E>(body: Result<T, E>, closed: QueryResult<()>) -> Result<T, E>
where
    E: From<diesel::result::Error>,
{
    match (body, closed) {
        (Ok(value), Ok(())) => Ok(value),
        // The body's error is the likely cause of a broken transaction manager.
        (Err(error), Ok(()) | Err(diesel::result::Error::BrokenTransactionManager)) => Err(error),
        (_, Err(error)) => Err(error.into()),
    }
}
