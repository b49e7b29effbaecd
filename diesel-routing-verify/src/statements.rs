//! `Verifiable`: connections whose routers can be verified, and how statements run on them.

use diesel::QueryResult;
use diesel_routing::{Primary, ReadConn, Replica, RoutedConnection, WriteConn};
use futures_core::future::BoxFuture;

use crate::seen::{AnyRow, Line, Seen};

/// A connection whose routers can be verified: diesel-async's three.
///
/// Sealed: the statements of a verification are written for each kind of server.
pub trait Verifiable: RoutedConnection + Statements {}

/// The family of a server, by its driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(unnameable_types, reason = "of a sealed trait")]
pub enum Family {
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    MySql,
    #[cfg(feature = "sqlite")]
    Sqlite,
}

/// A transaction that writes.
#[derive(Debug, Clone, Default)]
#[expect(unnameable_types, reason = "of a sealed trait")]
pub struct Change {
    /// Reads, locking or not. The first row says which history the transaction is on.
    pub(crate) first: Vec<String>,
    /// Writes, in which [`ORIGIN`] stands for the number of the history.
    pub(crate) then: Vec<String>,
    /// Reads of what was written.
    pub(crate) last: Vec<String>,
}

/// The placeholder for the number of the history in what [`Change`] writes.
pub(crate) const ORIGIN: &str = ":origin:";

/// The results of the reads of a transaction.
#[derive(Debug, Clone, Default)]
#[expect(unnameable_types, reason = "of a sealed trait")]
pub struct Shown {
    pub(crate) first: Vec<Seen>,
    pub(crate) last: Vec<Seen>,
}

/// The statements of a verification, on each kind of handle.
#[expect(unnameable_types, reason = "sealed")]
pub trait Statements: Sized + Send {
    const FAMILY: Family;

    /// Answers a question.
    fn ask<'a>(conn: &'a mut Self, sql: &'a str) -> BoxFuture<'a, QueryResult<Vec<Line>>>;

    /// Counts the rows of an answer.
    fn count<'a>(conn: &'a mut Self, sql: &'a str) -> BoxFuture<'a, QueryResult<usize>>;

    /// Answers a question on a connection that writes.
    fn ask_writer<'a>(
        conn: &'a mut WriteConn<Self>,
        sql: &'a str,
    ) -> BoxFuture<'a, QueryResult<Vec<Line>>>
    where
        Self: RoutedConnection;

    /// Runs one statement or several.
    fn run<'a>(conn: &'a mut Self, sql: &'a str) -> BoxFuture<'a, QueryResult<()>>;

    /// Runs one statement or several on a connection that writes.
    fn run_writer<'a>(
        conn: &'a mut WriteConn<Self>,
        sql: &'a str,
    ) -> BoxFuture<'a, QueryResult<()>>
    where
        Self: RoutedConnection;

    /// Reads outside transactions.
    fn read<'a>(
        conn: &'a mut ReadConn<Replica, Self>,
        sql: &'a str,
    ) -> BoxFuture<'a, QueryResult<Vec<Seen>>>
    where
        Self: RoutedConnection;

    /// Reads twice in one snapshot.
    fn snapshot<'a>(
        conn: &'a mut ReadConn<Replica, Self>,
        first: &'a str,
        last: &'a str,
    ) -> BoxFuture<'a, QueryResult<Shown>>
    where
        Self: RoutedConnection;

    /// Locks rows on a handle of the primary, and reads them again.
    fn lock<'a>(
        conn: &'a mut ReadConn<Primary, Self>,
        first: &'a str,
        last: &'a str,
    ) -> BoxFuture<'a, QueryResult<Shown>>
    where
        Self: RoutedConnection;

    /// Runs a transaction that writes.
    fn change<'a>(
        conn: &'a mut WriteConn<Self>,
        change: &'a Change,
    ) -> BoxFuture<'a, QueryResult<Shown>>
    where
        Self: RoutedConnection;

    /// Reads on a connection that somebody else chose.
    fn read_raw<'a>(conn: &'a mut Self, sql: &'a str) -> BoxFuture<'a, QueryResult<Vec<Seen>>>;

    /// Runs a transaction on a connection that somebody else chose.
    fn change_raw<'a>(conn: &'a mut Self, change: &'a Change) -> BoxFuture<'a, QueryResult<Shown>>;
}

/// Returns the number of the history that a transaction is on.
fn origin(first: &[Seen]) -> String {
    first.first().map_or(1, |seen| seen.origin).to_string()
}

/// Runs the parts of a [`Change`] inside its transaction, whatever the handle.
macro_rules! inside {
    ($tx:expr, $change:expr) => {{
        let mut shown = Shown::default();
        for sql in &$change.first {
            let rows: Vec<Seen> = diesel::sql_query(sql.as_str()).load($tx).await?;
            shown.first.extend(rows);
        }
        let origin = origin(&shown.first);
        for sql in &$change.then {
            let sql = sql.replace(ORIGIN, &origin);
            diesel::sql_query(sql).execute($tx).await?;
        }
        for sql in &$change.last {
            let rows: Vec<Seen> = diesel::sql_query(sql.as_str()).load($tx).await?;
            shown.last.extend(rows);
        }
        QueryResult::Ok(shown)
    }};
}

// Of concrete types: of generic ones, neither rows nor futures are known to be what they are.
macro_rules! statements {
    ($family:expr, $backend:ty, $conn:ty) => {
        const _: () = {
            use diesel_async::{AsyncConnection, SimpleAsyncConnection};
            use diesel_routing::ReadSql;
            use diesel_routing::prelude::*;

            type Sql = ReadSql<$backend>;

            impl Verifiable for $conn {}

            impl Statements for $conn {
                const FAMILY: Family = $family;

                fn ask<'a>(
                    conn: &'a mut Self,
                    sql: &'a str,
                ) -> BoxFuture<'a, QueryResult<Vec<Line>>> {
                    Box::pin(async move { diesel::sql_query(sql).load(conn).await })
                }

                fn count<'a>(
                    conn: &'a mut Self,
                    sql: &'a str,
                ) -> BoxFuture<'a, QueryResult<usize>> {
                    Box::pin(async move {
                        let rows: Vec<AnyRow> = diesel::sql_query(sql).load(conn).await?;
                        Ok(rows.len())
                    })
                }

                fn ask_writer<'a>(
                    conn: &'a mut WriteConn<Self>,
                    sql: &'a str,
                ) -> BoxFuture<'a, QueryResult<Vec<Line>>> {
                    Box::pin(async move { diesel::sql_query(sql).load(conn).await })
                }

                fn run<'a>(conn: &'a mut Self, sql: &'a str) -> BoxFuture<'a, QueryResult<()>> {
                    Box::pin(async move { conn.batch_execute(sql).await })
                }

                fn run_writer<'a>(
                    conn: &'a mut WriteConn<Self>,
                    sql: &'a str,
                ) -> BoxFuture<'a, QueryResult<()>> {
                    Box::pin(async move { conn.batch_execute(sql).await })
                }

                fn read<'a>(
                    conn: &'a mut ReadConn<Replica, Self>,
                    sql: &'a str,
                ) -> BoxFuture<'a, QueryResult<Vec<Seen>>> {
                    Box::pin(async move { Sql::vouch(sql.to_owned()).load(conn).await })
                }

                fn snapshot<'a>(
                    conn: &'a mut ReadConn<Replica, Self>,
                    first: &'a str,
                    last: &'a str,
                ) -> BoxFuture<'a, QueryResult<Shown>> {
                    Box::pin(async move {
                        conn.snapshot(async |tx| {
                            let first = Sql::vouch(first.to_owned()).load(tx).await?;
                            let last = Sql::vouch(last.to_owned()).load(tx).await?;
                            QueryResult::Ok(Shown { first, last })
                        })
                        .await
                    })
                }

                fn lock<'a>(
                    conn: &'a mut ReadConn<Primary, Self>,
                    first: &'a str,
                    last: &'a str,
                ) -> BoxFuture<'a, QueryResult<Shown>> {
                    Box::pin(async move {
                        conn.transaction(async |tx| {
                            let first = Sql::vouch(first.to_owned()).load(tx).await?;
                            let last = Sql::vouch(last.to_owned()).load(tx).await?;
                            QueryResult::Ok(Shown { first, last })
                        })
                        .await
                    })
                }

                fn change<'a>(
                    conn: &'a mut WriteConn<Self>,
                    change: &'a Change,
                ) -> BoxFuture<'a, QueryResult<Shown>> {
                    Box::pin(async move { conn.transaction(async |tx| inside!(tx, change)).await })
                }

                fn read_raw<'a>(
                    conn: &'a mut Self,
                    sql: &'a str,
                ) -> BoxFuture<'a, QueryResult<Vec<Seen>>> {
                    Box::pin(async move { diesel::sql_query(sql).load(conn).await })
                }

                fn change_raw<'a>(
                    conn: &'a mut Self,
                    change: &'a Change,
                ) -> BoxFuture<'a, QueryResult<Shown>> {
                    Box::pin(async move { conn.transaction(async |tx| inside!(tx, change)).await })
                }
            }
        };
    };
}

#[cfg(feature = "postgres")]
statements!(
    Family::Postgres,
    diesel::pg::Pg,
    diesel_async::AsyncPgConnection
);
#[cfg(feature = "mysql")]
statements!(
    Family::MySql,
    diesel::mysql::Mysql,
    diesel_async::AsyncMysqlConnection
);
#[cfg(feature = "sqlite")]
statements!(
    Family::Sqlite,
    diesel::sqlite::Sqlite,
    diesel_routing::sqlite::Connection
);
