//! Which handle runs which query, on which connection.

use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::{Connection, QueryResult};

use super::{ReadConn, RoutedConnection};
use crate::effect::{Anything, Checked, Statement, Unchecked, Write};
use crate::role::Role;
use crate::verb::{Execute, Load, Save};

/// The handle runs `V`, a query and the way it is run.
///
/// Every Diesel connection runs anything; a read handle runs statements whose effect is known.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot run this query",
    label = "neither a Diesel connection nor a handle that knows what the query does",
    note = "on a read handle a query needs a known effect: `#[derive(diesel_routing::Statement)]` gives one to your own query fragments, `read_sql!(\"..\")` to raw SQL",
    note = "otherwise take a `&mut WriteConn`, from `session.write()`"
)]
pub trait Runs<V, M> {
    /// The Diesel connection that runs it.
    type Conn;
    /// What is run.
    type Query;
    /// The effect that the handle must grant.
    type Needs;

    /// Checks the statement and lends the connection to it.
    ///
    /// `Key` has no public constructor: nobody but the query methods gets the connection.
    #[doc(hidden)]
    fn admit(&mut self, verb: V, key: Key) -> QueryResult<(Self::Query, &mut Self::Conn)>;
}

/// Only this crate can make one.
#[doc(hidden)]
#[derive(Debug)]
pub struct Key(());

impl Key {
    pub(crate) fn new() -> Self {
        Self(())
    }
}

/// The connection type whose queries a handle takes.
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

impl<C: Connection, Q> Runs<Execute<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;
    type Needs = Anything;

    fn admit(&mut self, verb: Execute<Q>, _: Key) -> QueryResult<(Q, &mut C)> {
        Ok((verb.0, self))
    }
}

impl<C: Connection, Q> Runs<Load<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;
    type Needs = Anything;

    fn admit(&mut self, verb: Load<Q>, _: Key) -> QueryResult<(Q, &mut C)> {
        Ok((verb.0, self))
    }
}

impl<C: Connection, Q> Runs<Save<Q>, Unchecked> for C {
    type Conn = C;
    type Query = Q;
    type Needs = Anything;

    fn admit(&mut self, verb: Save<Q>, _: Key) -> QueryResult<(Q, &mut C)> {
        Ok((verb.0, self))
    }
}

impl<R, C, Q, M> Runs<Execute<Q>, Checked<M>> for ReadConn<R, C>
where
    R: Role,
    C: RoutedConnection,
    Q: Statement<M> + QueryFragment<C::Backend> + QueryId,
{
    type Conn = C;
    type Query = Q;
    type Needs = Q::Effect;

    fn admit(&mut self, verb: Execute<Q>, _: Key) -> QueryResult<(Q, &mut C)> {
        let conn = self.admit_statement(&verb.0)?;
        Ok((verb.0, conn))
    }
}

impl<R, C, Q, M> Runs<Load<Q>, Checked<M>> for ReadConn<R, C>
where
    R: Role,
    C: RoutedConnection,
    Q: AsQuery,
    Q::Query: Statement<M> + QueryFragment<C::Backend> + QueryId,
{
    type Conn = C;
    type Query = Q::Query;
    type Needs = <Q::Query as Statement<M>>::Effect;

    fn admit(&mut self, verb: Load<Q>, _: Key) -> QueryResult<(Q::Query, &mut C)> {
        let query = verb.0.as_query();
        let conn = self.admit_statement(&query)?;
        Ok((query, conn))
    }
}

// `Needs = Write`, which no read handle grants: this implementation exists for the words of the
// compile error.
impl<R: Role, C: RoutedConnection, Q> Runs<Save<Q>, Checked<Write>> for ReadConn<R, C> {
    type Conn = C;
    type Query = Q;
    type Needs = Write;

    fn admit(&mut self, _: Save<Q>, _: Key) -> QueryResult<(Q, &mut C)> {
        Err(self.refuse_write())
    }
}
