//! Statements through shared handles under a test: one that fails spoils no other, as in production.

use std::pin::Pin;
use std::task::{Context, Poll};

use diesel::QueryResult;
use diesel_routing_sql::Dialect as Sql;
use futures_core::future::BoxFuture;

use crate::asynchronous::{Pipelines, io};
use crate::engine::Pooled;
use crate::statement::Dialect;
use crate::testing::NEXT_STATEMENT;

/// Returns whether a statement on this connection is to be undone by itself if it fails: under a test, outside the application's
/// transactions.
pub(in crate::asynchronous) fn is_by_itself<C: Pipelines>(pooled: &Pooled<C>) -> bool {
    pooled.inside.is_some()
        && pooled.depth == Some(0)
        && pooled.conn.dialect().sql() == Sql::Postgres
}

/// Returns a statement that is undone by itself if it fails.
pub(in crate::asynchronous) fn by_itself<'a, C: Pipelines, T: 'a>(
    conn: &'a C,
    statement: BoxFuture<'a, QueryResult<T>>,
) -> BoxFuture<'a, QueryResult<T>> {
    Box::pin(ByItself { conn, statement })
}

/// A statement that is undone by itself if it fails.
struct ByItself<'a, C, T> {
    conn: &'a C,
    statement: BoxFuture<'a, QueryResult<T>>,
}

impl<C: Pipelines, T> Future for ByItself<'_, C, T> {
    type Output = QueryResult<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Before each poll, for any of them may send it: the first one may only have prepared it.
        for sql in NEXT_STATEMENT {
            io::send(self.conn.batch_beside(sql));
        }
        self.statement.as_mut().poll(context)
    }
}
