//! The bounds that decide which handle runs which query.

use diesel::query_builder::AsQuery;
use diesel::result::Error as DieselError;
use diesel::{Connection, QueryResult};

use super::statement_guard::StatementGuard;
use super::{ReadConn, RoutedConnection};
use crate::error::Refused;
use crate::query_log::Entry;
use crate::statement::effect::{Anything, Checked, Inspection, Unchecked, Write};
use crate::statement::{Classified, Execute, Key, Load, Role};

/// Handles that run `V`, a query and the way to run it.
///
/// Every Diesel connection runs any query; a read handle runs statements of known effect.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run this as a query",
    label = "this is neither a handle nor a Diesel connection, or the receiver is not a query",
    note = "take a `&mut ReadConn<_>` or a `&mut WriteConn` of `diesel_routing::sync`",
    note = "handles and connections of diesel-async need `diesel_routing::prelude::*` instead of `diesel_routing::sync::prelude::*`",
    note = "with both preludes in one module, one of the two counts: give each flavour a module of its own"
)]
pub trait Runs<V, M> {
    /// The Diesel connection that runs it.
    type Conn;
    /// The query to run.
    type Query;

    /// Checks the statement, and returns the connection for it.
    ///
    /// `Key` has no public constructor, so only the query methods get the connection.
    #[doc(hidden)]
    fn admit(
        &mut self,
        verb: V,
        key: Key<EffectOn<Self::Query, M>, Self>,
    ) -> QueryResult<Admitted<'_, Self::Query, Self::Conn>>
    where
        Self::Query: Classified<M>,
        Self: Inspects<Self::Query, M>;
}

/// A query, the connection that may run it, and the guard that its answer goes through.
#[doc(hidden)]
pub(super) type Admitted<'conn, Q, C> = (Q, &'conn mut C, StatementGuard<'conn>);

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

    fn admit(
        &mut self,
        verb: Execute<Q>,
        _: Key<EffectOn<Self::Query, Unchecked>, Self>,
    ) -> QueryResult<Admitted<'_, Q, C>>
    where
        Q: Classified<Unchecked>,
        C: Inspects<Q, Unchecked>,
    {
        Ok((verb.0, self, StatementGuard::unmarked()))
    }
}

#[diagnostic::do_not_recommend]
impl<C: Connection, Q> Runs<Load<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;

    fn admit(
        &mut self,
        verb: Load<Q>,
        _: Key<EffectOn<Self::Query, Unchecked>, Self>,
    ) -> QueryResult<Admitted<'_, Q, C>>
    where
        Q: Classified<Unchecked>,
        C: Inspects<Q, Unchecked>,
    {
        Ok((verb.0, self, StatementGuard::unmarked()))
    }
}

impl<R, C, Q, M> Runs<Execute<Q>, Checked<M>> for ReadConn<R, C>
where
    R: Role,
    C: RoutedConnection,
{
    type Conn = C;
    type Query = Q;

    fn admit(
        &mut self,
        verb: Execute<Q>,
        _: Key<EffectOn<Self::Query, Checked<M>>, Self>,
    ) -> QueryResult<Admitted<'_, Q, C>>
    where
        Q: Classified<Checked<M>>,
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
{
    type Conn = C;
    type Query = Q::Query;

    fn admit(
        &mut self,
        verb: Load<Q>,
        _: Key<EffectOn<Self::Query, Checked<M>>, Self>,
    ) -> QueryResult<Admitted<'_, Q::Query, C>>
    where
        Q::Query: Classified<Checked<M>>,
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
    /// The effect that the handle must grant.
    type Needs;

    #[doc(hidden)]
    fn admit_changes(&mut self, key: Key<Self::Needs, Self>) -> QueryResult<&mut Self::Conn>;
}

#[diagnostic::do_not_recommend]
impl<C: Connection> Saves<Unchecked> for C {
    type Conn = C;
    type Needs = Anything;

    fn admit_changes(&mut self, _: Key<Self::Needs, Self>) -> QueryResult<&mut C> {
        Ok(self)
    }
}

// No read handle grants `Write`: this implementation exists for the text of the compile error.
impl<R: Role, C: RoutedConnection> Saves<Checked<Write>> for ReadConn<R, C> {
    type Conn = C;
    type Needs = Write;

    fn admit_changes(&mut self, _: Key<Self::Needs, Self>) -> QueryResult<&mut C> {
        Err(Refused::Write.into())
    }
}

#[diagnostic::do_not_recommend]
impl<C: Connection, Q> Inspects<Q, Unchecked> for C {
    fn inspect(&mut self, _: &Q, _: Inspection, _: bool) -> QueryResult<()> {
        Ok(())
    }

    fn record(&mut self, _: &Q, _: Option<&DieselError>) -> Option<Box<Entry>> {
        None
    }
}
