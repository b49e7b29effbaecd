//! Which handle runs which query, on which connection.

use std::future::Future;

use diesel::QueryResult;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel_async::AsyncConnectionCore;

use crate::effect::{Anything, Checked, Inspection, Statement, Unchecked, Write};
use crate::error::Refused;
use crate::gate::Gate;
use crate::role::Role;
use crate::verb::{Execute, Load};
use crate::{ReadConn, RoutedConnection};

/// What the handle runs for `V`, a query and the way it is run.
///
/// Every diesel-async connection runs anything; a read handle runs statements whose effect is known.
#[diagnostic::on_unimplemented(
    message = "`{Self}` runs only statements whose effect is known, and this one's is not",
    label = "this handle cannot tell whether the statement reads, locks or writes",
    note = "raw SQL that only reads: write `read_sql!(\"..\")`, checked at compile time, or `ReadSql::check(..)?`, checked at run time",
    note = "a query fragment of your own: add `#[derive(diesel_routing::Statement)]`",
    note = "anything else: take a `&mut WriteConn`, from `session.write()`"
)]
pub trait Runs<V, M> {
    /// The connection that runs it.
    type Conn;
    /// What is run.
    type Query;
    /// The effect that the handle must grant.
    type Needs;
    /// The future of a statement that may have been refused; on a raw connection, the statement's.
    type Gated<F>;

    /// Checks the statement, and runs it on the connection.
    ///
    /// `Key` has no public constructor: nobody but the query methods gets the connection.
    #[doc(hidden)]
    fn run<'conn, F>(
        &'conn mut self,
        verb: V,
        key: Key,
        start: impl FnOnce(Self::Query, &'conn mut Self::Conn) -> F,
    ) -> Self::Gated<F>
    where
        Self: Inspects<Self::Query, M>,
        Self::Conn: 'conn;
}

/// The handle can look at the SQL of `Q`.
///
/// Apart from [`Runs`], so that an effect the handle does not grant is reported before, say, a
/// locking clause that the backend does not have.
pub trait Inspects<Q, M> {
    #[doc(hidden)]
    fn inspect(&self, query: &Q, by: Inspection, locks_granted: bool, key: Key) -> QueryResult<()>;
}

/// Only this crate can make one.
#[doc(hidden)]
#[derive(Debug)]
#[expect(unnameable_types, reason = "nobody else may make one")]
pub struct Key(());

impl Key {
    pub(crate) fn new() -> Self {
        Self(())
    }
}

impl<C: AsyncConnectionCore, Q> Runs<Execute<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;
    type Needs = Anything;
    type Gated<F> = F;

    fn run<'conn, F>(
        &'conn mut self,
        verb: Execute<Q>,
        _: Key,
        start: impl FnOnce(Q, &'conn mut C) -> F,
    ) -> F
    where
        C: Inspects<Q, Unchecked>,
    {
        start(verb.0, self)
    }
}

impl<C: AsyncConnectionCore, Q> Runs<Load<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;
    type Needs = Anything;
    type Gated<F> = F;

    fn run<'conn, F>(
        &'conn mut self,
        verb: Load<Q>,
        _: Key,
        start: impl FnOnce(Q, &'conn mut C) -> F,
    ) -> F
    where
        C: Inspects<Q, Unchecked>,
    {
        start(verb.0, self)
    }
}

impl<R, C, Q, M> Runs<Execute<Q>, Checked<M>> for ReadConn<R, C>
where
    R: Role,
    C: RoutedConnection,
    Q: Statement<M>,
{
    type Conn = C;
    type Query = Q;
    type Needs = Q::Effect;
    type Gated<F> = Gate<F>;

    fn run<'conn, F>(
        &'conn mut self,
        verb: Execute<Q>,
        _: Key,
        start: impl FnOnce(Q, &'conn mut C) -> F,
    ) -> Gate<F>
    where
        Self: Inspects<Q, Checked<M>>,
    {
        match self.admit_statement(&verb.0) {
            Ok(conn) => Gate::Open {
                future: start(verb.0, conn),
            },
            Err(error) => Gate::shut(error),
        }
    }
}

impl<R, C, Q, M> Runs<Load<Q>, Checked<M>> for ReadConn<R, C>
where
    R: Role,
    C: RoutedConnection,
    Q: AsQuery,
    Q::Query: Statement<M>,
{
    type Conn = C;
    type Query = Q::Query;
    type Needs = <Q::Query as Statement<M>>::Effect;
    type Gated<F> = Gate<F>;

    fn run<'conn, F>(
        &'conn mut self,
        verb: Load<Q>,
        _: Key,
        start: impl FnOnce(Q::Query, &'conn mut C) -> F,
    ) -> Gate<F>
    where
        Self: Inspects<Q::Query, Checked<M>>,
    {
        let query = verb.0.as_query();
        match self.admit_statement(&query) {
            Ok(conn) => Gate::Open {
                future: start(query, conn),
            },
            Err(error) => Gate::shut(error),
        }
    }
}

/// The handle saves changes to a row.
pub trait Saves<M> {
    /// The connection that does it.
    type Conn;
    /// The effect that the handle must grant.
    type Needs;

    #[doc(hidden)]
    fn save<'conn, F, T>(
        &'conn mut self,
        key: Key,
        start: impl FnOnce(&'conn mut Self::Conn) -> F,
    ) -> Gate<F>
    where
        Self::Conn: 'conn,
        F: Future<Output = QueryResult<T>>;
}

impl<C: AsyncConnectionCore> Saves<Unchecked> for C {
    type Conn = C;
    type Needs = Anything;

    fn save<'conn, F, T>(&'conn mut self, _: Key, start: impl FnOnce(&'conn mut C) -> F) -> Gate<F>
    where
        F: Future<Output = QueryResult<T>>,
    {
        Gate::Open {
            future: start(self),
        }
    }
}

// No read handle grants `Write`: this implementation exists for the words of the compile error.
impl<R: Role, C: RoutedConnection> Saves<Checked<Write>> for ReadConn<R, C> {
    type Conn = C;
    type Needs = Write;

    fn save<'conn, F, T>(&'conn mut self, _: Key, _: impl FnOnce(&'conn mut C) -> F) -> Gate<F>
    where
        F: Future<Output = QueryResult<T>>,
    {
        Gate::shut(Refused::Write.into())
    }
}

impl<C: AsyncConnectionCore, Q> Inspects<Q, Unchecked> for C {
    fn inspect(&self, _: &Q, _: Inspection, _: bool, _: Key) -> QueryResult<()> {
        Ok(())
    }
}

impl<R: Role, C: RoutedConnection, Q, M> Inspects<Q, Checked<M>> for ReadConn<R, C>
where
    Q: QueryFragment<C::Backend> + QueryId,
{
    fn inspect(&self, query: &Q, by: Inspection, locks_granted: bool, _: Key) -> QueryResult<()> {
        let checker = &self.lease().shared().checker;
        checker.admit::<C::Backend, Q>(query, by, locks_granted)
    }
}
