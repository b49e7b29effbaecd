//! `WriteConn` as a Diesel connection: all of Diesel's connection traits, by delegation.

use diesel::connection::{
    CacheSize, Connection, ConnectionSealed, Instrumentation, LoadConnection,
    MultiConnectionHelper, SimpleConnection, TransactionManager, TransactionManagerStatus,
    WithMetadataLookup,
};
use diesel::expression::QueryMetadata;
use diesel::migration::MigrationConnection;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::query_dsl::UpdateAndFetchResults;
use diesel::result::Error as DieselError;
use diesel::sql_types::TypeMetadata;
use diesel::{ConnectionError, ConnectionResult, QueryResult};

use super::observing::{BEGIN, COMMIT, ROLLBACK};
use super::rows::{Rows, Streamed};
use super::statement_guard::StatementGuard;
use super::transact::{self, depth_of};
use super::transaction::close;
use super::{RoutedConnection, WriteConn};
use crate::engine::Ending;
use crate::query_log::Affected;

impl<C: RoutedConnection> SimpleConnection for WriteConn<C> {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let (conn, guard, ending) = self.begin_batch(query)?;
        let result = guard.during(conn.batch_execute(query));
        ending.finish(result.as_ref().err());
        result
    }
}

impl<C: RoutedConnection> ConnectionSealed for WriteConn<C> {}

impl<C: RoutedConnection> Connection for WriteConn<C> {
    type Backend = C::Backend;
    type TransactionManager = Routed;

    /// Fails: connections come from a router.
    fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection(
            "a `WriteConn` comes from a router or a session: call `session.write()`".to_owned(),
        ))
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Self::Backend> + QueryId,
    {
        let (statement, conn, guard, ending) = self.begin_statement(source)?;
        let result = guard.during_as(Affected, conn.execute_returning_count(&statement));
        if let Some(ending) = ending {
            ending.finish(result.as_ref().err());
        }
        result
    }

    fn transaction_state(
        &mut self,
    ) -> &mut <Self::TransactionManager as TransactionManager<Self>>::TransactionStateData {
        self.raw().transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.raw().instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.raw().set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.raw().set_prepared_statement_cache_size(size);
    }
}

impl<B, C: RoutedConnection + LoadConnection<B>> LoadConnection<B> for WriteConn<C> {
    type Cursor<'conn, 'query> = Cursor<'conn, C::Cursor<'conn, 'query>>;
    type Row<'conn, 'query> = C::Row<'conn, 'query>;

    fn load<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Self::Backend> + QueryId + 'query,
        Self::Backend: QueryMetadata<T::SqlType>,
    {
        let (statement, conn, guard, ending) = self.begin_statement(source)?;
        match guard.during_as(Streamed, conn.load(statement)) {
            Ok(rows) => Ok(Cursor {
                rows,
                ending: Finish(ending),
            }),
            Err(error) => {
                if let Some(ending) = ending {
                    ending.finish(Some(&error));
                }
                Err(error)
            }
        }
    }
}

/// The rows of a statement. For its session, a statement that writes has ended when this is dropped:
/// drivers may run it while its rows are read.
#[expect(missing_debug_implementations, reason = "Diesel's cursors have none")]
pub struct Cursor<'conn, I> {
    // First, because fields are dropped in order: the cursor ends before the statement does.
    rows: Rows<I>,
    #[expect(dead_code, reason = "dropped for its effect")]
    ending: Finish<'conn>,
}

/// Ends the statement: by the time a cursor is dropped, the driver has read the whole answer, so the statement
/// is acknowledged, unless a panic cut it short.
struct Finish<'conn>(Option<Ending<'conn>>);

impl Drop for Finish<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(ending) = self.0.take().filter(|_| !std::thread::panicking()) {
            ending.finish(None);
        }
    }
}

impl<I, T> Iterator for Cursor<'_, I>
where
    I: Iterator<Item = QueryResult<T>>,
{
    type Item = QueryResult<T>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl<I, T> ExactSizeIterator for Cursor<'_, I>
where
    I: ExactSizeIterator<Item = QueryResult<T>>,
{
    fn len(&self) -> usize {
        self.rows.len()
    }
}

/// The transaction manager of a [`WriteConn`]: the raw connection's, which also reports
/// commits and rollbacks to the session.
#[derive(Debug)]
pub struct Routed(());

type Raw<C> = <C as Connection>::TransactionManager;

impl<C: RoutedConnection> TransactionManager<WriteConn<C>> for Routed {
    type TransactionStateData = <Raw<C> as TransactionManager<C>>::TransactionStateData;

    /// Runs a transaction as Diesel's own managers do, with an eye on the connection: a swap would have another one's
    /// transaction committed.
    fn transaction<F, R, E>(conn: &mut WriteConn<C>, callback: F) -> Result<R, E>
    where
        F: FnOnce(&mut WriteConn<C>) -> Result<R, E>,
        E: From<DieselError>,
    {
        Self::begin_transaction(conn)?;
        let number = conn.lease_mut().guard.number;
        let result = callback(conn);
        conn.lease_mut().holds(number).map_err(DieselError::from)?;
        let closed = match &result {
            Ok(_) => Self::commit_transaction(conn),
            Err(_) => Self::rollback_transaction(conn),
        };
        close(result, closed)
    }

    fn begin_transaction(conn: &mut WriteConn<C>) -> QueryResult<()> {
        conn.lease_mut().lent_for(crate::statement::Access::Write)?;
        let entry = conn.lease_mut().record_transaction(BEGIN, 0);
        let statement = StatementGuard::unmarked().recording(entry);
        let result = statement.during(transact::begin(&mut conn.lease_mut().guard));
        conn.lease_mut().guard.heard(result)
    }

    fn rollback_transaction(conn: &mut WriteConn<C>) -> QueryResult<()> {
        let depth = depth_of(&mut conn.lease_mut().guard);
        let entry = conn.lease_mut().record_transaction(ROLLBACK, 1);
        let statement = StatementGuard::unmarked().recording(entry);
        let result = statement.during(transact::roll_back(&mut conn.lease_mut().guard));
        let lease = conn.lease_mut();
        lease.guard.heard(result)?;
        lease.log.rolled_back(depth);
        Ok(())
    }

    fn commit_transaction(conn: &mut WriteConn<C>) -> QueryResult<()> {
        let entry = conn.lease_mut().record_transaction(COMMIT, 1);
        let statement = StatementGuard::unmarked().recording(entry);
        let lease = conn.lease_mut();
        let ending = lease.log.begin_commit(depth_of(&mut lease.guard));
        let result = statement.during(transact::commit(&mut lease.guard));
        ending.finish(result.as_ref().err());
        lease.guard.heard(result)
    }

    fn transaction_manager_status_mut(conn: &mut WriteConn<C>) -> &mut TransactionManagerStatus {
        Raw::<C>::transaction_manager_status_mut(conn.raw())
    }

    fn is_broken_transaction_manager(conn: &mut WriteConn<C>) -> bool {
        Raw::<C>::is_broken_transaction_manager(conn.raw())
    }
}

impl<C, Changes, Output> UpdateAndFetchResults<Changes, Output> for WriteConn<C>
where
    C: RoutedConnection + UpdateAndFetchResults<Changes, Output>,
{
    fn update_and_fetch(&mut self, changeset: Changes) -> QueryResult<Output> {
        let (conn, guard, ending) = self.begin_write("save_changes")?;
        let result = guard.during(conn.update_and_fetch(changeset));
        ending.finish(result.as_ref().err());
        result
    }
}

impl<C: RoutedConnection + MigrationConnection> MigrationConnection for WriteConn<C> {
    fn setup(&mut self) -> QueryResult<usize> {
        let (conn, guard, ending) = self.begin_write("migration_setup")?;
        let result = guard.during(conn.setup());
        ending.finish(result.as_ref().err());
        result
    }
}

impl<C: RoutedConnection + WithMetadataLookup> WithMetadataLookup for WriteConn<C> {
    fn metadata_lookup(&mut self) -> &mut <C::Backend as TypeMetadata>::MetadataLookup {
        self.raw().metadata_lookup()
    }
}

impl<C: RoutedConnection + MultiConnectionHelper> MultiConnectionHelper for WriteConn<C> {
    fn to_any<'a>(
        lookup: &mut <C::Backend as TypeMetadata>::MetadataLookup,
    ) -> &mut (dyn std::any::Any + 'a) {
        C::to_any(lookup)
    }

    fn from_any(
        lookup: &mut dyn std::any::Any,
    ) -> Option<&mut <C::Backend as TypeMetadata>::MetadataLookup> {
        C::from_any(lookup)
    }
}

/// For `#[derive(MultiConnection)]`, which requires it once Diesel's own `r2d2` is enabled.
#[cfg(feature = "r2d2")]
impl<C: RoutedConnection + diesel::r2d2::R2D2Connection> diesel::r2d2::R2D2Connection
    for WriteConn<C>
{
    fn ping(&mut self) -> QueryResult<()> {
        self.raw().ping()
    }

    fn is_broken(&mut self) -> bool {
        self.raw().is_broken()
    }
}

#[cfg(feature = "sync-postgres")]
impl diesel::pg::GetPgMetadataCache for WriteConn<diesel::PgConnection> {
    fn get_metadata_cache(&mut self) -> &mut diesel::pg::PgMetadataCache {
        self.raw().get_metadata_cache()
    }
}
