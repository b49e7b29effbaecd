//! `&ReadConn` runs statements.

use std::future::Future;
use std::ops::{Deref, DerefMut};

use diesel::QueryResult;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::Error as DieselError;
use diesel_async::{AsyncConnectionCore, SimpleAsyncConnection};
use futures_core::future::BoxFuture;
use ref_cast::{RefCastCustom, ref_cast_custom};

use crate::asynchronous::gate::Gate;
use crate::asynchronous::pipelines::PipelinedRows;
use crate::asynchronous::runs::{Inspects, Runs, Saves};
use crate::asynchronous::statement_guard::StatementGuard;
use crate::asynchronous::{Pipelines, ReadConn, RoutedConnection};
use crate::error::Refused;
use crate::query_log::Entry;
use crate::statement::effect::{Checked, HasRole, Inspection, Write};
use crate::statement::{Access, Classified, Execute, Key, Load, Role, Seen};

/// A shared read handle `H`, once a statement may run on it.
// Between `Runs` and `Pipe`: of a database without pipelines, the compiler says what it lacks, by the one way that leads on.
#[derive(Debug, RefCastCustom)]
#[repr(transparent)]
#[expect(unnameable_types, reason = "hidden from users")]
pub struct Pipeline<H>(H);

/// A shared read handle `H`, as diesel-async sees it. It checks nothing: only `Runs::run` lends it, with a key.
#[derive(Debug, RefCastCustom)]
#[repr(transparent)]
#[expect(unnameable_types, reason = "hidden from users")]
pub struct Pipe<H>(H);

impl<H> Pipeline<H> {
    #[ref_cast_custom]
    fn of(handle: &mut H) -> &mut Self;
}

impl<H> Pipe<H> {
    #[ref_cast_custom]
    fn of(handle: &H) -> &Self;

    #[ref_cast_custom]
    fn of_mut(handle: &mut H) -> &mut Self;
}

/// Any type, which leads to any other.
#[expect(unnameable_types, reason = "hidden from users")]
pub trait Beside {
    #[doc(hidden)]
    type Itself<T>;
}

impl<X: ?Sized> Beside for X {
    type Itself<T> = T;
}

impl<'a, R, C: Pipelines> Deref for Pipeline<&'a ReadConn<R, C>> {
    // By way of what only databases with pipelines have: of others, the compiler does not know this type, and has nothing to say of it.
    type Target = <C::PipelinedRow as Beside>::Itself<Pipe<&'a ReadConn<R, C>>>;

    fn deref(&self) -> &Self::Target {
        Pipe::of(&self.0)
    }
}

impl<R, C: Pipelines> DerefMut for Pipeline<&ReadConn<R, C>> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Pipe::of_mut(&mut self.0)
    }
}

impl<R: Role, C: Pipelines> SimpleAsyncConnection for Pipe<&ReadConn<R, C>> {
    async fn batch_execute(&mut self, _: &str) -> QueryResult<()> {
        Err(Refused::Write.into())
    }
}

impl<'a, R: Role, C: Pipelines> AsyncConnectionCore for Pipe<&'a ReadConn<R, C>> {
    // Of the handle's lifetime, and not of the reference's to the handle.
    type ExecuteFuture<'conn, 'query> = BoxFuture<'a, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'a, QueryResult<PipelinedRows<C>>>;
    type Stream<'conn, 'query> = PipelinedRows<C>;
    type Row<'conn, 'query> = C::PipelinedRow;
    type Backend = C::Backend;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let handle: &'a ReadConn<R, C> = self.0;
        handle.lease().guard.beside(|conn| conn.load_beside(source))
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let handle: &'a ReadConn<R, C> = self.0;
        handle
            .lease()
            .guard
            .beside(|conn| conn.execute_beside(source))
    }
}

impl<'a, R, C, Q, M> Runs<Execute<Q>, Checked<M>> for &'a ReadConn<R, C>
where
    R: Role,
    C: RoutedConnection,
{
    type Conn = Pipeline<Self>;
    type Query = Q;
    type Gated<'conn, F, K>
        = Gate<'a, F, K>
    where
        Self: 'conn;

    fn run<'conn, F, K>(
        &'conn mut self,
        verb: Execute<Q>,
        _: Key<<Q as Classified<Checked<M>>>::Effect, Self>,
        _: K,
        start: impl FnOnce(Q, &'conn mut Pipeline<Self>) -> F,
    ) -> Gate<'a, F, K>
    where
        Q: Classified<Checked<M>>,
        Self: Inspects<Q, Checked<M>>,
    {
        match admit(self, &verb.0) {
            Ok(guard) => Gate::admitted(start(verb.0, Pipeline::of(self)), guard),
            Err(error) => Gate::refused(error),
        }
    }
}

impl<'a, R, C, Q, M> Runs<Load<Q>, Checked<M>> for &'a ReadConn<R, C>
where
    R: Role,
    C: RoutedConnection,
    Q: AsQuery,
{
    type Conn = Pipeline<Self>;
    type Query = Q::Query;
    type Gated<'conn, F, K>
        = Gate<'a, F, K>
    where
        Self: 'conn;

    fn run<'conn, F, K>(
        &'conn mut self,
        verb: Load<Q>,
        _: Key<<Q::Query as Classified<Checked<M>>>::Effect, Self>,
        _: K,
        start: impl FnOnce(Q::Query, &'conn mut Pipeline<Self>) -> F,
    ) -> Gate<'a, F, K>
    where
        Q::Query: Classified<Checked<M>>,
        Self: Inspects<Q::Query, Checked<M>>,
    {
        let query = verb.0.as_query();
        match admit(self, &query) {
            Ok(guard) => Gate::admitted(start(query, Pipeline::of(self)), guard),
            Err(error) => Gate::refused(error),
        }
    }
}

/// Returns the statement's guard, if the handle may run the statement.
fn admit<'a, R, C, Q, M>(
    handle: &mut &'a ReadConn<R, C>,
    query: &Q,
) -> QueryResult<StatementGuard<'a>>
where
    R: Role,
    C: RoutedConnection,
    Q: Classified<Checked<M>>,
    &'a ReadConn<R, C>: Inspects<Q, Checked<M>>,
{
    let lease: &'a _ = handle.lease();
    let checked = check(handle, query);
    let entry = match lease.records() {
        true => handle.record(query, checked.as_ref().err()),
        false => None,
    };
    checked?;
    Ok(lease.guard.shared_guard().recording(entry))
}

fn check<'a, R, C, Q, M>(handle: &mut &'a ReadConn<R, C>, query: &Q) -> QueryResult<()>
where
    R: Role,
    C: RoutedConnection,
    Q: Classified<Checked<M>>,
    &'a ReadConn<R, C>: Inspects<Q, Checked<M>>,
{
    let lease = handle.lease();
    lease.ready_for(R::NEEDS)?;
    let is_inside = lease.guard.depth.is_some_and(|depth| depth > 0);
    let locks_granted = R::NEEDS >= Access::Primary
        && !lease.in_snapshot
        && (is_inside || handle.is_in_raw_transaction());
    let inspection = lease.vouched_or_checked(query, locks_granted)?;
    handle.inspect(query, inspection, locks_granted)
}

impl<R: Role, C: RoutedConnection, Q, M> Inspects<Q, Checked<M>> for &ReadConn<R, C>
where
    Q: QueryFragment<C::Backend> + QueryId,
{
    fn inspect(&mut self, query: &Q, by: Inspection, locks_granted: bool) -> QueryResult<()> {
        let lease = self.lease();
        let wanted = lease.wants_a_look(by);
        let checker = &lease.log.shared().checker;
        let looked = Seen::with::<Q, Q, _>(&lease.guard.seen, |seen| {
            checker.admit_and_look::<C::Backend, Q>(query, by, locks_granted, wanted, seen)
        });
        let (reach, trace) = looked?;
        lease.guard.runs(trace);
        if lease.takes_writes_of(by) {
            lease.log.begin_shared_read(reach, lease.guard.depth);
        }
        Ok(())
    }

    fn record(&mut self, query: &Q, refusal: Option<&DieselError>) -> Option<Box<Entry>> {
        let lease = self.lease();
        let Some(error) = refusal else {
            return lease.guard.record(*lease.grant(), query, None);
        };
        lease.record_refusal(query, error);
        None
    }
}

impl<R, C: RoutedConnection> HasRole for &ReadConn<R, C> {
    type Role = R;
}

// As for `ReadConn`: for the text of the compile error.
impl<R: Role, C: RoutedConnection> Saves<Checked<Write>> for &ReadConn<R, C> {
    type Conn = C;
    type Needs = Write;

    fn save<'conn, F, T>(
        &'conn mut self,
        _: Key<Self::Needs, Self>,
        _: impl FnOnce(&'conn mut C) -> F,
    ) -> Gate<'conn, F>
    where
        F: Future<Output = QueryResult<T>>,
    {
        Gate::refused(Refused::Write.into())
    }
}
