//! `Pipelines`: connections on which several statements may be under way.

use diesel::QueryResult;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::row::Row;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

use super::RoutedConnection;

/// A [`RoutedConnection`] on which several statements may be under way at once, through `&` references to its handle.
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

    /// Runs a text of one statement or several, beside others that may be under way.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn batch_beside<'conn>(&'conn self, sql: &'conn str) -> BoxFuture<'conn, QueryResult<()>>;
}

/// The rows of a query that was run beside others.
pub(crate) type PipelinedRows<C> = BoxStream<'static, QueryResult<<C as Pipelines>::PipelinedRow>>;
