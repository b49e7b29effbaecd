//! `WriteConn` as a diesel-async connection: all of diesel-async's connection traits, by delegation.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use diesel::associations::HasTable;
use diesel::connection::{CacheSize, Instrumentation, TransactionManagerStatus};
use diesel::prelude::Identifiable;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::Error as DieselError;
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{
    AsyncConnection, AsyncConnectionCore, SimpleAsyncConnection, TransactionManager,
    UpdateAndFetchResults,
};
use futures_core::Stream;
use futures_core::future::BoxFuture;

use crate::asynchronous::gate::Gate;
use crate::asynchronous::observing::{BEGIN, COMMIT, ROLLBACK};
use crate::asynchronous::rows::{Rows, Streamed};
use crate::asynchronous::statement_guard::StatementGuard;
use crate::asynchronous::transact::{self, depth_of};
use crate::asynchronous::{RoutedConnection, WriteConn};
use crate::engine::Ending;
use crate::query_log::Affected;
use crate::statement::Access;

impl<C: RoutedConnection> SimpleAsyncConnection for WriteConn<C> {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let (conn, guard, ending) = self.begin_batch(query)?;
        let result = guard.during(conn.batch_execute(query)).await;
        ending.finish(result.as_ref().err());
        result
    }
}

impl<C: RoutedConnection> AsyncConnectionCore for WriteConn<C>
where
    for<'c, 'q> C::Row<'c, 'q>: Send,
{
    type ExecuteFuture<'conn, 'query> = Tracked<'conn, C::ExecuteFuture<'conn, 'query>>;
    type LoadFuture<'conn, 'query> = TrackedLoad<'conn, C::LoadFuture<'conn, 'query>>;
    type Stream<'conn, 'query> =
        TrackedStream<'conn, Rows<C::Stream<'conn, 'query>>, C::Row<'conn, 'query>>;
    type Row<'conn, 'query> = C::Row<'conn, 'query>;
    type Backend = C::Backend;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let query = source.as_query();
        match self.begin_statement(query) {
            Ok((statement, conn, guard, ending)) => {
                TrackedLoad::new(Gate::admitted(conn.load(statement), guard), ending)
            }
            Err(error) => TrackedLoad::new(Gate::refused(error), None),
        }
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        match self.begin_statement(source) {
            Ok((statement, conn, guard, ending)) => Tracked::new(
                Gate::admitted(conn.execute_returning_count(statement), guard),
                ending,
            ),
            Err(error) => Tracked::new(Gate::refused(error), None),
        }
    }
}

impl<C: RoutedConnection> AsyncConnection for WriteConn<C>
where
    for<'c, 'q> C::Row<'c, 'q>: Send,
{
    type TransactionManager = Routed;

    /// Fails: connections come from a router.
    async fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection(
            "a `WriteConn` comes from a router or a session: call `session.write()`".to_owned(),
        ))
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

/// The transaction manager of a [`WriteConn`]: the raw connection's, which also reports
/// commits and rollbacks to the session.
#[derive(Debug)]
pub struct Routed(());

type Raw<C> = <C as AsyncConnection>::TransactionManager;

impl<C: RoutedConnection> TransactionManager<WriteConn<C>> for Routed
where
    for<'c, 'q> C::Row<'c, 'q>: Send,
{
    type TransactionStateData = <Raw<C> as TransactionManager<C>>::TransactionStateData;

    async fn begin_transaction(conn: &mut WriteConn<C>) -> QueryResult<()> {
        conn.lease_mut().ready_for(Access::Write)?;
        let entry = conn.lease_mut().record_transaction(BEGIN, 0);
        let statement = StatementGuard::unmarked().recording(entry);
        let begin = transact::begin(&mut conn.lease_mut().guard);
        let result = statement.during(begin).await;
        let guard = &mut conn.lease_mut().guard;
        guard.note_depth();
        guard.heard(result)
    }

    async fn rollback_transaction(conn: &mut WriteConn<C>) -> QueryResult<()> {
        // The body's error says more than that a statement was abandoned.
        let answered = conn.lease_mut().is_answered();
        answered.map_err(|_| DieselError::BrokenTransactionManager)?;
        let depth = depth_of(&mut conn.lease_mut().guard);
        let entry = conn.lease_mut().record_transaction(ROLLBACK, 1);
        let statement = StatementGuard::unmarked().recording(entry);
        let rollback = transact::roll_back(&mut conn.lease_mut().guard);
        let result = statement.during(rollback).await;
        let lease = conn.lease_mut();
        lease.guard.note_depth();
        lease.guard.heard(result)?;
        lease.log.rolled_back(depth);
        Ok(())
    }

    async fn commit_transaction(conn: &mut WriteConn<C>) -> QueryResult<()> {
        conn.lease_mut().is_answered()?;
        let entry = conn.lease_mut().record_transaction(COMMIT, 1);
        let statement = StatementGuard::unmarked().recording(entry);
        let lease = conn.lease_mut();
        let ending = lease.log.begin_commit(depth_of(&mut lease.guard));
        let commit = transact::commit(&mut lease.guard);
        let result = statement.during(commit).await;
        ending.finish(result.as_ref().err());
        lease.guard.note_depth();
        lease.guard.heard(result)
    }

    fn transaction_manager_status_mut(conn: &mut WriteConn<C>) -> &mut TransactionManagerStatus {
        Raw::<C>::transaction_manager_status_mut(conn.raw())
    }

    fn is_broken_transaction_manager(conn: &mut WriteConn<C>) -> bool {
        conn.lease_mut().is_answered().is_err()
            || Raw::<C>::is_broken_transaction_manager(conn.raw())
    }
}

impl<C, Changes, Output> UpdateAndFetchResults<Changes, Output> for WriteConn<C>
where
    C: RoutedConnection + UpdateAndFetchResults<Changes, Output>,
    for<'c, 'q> C::Row<'c, 'q>: Send,
    Changes: Identifiable + HasTable + Send,
    Output: Send,
{
    fn update_and_fetch<'conn, 'changes>(
        &'conn mut self,
        changeset: Changes,
    ) -> BoxFuture<'changes, QueryResult<Output>>
    where
        Changes: 'changes,
        'conn: 'changes,
        Self: 'changes,
    {
        Box::pin(async move {
            let (conn, guard, ending) = self.begin_write("save_changes")?;
            let result = guard.during(conn.update_and_fetch(changeset)).await;
            ending.finish(result.as_ref().err());
            result
        })
    }
}

pin_project_lite::pin_project! {
    /// A statement on a [`WriteConn`]. Its end is reported to the session.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Tracked<'conn, F> {
        #[pin]
        gate: Gate<'conn, F, Affected>,
        ending: Option<Ending<'conn>>,
    }
}

impl<'conn, F> Tracked<'conn, F> {
    pub(super) fn new(gate: Gate<'conn, F, Affected>, ending: Option<Ending<'conn>>) -> Self {
        Self { gate, ending }
    }
}

impl<F> Future for Tracked<'_, F>
where
    F: Future<Output = QueryResult<usize>>,
{
    type Output = QueryResult<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.gate.poll(cx));
        if let Some(ending) = this.ending.take() {
            ending.finish(result.as_ref().err());
        }
        Poll::Ready(result)
    }
}

pin_project_lite::pin_project! {
    /// A query on a [`WriteConn`], until its rows arrive.
    #[must_use = "futures do nothing unless awaited"]
    pub struct TrackedLoad<'conn, F> {
        #[pin]
        gate: Gate<'conn, F, Streamed>,
        ending: Option<Ending<'conn>>,
    }
}

impl<'conn, F> TrackedLoad<'conn, F> {
    pub(super) fn new(gate: Gate<'conn, F, Streamed>, ending: Option<Ending<'conn>>) -> Self {
        Self { gate, ending }
    }
}

impl<'conn, F, S, T> Future for TrackedLoad<'conn, F>
where
    F: Future<Output = QueryResult<S>>,
    S: Stream<Item = QueryResult<T>>,
{
    type Output = QueryResult<TrackedStream<'conn, Rows<S>, T>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.gate.poll(cx));
        let ending = this.ending.take();
        Poll::Ready(match result {
            Ok(rows) => Ok(TrackedStream {
                rows,
                next: None,
                ending,
                ended: false,
            }),
            Err(error) => {
                if let Some(ending) = ending {
                    ending.finish(Some(&error));
                }
                Err(error)
            }
        })
    }
}

pin_project_lite::pin_project! {
    /// The rows of a query on a [`WriteConn`].
    ///
    /// Each row of a statement that writes is delayed until the next one has arrived: the first may arrive before
    /// the server has committed, and a caller that stops after it (`get_result`) must know that the statement has ended.
    #[must_use = "streams do nothing unless polled"]
    pub struct TrackedStream<'conn, S, T> {
        #[pin]
        rows: S,
        next: Option<QueryResult<T>>,
        ending: Option<Ending<'conn>>,
        // The inner stream must not be polled again once it has ended, and it ends before this one does.
        ended: bool,
    }
}

impl<S, T> Stream for TrackedStream<'_, S, T>
where
    S: Stream<Item = QueryResult<T>>,
{
    type Item = QueryResult<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        while this.ending.is_some() {
            match ready!(this.rows.as_mut().poll_next(cx)) {
                Some(Ok(row)) => {
                    if let Some(before) = this.next.replace(Ok(row)) {
                        return Poll::Ready(Some(before));
                    }
                }
                last => {
                    let error = last.as_ref().and_then(|row| row.as_ref().err());
                    if let Some(ending) = this.ending.take() {
                        ending.finish(error);
                    }
                    *this.ended = last.is_none();
                    return Poll::Ready(match last {
                        None => this.next.take(),
                        Some(error) => match this.next.replace(error) {
                            Some(before) => Some(before),
                            None => this.next.take(),
                        },
                    });
                }
            }
        }
        match this.next.take() {
            Some(row) => Poll::Ready(Some(row)),
            None if *this.ended => Poll::Ready(None),
            None => this.rows.poll_next(cx),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let late = usize::from(self.next.is_some());
        let (low, high) = self.rows.size_hint();
        (low + late, high.map(|high| high + late))
    }
}
