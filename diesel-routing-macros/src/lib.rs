//! The macros of `diesel-routing`. Use them through that crate: it re-exports each one, and the
//! expansions name its items.
//!
//! | here | there | does |
//! |---|---|---|
//! | [`read_sql_pg!`], [`read_sql_mysql!`], [`read_sql_sqlite!`] | `pg::read_sql!`, `mysql::read_sql!`, `sqlite::read_sql!` | checks a SQL literal while the program is compiled |
//! | [`consistency`](macro@consistency) | `consistency` | makes a repository function callable with a session, a router or a strong enough handle |
//! | [`derive(Statement)`](derive@Statement) | `Statement` | says what a query fragment of your own does |

mod consistency;
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

/// Says how fresh a repository function's reads must be, and makes it callable with whatever can give it a
/// connection that is.
///
/// The author writes the handle that the function wants. Callers pass a `&Session` or a `&Router`, which
/// route and check out; or a `&mut` handle that is strong enough, and the function stays on its
/// connection and in its transaction. A weaker handle does not compile: "`&mut ReadConn<Replica>`
/// cannot serve a `strong` repository function".
///
/// ```text
/// #[consistency(strong)]
/// async fn verify_payment(conn: &mut ReadConn<Primary>, id: PaymentId) -> Result<Payment, Error> {
///     payments::table.find(id).first(conn).await
/// }
///
/// verify_payment(&session, id).await?;      // routes and checks out by itself
/// session.write().await?.transaction(async |tx| {
///     verify_payment(&mut *tx, id).await?;  // stays on this transaction's connection
///     ..
/// }).await?;
/// ```
///
/// | level | may this read be stale? | the parameter |
/// |---|---|---|
/// | `eventual` | yes, by however much (the router's `max_lag`) | `&mut ReadConn<Replica>` |
/// | `bounded = "250ms"` | by so much, and no more | `&mut ReadConn<Replica>` |
/// | `session` | not of the session's own writes, nor of what it has seen | `&mut ReadConn<CaughtUp>` |
/// | `strong` | no | `&mut ReadConn<Primary>` or `&mut WriteConn` |
/// | `write` | it writes | `&mut WriteConn` |
///
/// | option | with | meaning |
/// |---|---|---|
/// | `wait = "50ms"` | `session`, `bounded` | rather wait so long for a replica than go to the primary |
/// | `class = "payments"` | any | the settings of a class: `RouterBuilder::class` |
/// | `untracked` | `write` | the session does not remember what is written |
/// | `name = ".."` | any | stands in routes and errors in place of the function's path |
/// | `crate = ".."` | any | where `diesel_routing` is, if it is renamed or re-exported |
///
/// The attribute goes before what the call says, and that before the router's defaults.
///
/// - The function may be `async` or not; free or a method; generic. On an `impl` block the attribute is the
///   default of its methods that take a handle.
/// - In a trait's `impl`, where the signature is the trait's, the parameter is a `&Session`; inside the
///   body that name is the handle.
/// - The error type needs `From<diesel_routing::Error>`.
/// - To pass a handle on twice, reborrow it: `other(&mut *conn, id)`.
/// - In the body of a function that may run on a replica, a row lock anywhere (in a sub-select, where types
///   do not see it) is an error, and so is a literal given to `sql::<..>(..)` that locks or has side effects.
///   If it is harmless, `#[consistency(vouch)]` before the statement lets it be.
#[proc_macro_attribute]
pub fn consistency(attribute: TokenStream, item: TokenStream) -> TokenStream {
    consistency::expand(attribute.into(), item.into()).into()
}
