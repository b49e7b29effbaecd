//! The bounds that decide which handle runs which query.

use std::marker::PhantomData;

use diesel::query_builder::AsQuery;
use diesel::{Connection, QueryResult};

use super::statement_guard::StatementGuard;
use super::{ReadConn, RoutedConnection};
use crate::error::Refused;
use crate::statement::effect::{
    Anything, Checked, GrantedTo, Inspection, Statement, Unchecked, Write,
};
use crate::statement::{Execute, Load, Role};

/// Handles that run `V`, a query and the way to run it.
///
/// Every Diesel connection runs any query; a read handle runs statements of known effect.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run this as a query",
    label = "this is neither a handle nor a Diesel connection, or the receiver is not a query",
    note = "take a `&mut ReadConn<_>` or a `&mut WriteConn` of `diesel_routing::sync`",
    note = "handles and connections of diesel-async need `diesel_routing::prelude::*` instead of `diesel_routing::sync::prelude::*`"
)]
pub trait Runs<V, M> {
    /// The Diesel connection that runs it.
    type Conn;
    /// The query to run.
    type Query;
    /// The effect of the query, as far as the handle cares.
    type Effect;
    /// The role that must grant that effect.
    type Role;

    /// Checks the statement, and returns the connection for it.
    ///
    /// `Key` has no public constructor, so only the query methods get the connection.
    #[doc(hidden)]
    fn admit(
        &mut self,
        verb: V,
        key: Key<Self::Effect, Self::Role>,
    ) -> QueryResult<Admitted<'_, Self::Query, Self::Conn>>
    where
        Self: Inspects<Self::Query, M>;
}

/// A query, the connection that may run it, and the guard that its answer goes through.
#[doc(hidden)]
pub(super) type Admitted<'conn, Q, C> = (Q, &'conn mut C, StatementGuard<'conn>);

/// Handles that can inspect the SQL of `Q`.
///
/// Separate from [`Runs`], so that an effect the handle does not grant is reported before, say, a
/// locking clause that the backend does not have.
pub trait Inspects<Q, M> {
    #[doc(hidden)]
    fn inspect(&mut self, query: &Q, by: Inspection, locks_granted: bool) -> QueryResult<()>;
}

/// A key that only this crate can make, and only for an effect that the role grants.
#[doc(hidden)]
#[derive(Debug)]
#[expect(unnameable_types, reason = "only this crate may make one")]
pub struct Key<E, R>(PhantomData<(E, R)>);

impl<E: GrantedTo<R>, R> Key<E, R> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

/// Handles, each with the connection type whose queries it accepts.
pub trait Target {
    /// The connection type that Diesel's `RunQueryDsl` is implemented for.
    type Raw;
}

impl<C: Connection> Target for C {
    type Raw = C;
}

impl<R: Role, C: RoutedConnection> Target for ReadConn<R, C> {
    type Raw = C;
}

#[diagnostic::do_not_recommend]
impl<C: Connection, Q> Runs<Execute<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;
    type Effect = Anything;
    type Role = ();

    fn admit(
        &mut self,
        verb: Execute<Q>,
        _: Key<Self::Effect, Self::Role>,
    ) -> QueryResult<Admitted<'_, Q, C>>
    where
        C: Inspects<Q, Unchecked>,
    {
        Ok((verb.0, self, StatementGuard::unmarked()))
    }
}

#[diagnostic::do_not_recommend]
impl<C: Connection, Q> Runs<Load<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;
    type Effect = Anything;
    type Role = ();

    fn admit(
        &mut self,
        verb: Load<Q>,
        _: Key<Self::Effect, Self::Role>,
    ) -> QueryResult<Admitted<'_, Q, C>>
    where
        C: Inspects<Q, Unchecked>,
    {
        Ok((verb.0, self, StatementGuard::unmarked()))
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
    type Effect = Q::Effect;
    type Role = R;

    fn admit(
        &mut self,
        verb: Execute<Q>,
        _: Key<Self::Effect, Self::Role>,
    ) -> QueryResult<Admitted<'_, Q, C>>
    where
        Self: Inspects<Q, Checked<M>>,
    {
        let (conn, guard) = self.admit_statement(&verb.0)?;
        Ok((verb.0, conn, guard))
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
    type Effect = <Q::Query as Statement<M>>::Effect;
    type Role = R;

    fn admit(
        &mut self,
        verb: Load<Q>,
        _: Key<Self::Effect, Self::Role>,
    ) -> QueryResult<Admitted<'_, Q::Query, C>>
    where
        Self: Inspects<Q::Query, Checked<M>>,
    {
        let query = verb.0.as_query();
        let (conn, guard) = self.admit_statement(&query)?;
        Ok((query, conn, guard))
    }
}

/// Handles that save changes to a row.
pub trait Saves<M> {
    /// The Diesel connection that saves them.
    type Conn;
    /// The effect that its role must grant.
    type Needs;
    /// The role that must grant it.
    type Role;

    #[doc(hidden)]
    fn admit_changes(&mut self, key: Key<Self::Needs, Self::Role>) -> QueryResult<&mut Self::Conn>;
}

#[diagnostic::do_not_recommend]
impl<C: Connection> Saves<Unchecked> for C {
    type Conn = C;
    type Needs = Anything;
    type Role = ();

    fn admit_changes(&mut self, _: Key<Self::Needs, Self::Role>) -> QueryResult<&mut C> {
        Ok(self)
    }
}

// No read handle grants `Write`: this implementation exists for the text of the compile error.
impl<R: Role, C: RoutedConnection> Saves<Checked<Write>> for ReadConn<R, C> {
    type Conn = C;
    type Needs = Write;
    type Role = R;

    fn admit_changes(&mut self, _: Key<Self::Needs, Self::Role>) -> QueryResult<&mut C> {
        Err(Refused::Write.into())
    }
}

#[diagnostic::do_not_recommend]
impl<C: Connection, Q> Inspects<Q, Unchecked> for C {
    fn inspect(&mut self, _: &Q, _: Inspection, _: bool) -> QueryResult<()> {
        Ok(())
    }
}
