//! The macros of `diesel-routing`. Use them through that crate: it re-exports each one, and the
//! expansions name its items.
//!
//! | here | there | does |
//! |---|---|---|
//! | [`read_sql_pg!`], [`read_sql_mysql!`], [`read_sql_sqlite!`] | `pg::read_sql!`, `mysql::read_sql!`, `sqlite::read_sql!` | checks a SQL literal while the program is compiled |
//! | [`derive(Statement)`](derive@Statement) | `Statement` | says what a query fragment of your own does |

mod read_sql;
#[cfg(test)]
mod snapshot;
mod statement;

use diesel_routing_sql::Dialect;
use proc_macro::TokenStream;

/// Raw SQL for a read handle, in PostgreSQL's dialect, checked while the program is compiled.
///
/// Takes one string literal that holds exactly one SELECT, VALUES, TABLE, WITH .. SELECT, EXPLAIN or
/// SHOW, without row locks and without functions that have side effects (the list stands at
/// `diesel_routing_sql::Functions`). Anything else is a compile error on the literal that says why.
///
/// For SQL that is built at run time there is `ReadSql::check`, with the same rules; for SQL that you
/// know to be a read although the check does not, `ReadSql::vouch`.
///
/// ```text
/// read_sql!("SELECT id, name FROM users WHERE id = $1").bind::<Integer, _>(1).load(&mut read)
/// ```
#[proc_macro]
pub fn read_sql_pg(input: TokenStream) -> TokenStream {
    read_sql::expand(input.into(), Dialect::Postgres).into()
}

/// Raw SQL for a read handle, in the dialect of MySQL and MariaDB, checked while the program is
/// compiled.
///
/// Takes one string literal that holds exactly one SELECT, VALUES, TABLE, WITH .. SELECT, EXPLAIN,
/// DESCRIBE or SHOW, without row locks, without functions that have side effects (the list stands at
/// `diesel_routing_sql::Functions`) and without conditional comments (`/*! .. */`). Anything else is a
/// compile error on the literal that says why.
///
/// For SQL that is built at run time there is `ReadSql::check`, with the same rules; for SQL that you
/// know to be a read although the check does not, `ReadSql::vouch`.
///
/// ```text
/// read_sql!("SELECT id, name FROM users WHERE id = ?").bind::<Integer, _>(1).load(&mut read)
/// ```
#[proc_macro]
pub fn read_sql_mysql(input: TokenStream) -> TokenStream {
    read_sql::expand(input.into(), Dialect::Mysql).into()
}

/// Raw SQL for a read handle, in SQLite's dialect, checked while the program is compiled.
///
/// Takes one string literal that holds exactly one SELECT, VALUES, WITH .. SELECT, EXPLAIN or a PRAGMA
/// that only answers, without functions that have side effects (the list stands at
/// `diesel_routing_sql::Functions`). Anything else is a compile error on the literal that says why.
///
/// For SQL that is built at run time there is `ReadSql::check`, with the same rules; for SQL that you
/// know to be a read although the check does not, `ReadSql::vouch`.
///
/// ```text
/// read_sql!("SELECT id, name FROM users WHERE id = ?").bind::<Integer, _>(1).load(&mut read)
/// ```
#[proc_macro]
pub fn read_sql_sqlite(input: TokenStream) -> TokenStream {
    read_sql::expand(input.into(), Dialect::Sqlite).into()
}

/// Says what a query fragment of your own does, so that read handles can run it.
///
/// Without it a type that implements Diesel's `QueryFragment` runs on a `WriteConn` only.
///
/// | attribute | on | meaning |
/// |---|---|---|
/// | `#[statement(read)]` | the type | reads: any handle runs it |
/// | `#[statement(row_lock)]` | the type | locks rows: needs a transaction on the primary |
/// | `#[statement(write)]` | the type | writes: needs a `WriteConn` |
/// | `#[statement(effect)]` | one field of a struct | does what the statement in that field does |
/// | `#[statement(crate = "path")]` | the type | where `diesel_routing` is, if it is renamed or re-exported |
///
/// Exactly one of the first four is needed. The claim is believed by the compiler; at run time the
/// statement check still looks at the SQL that the fragment renders.
///
/// ```text
/// #[derive(Statement, QueryId)]
/// #[statement(read)]
/// struct CurrentUserCount;
///
/// #[derive(Statement, QueryId)]
/// struct Paginated<T> {
///     #[statement(effect)]
///     query: T,
///     page: i64,
/// }
/// ```
#[proc_macro_derive(Statement, attributes(statement))]
pub fn derive_statement(input: TokenStream) -> TokenStream {
    statement::derive(input.into()).into()
}
