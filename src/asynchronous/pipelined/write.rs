//! `&WriteConn` is a diesel-async connection that runs statements.

use diesel::QueryResult;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};
use futures_core::future::BoxFuture;

use crate::asynchronous::diesel_connection::{Tracked, TrackedLoad, TrackedStream};
use crate::asynchronous::gate::Gate;
use crate::asynchronous::pipelines::PipelinedRows;
use crate::asynchronous::rows::Rows;
use crate::asynchronous::statement_guard::StatementGuard;
use crate::asynchronous::{Pipelines, WriteConn};
use crate::engine::Ending;
use crate::statement::{Access, Inspected, Reach, Seen, Trace};

impl<C: Pipelines> SimpleAsyncConnection for &WriteConn<C> {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        let handle: &WriteConn<C> = self;
        let (guard, ending) = begin_batch(handle, query)?;
        let batch = handle
            .read
            .lease()
            .guard
            .beside(|conn| conn.batch_beside(query));
        let result = guard.during(batch).await;
        ending.finish(result.as_ref().err());
        result
    }
}

impl<'a, C: Pipelines> AsyncConnectionCore for &'a WriteConn<C> {
    // Of the handle's lifetime, and not of the reference's to the handle.
    type ExecuteFuture<'conn, 'query> = Tracked<'a, BoxFuture<'a, QueryResult<usize>>>;
    type LoadFuture<'conn, 'query> = TrackedLoad<'a, BoxFuture<'a, QueryResult<PipelinedRows<C>>>>;
    type Stream<'conn, 'query> = TrackedStream<'a, Rows<PipelinedRows<C>>, C::PipelinedRow>;
    type Row<'conn, 'query> = C::PipelinedRow;
    type Backend = C::Backend;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let handle: &'a WriteConn<C> = self;
        match begin_statement(handle, source.as_query()) {
            Ok((statement, guard, ending)) => {
                let lease = handle.read.lease();
                let load = lease.guard.beside(|conn| conn.load_beside(statement));
                TrackedLoad::new(Gate::admitted(load, guard), ending)
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
        let handle: &'a WriteConn<C> = self;
        match begin_statement(handle, source) {
            Ok((statement, guard, ending)) => {
                let lease = handle.read.lease();
                let execute = lease.guard.beside(|conn| conn.execute_beside(statement));
                Tracked::new(Gate::admitted(execute, guard), ending)
            }
            Err(error) => Tracked::new(Gate::refused(error), None),
        }
    }
}

/// Does what `WriteConn::begin_statement` does, for one that shares the connection.
fn begin_statement<C, Q>(
    handle: &WriteConn<C>,
    query: Q,
) -> QueryResult<(Inspected<Q>, StatementGuard<'_>, Option<Ending<'_>>)>
where
    C: Pipelines,
    Q: QueryFragment<C::Backend> + QueryId,
{
    let lease = handle.read.lease();
    if let Err(refused) = lease.ready_for(Access::Write) {
        let error = refused.into();
        if lease.records() {
            lease.record_refusal(&query, &error);
        }
        return Err(error);
    }
    let (ending, trace, sql) = Seen::with::<Q, Inspected<Q>, _>(&lease.guard.seen, |seen| {
        let depth = lease.guard.depth;
        lease
            .log
            .begin_pipelined::<C::Backend, Q>(&query, depth, seen)
    });
    lease.guard.runs(trace);
    let entry = match lease.records() {
        true => lease.guard.record(*lease.grant(), &query, sql.as_deref()),
        false => None,
    };
    let guard = lease.guard.shared_guard().recording(entry);
    Ok((Inspected::new(query, sql), guard, ending))
}

/// Does what `WriteConn::begin_batch` does, for one that shares the connection.
fn begin_batch<'a, C: Pipelines>(
    handle: &'a WriteConn<C>,
    sql: &str,
) -> QueryResult<(StatementGuard<'a>, Ending<'a>)> {
    let lease = handle.read.lease();
    let shared = lease.log.shared();
    let trace = match shared.never_resets {
        true => Trace::UNSEEN,
        false => shared.checker.trace(sql),
    };
    lease.guard.runs(trace);
    let entry = match lease.records() {
        true => lease.record_text(sql),
        false => None,
    };
    lease.ready_for(Access::Write)?;
    let ending = lease.log.begin_shared(Reach::Unbounded, lease.guard.depth);
    Ok((lease.guard.shared_guard().recording(entry), ending))
}
