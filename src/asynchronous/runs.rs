//! The bounds that decide which handle runs which query.

use std::future::Future;

use diesel::QueryResult;
use diesel::query_builder::AsQuery;
use diesel::result::Error as DieselError;
use diesel_async::AsyncConnectionCore;

use crate::asynchronous::gate::Gate;
use crate::asynchronous::statement_guard::StatementGuard;
use crate::asynchronous::{ReadConn, RoutedConnection};
use crate::error::Refused;
use crate::query_log::Entry;
use crate::statement::effect::{Anything, Checked, Inspection, Unchecked, Write};
use crate::statement::{Classified, Execute, Key, Load, Role};

/// Handles that run `V`, a query and the way to run it.
///
/// Every diesel-async connection runs any query; a read handle runs statements of known effect.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run this as a query",
    label = "this is neither a handle nor a diesel-async connection, or the receiver is not a query",
    note = "take a `&mut ReadConn<_>` or a `&mut WriteConn` of `diesel_routing`",
    note = "blocking handles and connections need `diesel_routing::sync::prelude::*` instead of `diesel_routing::prelude::*`",
    note = "with both preludes in one module, one of the two counts: give each flavour a module of its own"
)]
pub trait Runs<V, M> {
    /// The connection that runs it.
    type Conn;
    /// The query to run.
    type Query;
    /// The future of a statement that may have been refused, with an answer of the kind `K`; on a raw connection, the statement's own.
    type Gated<'conn, F, K>
    where
        Self: 'conn;

    /// Checks the statement, and runs it on the connection.
    ///
    /// `Key` has no public constructor, so only the query methods get the connection.
    #[doc(hidden)]
    fn run<'conn, F, K>(
        &'conn mut self,
        verb: V,
        key: Key<EffectOn<Self::Query, M>, Self>,
        kind: K,
        start: impl FnOnce(Self::Query, &'conn mut Self::Conn) -> F,
    ) -> Self::Gated<'conn, F, K>
    where
        Self::Query: Classified<M>,
        Self: Inspects<Self::Query, M>,
        Self::Conn: 'conn;
}

/// The effect of `Q`, as handles of the family `M` classify it.
type EffectOn<Q, M> = <Q as Classified<M>>::Effect;

/// Handles that can inspect the SQL of `Q`.
///
/// Separate from [`Runs`], so that an effect the handle does not grant is reported before, say, a
/// locking clause that the backend does not have.
pub trait Inspects<Q, M> {
    #[doc(hidden)]
    fn inspect(&mut self, query: &Q, by: Inspection, locks_granted: bool) -> QueryResult<()>;

    /// Returns the record of a statement, which is refused because of this if anything.
    #[doc(hidden)]
    fn record(&mut self, query: &Q, refusal: Option<&DieselError>) -> Option<Box<Entry>>;
}

#[diagnostic::do_not_recommend]
impl<C: AsyncConnectionCore, Q> Runs<Execute<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;
    type Gated<'conn, F, K>
        = F
    where
        Self: 'conn;

    fn run<'conn, F, K>(
        &'conn mut self,
        verb: Execute<Q>,
        _: Key<EffectOn<Self::Query, Unchecked>, Self>,
        _: K,
        start: impl FnOnce(Q, &'conn mut C) -> F,
    ) -> F
    where
        Q: Classified<Unchecked>,
        C: Inspects<Q, Unchecked>,
    {
        start(verb.0, self)
    }
}

#[diagnostic::do_not_recommend]
impl<C: AsyncConnectionCore, Q> Runs<Load<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;
    type Gated<'conn, F, K>
        = F
    where
        Self: 'conn;

    fn run<'conn, F, K>(
        &'conn mut self,
        verb: Load<Q>,
        _: Key<EffectOn<Self::Query, Unchecked>, Self>,
        _: K,
        start: impl FnOnce(Q, &'conn mut C) -> F,
    ) -> F
    where
        Q: Classified<Unchecked>,
        C: Inspects<Q, Unchecked>,
    {
        start(verb.0, self)
    }
}

impl<R, C, Q, M> Runs<Execute<Q>, Checked<M>> for ReadConn<R, C>
where
    R: Role,
    C: RoutedConnection,
{
    type Conn = C;
    type Query = Q;
    type Gated<'conn, F, K>
        = Gate<'conn, F, K>
    where
        Self: 'conn;

    fn run<'conn, F, K>(
        &'conn mut self,
        verb: Execute<Q>,
        _: Key<EffectOn<Self::Query, Checked<M>>, Self>,
        _: K,
        start: impl FnOnce(Q, &'conn mut C) -> F,
    ) -> Gate<'conn, F, K>
    where
        Q: Classified<Checked<M>>,
        Self: Inspects<Q, Checked<M>>,
    {
        match self.admit_statement(&verb.0) {
            Ok((conn, guard)) => Gate::admitted(start(verb.0, conn), guard),
            Err(error) => Gate::refused(error),
        }
    }
}

impl<R, C, Q, M> Runs<Load<Q>, Checked<M>> for ReadConn<R, C>
where
    R: Role,
    C: RoutedConnection,
    Q: AsQuery,
{
    type Conn = C;
    type Query = Q::Query;
    type Gated<'conn, F, K>
        = Gate<'conn, F, K>
    where
        Self: 'conn;

    fn run<'conn, F, K>(
        &'conn mut self,
        verb: Load<Q>,
        _: Key<EffectOn<Self::Query, Checked<M>>, Self>,
        _: K,
        start: impl FnOnce(Q::Query, &'conn mut C) -> F,
    ) -> Gate<'conn, F, K>
    where
        Q::Query: Classified<Checked<M>>,
        Self: Inspects<Q::Query, Checked<M>>,
    {
        let query = verb.0.as_query();
        match self.admit_statement(&query) {
            Ok((conn, guard)) => Gate::admitted(start(query, conn), guard),
            Err(error) => Gate::refused(error),
        }
    }
}

/// Handles that save changes to a row.
pub trait Saves<M> {
    /// The connection that saves them.
    type Conn;
    /// The effect that the handle must grant.
    type Needs;

    #[doc(hidden)]
    fn save<'conn, F, T>(
        &'conn mut self,
        key: Key<Self::Needs, Self>,
        start: impl FnOnce(&'conn mut Self::Conn) -> F,
    ) -> Gate<'conn, F>
    where
        Self::Conn: 'conn,
        F: Future<Output = QueryResult<T>>;
}

#[diagnostic::do_not_recommend]
impl<C: AsyncConnectionCore> Saves<Unchecked> for C {
    type Conn = C;
    type Needs = Anything;

    fn save<'conn, F, T>(
        &'conn mut self,
        _: Key<Self::Needs, Self>,
        start: impl FnOnce(&'conn mut C) -> F,
    ) -> Gate<'conn, F>
    where
        F: Future<Output = QueryResult<T>>,
    {
        Gate::admitted(start(self), StatementGuard::unmarked())
    }
}

// No read handle grants `Write`: this implementation exists for the text of the compile error.
impl<R: Role, C: RoutedConnection> Saves<Checked<Write>> for ReadConn<R, C> {
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

#[diagnostic::do_not_recommend]
impl<C: AsyncConnectionCore, Q> Inspects<Q, Unchecked> for C {
    fn inspect(&mut self, _: &Q, _: Inspection, _: bool) -> QueryResult<()> {
        Ok(())
    }

    fn record(&mut self, _: &Q, _: Option<&DieselError>) -> Option<Box<Entry>> {
        None
    }
}
