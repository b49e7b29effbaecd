//! `Pipelines`: connections on which several statements may be under way.

use diesel::QueryResult;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::row::Row;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use super::RoutedConnection;
use crate::cluster::{Observation, ServerFacts};

/// A [`RoutedConnection`] on which several statements may be under way at once, through `&` references to its handle.
///
/// `&ReadConn<_>` and `&WriteConn` run what their handles run, with the same checks, as `&AsyncPgConnection` does in diesel-async. Statements
/// whose futures are polled together share a round trip, and the server runs them one after the other.
///
/// ```no_run
/// # #[cfg(feature = "postgres")] {
/// use diesel_routing::{Error, Replica, pg::{ReadConn, Session}, prelude::*};
/// # use futures_util::future::try_join;
/// # /// As of `futures`.
/// # macro_rules! try_join { ($a:expr, $b:expr $(,)?) => { try_join($a, $b).await } }
///
/// diesel::table! { users { id -> Integer, name -> Text, } }
/// diesel::table! { posts { id -> Integer, user_id -> Integer, title -> Text, } }
///
/// async fn counts(session: &Session) -> Result<(i64, i64), Error> {
///     let conn = session.read().await?;
///     Ok(try_join!(
///         users::table.count().get_result(&mut &conn),
///         posts::table.count().get_result(&mut &conn),
///     )?)
/// }
///
/// /// In the middle of a `WriteConn`'s transaction, too.
/// async fn profile(mut conn: &ReadConn<Replica>, id: i32) -> QueryResult<(String, Vec<String>)> {
///     let name = users::table.find(id).select(users::name).first(&mut conn);
///     let titles = posts::table.filter(posts::user_id.eq(id)).select(posts::title).load(&mut conn);
///     try_join!(name, titles)
/// }
/// # }
/// ```
///
/// Outside a transaction, each write has an outcome of its own, and counts from then on; dropped half-way, it counts as well, and the others go on. Inside
/// one, all wait for its end, and after one that fails, the server fails the others.
/// [`docs/pipelining.md`](https://github.com/diesel-routing/diesel-routing/blob/main/docs/pipelining.md) has every case.
///
/// Implemented for diesel-async's `AsyncPgConnection`. Implement it for a backend of your own whose answers find their statements
/// whatever becomes of the futures: it must [survive](RoutedConnection::SURVIVES_CANCELLATION) statements that are abandoned half-way,
/// which is checked as the program is compiled.
#[diagnostic::on_unimplemented(
    message = "a shared handle (`&mut &conn`) runs statements on PostgreSQL alone, and this is one of `{Self}`",
    label = "here, a statement needs the handle for itself",
    note = "pass `&mut conn`, and await one statement before the next; several at once need a handle each"
)]
pub trait Pipelines: RoutedConnection + Sync {
    /// A row of an answer.
    type PipelinedRow: for<'row> Row<'row, Self::Backend> + Send + 'static;

    /// Runs a query, beside others that may be under way.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn load_beside<'conn, 'query, Q>(
        &'conn self,
        query: Q,
    ) -> BoxFuture<'conn, QueryResult<PipelinedRows<Self>>>
    where
        Q: AsQuery + 'query,
        Q::Query: QueryFragment<Self::Backend> + QueryId + 'query;

    /// Runs a statement, beside others that may be under way, and returns the number of rows it affected.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn execute_beside<'conn, 'query, Q>(
        &'conn self,
        query: Q,
    ) -> BoxFuture<'conn, QueryResult<usize>>
    where
        Q: QueryFragment<Self::Backend> + QueryId + 'query;

    /// Asks the server for its role and position, beside statements, as [`observe`](RoutedConnection::observe) does, with one statement
    /// that is sent as the future is first polled, if the connection has run it before; `None` if it cannot be asked so. Answers
    /// `None` if more questions are needed. Defaults to `None`: then [`Session::reading_pipelined`](crate::Session::reading_pipelined)
    /// asks it before its statements.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn observe_beside<'conn>(
        &'conn self,
        facts: &'conn ServerFacts,
    ) -> Option<BoxFuture<'conn, QueryResult<Option<Observation>>>> {
        let _ = facts;
        None
    }

    /// Runs a text of one statement or several, beside others that may be under way.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn batch_beside<'conn>(&'conn self, sql: &'conn str) -> BoxFuture<'conn, QueryResult<()>>;
}

/// The rows of a query that was run beside others.
pub(crate) type PipelinedRows<C> = BoxStream<'static, QueryResult<<C as Pipelines>::PipelinedRow>>;
