//! The macros of `diesel-routing`. Use them through that crate: it re-exports each one, and the
//! expansions name its items.
//!
//! | here | there | does |
//! |---|---|---|
//! | [`read_sql_pg!`], [`read_sql_mysql!`], [`read_sql_sqlite!`] | `pg::read_sql!`, `mysql::read_sql!`, `sqlite::read_sql!` | checks a SQL literal at compile time |
//! | [`consistency`](macro@consistency) | `consistency` | makes a repository function callable with a session, a router or a strong enough handle |
//! | [`derive(Statement)`](derive@Statement) | `Statement` | declares the effect of a query fragment of your own |
//! | [`derive(RoutedConnection)`](derive@RoutedConnection) | `RoutedConnection` | routes an enum of connections, of `#[derive(diesel::MultiConnection)]` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod consistency;
mod flavours;
mod read_sql;
mod routed_connection;
#[cfg(test)]
mod snapshot;
mod statement;

use diesel_routing_sql::Dialect;
use proc_macro::TokenStream;

/// Checks raw SQL for a read handle, in PostgreSQL's dialect, at compile time.
///
/// Takes one string literal that holds exactly one SELECT, VALUES, TABLE, WITH .. SELECT, EXPLAIN or
/// SHOW, without row locks and without functions that have side effects (listed at
/// `diesel_routing_sql::Functions`). Anything else is a compile error on the literal, with the reason.
///
/// For SQL that is built at run time, use `ReadSql::check`, with the same rules; for SQL that you
/// know to be a read although the check refuses it, `ReadSql::vouch`.
///
/// SQL in a file is checked in the same way: `file = ".."` takes a path from the directory of the package's `Cargo.toml`. Errors name the
/// file, the line and the column, and the compiler looks at the file again when it changes.
///
/// ```text
/// read_sql!("SELECT id, name FROM users WHERE id = $1").bind::<Integer, _>(1).load(&mut read)
/// read_sql!(file = "queries/user.sql").bind::<Integer, _>(1).load(&mut read)
/// ```
#[proc_macro]
pub fn read_sql_pg(input: TokenStream) -> TokenStream {
    read_sql::expand(input.into(), Dialect::Postgres).into()
}

/// Checks raw SQL for a read handle, in the dialect of MySQL and MariaDB, at compile time.
///
/// Takes one string literal that holds exactly one SELECT, VALUES, TABLE, WITH .. SELECT, EXPLAIN,
/// DESCRIBE or SHOW, without row locks, without functions that have side effects (listed at
/// `diesel_routing_sql::Functions`) and without conditional comments (`/*! .. */`). Anything else is a
/// compile error on the literal, with the reason.
///
/// For SQL that is built at run time, use `ReadSql::check`, with the same rules; for SQL that you
/// know to be a read although the check refuses it, `ReadSql::vouch`.
///
/// SQL in a file is checked in the same way: `file = ".."` takes a path from the directory of the package's `Cargo.toml`. Errors name the
/// file, the line and the column, and the compiler looks at the file again when it changes.
///
/// ```text
/// read_sql!("SELECT id, name FROM users WHERE id = ?").bind::<Integer, _>(1).load(&mut read)
/// read_sql!(file = "queries/user.sql").bind::<Integer, _>(1).load(&mut read)
/// ```
#[proc_macro]
pub fn read_sql_mysql(input: TokenStream) -> TokenStream {
    read_sql::expand(input.into(), Dialect::Mysql).into()
}

/// Checks raw SQL for a read handle, in SQLite's dialect, at compile time.
///
/// Takes one string literal that holds exactly one SELECT, VALUES, WITH .. SELECT, EXPLAIN or a PRAGMA
/// that only reads, without functions that have side effects (listed at
/// `diesel_routing_sql::Functions`). Anything else is a compile error on the literal, with the reason.
///
/// For SQL that is built at run time, use `ReadSql::check`, with the same rules; for SQL that you
/// know to be a read although the check refuses it, `ReadSql::vouch`.
///
/// SQL in a file is checked in the same way: `file = ".."` takes a path from the directory of the package's `Cargo.toml`. Errors name the
/// file, the line and the column, and the compiler looks at the file again when it changes.
///
/// ```text
/// read_sql!("SELECT id, name FROM users WHERE id = ?").bind::<Integer, _>(1).load(&mut read)
/// read_sql!(file = "queries/user.sql").bind::<Integer, _>(1).load(&mut read)
/// ```
#[proc_macro]
pub fn read_sql_sqlite(input: TokenStream) -> TokenStream {
    read_sql::expand(input.into(), Dialect::Sqlite).into()
}

/// Declares the effect of a query fragment of your own, so that read handles can run it.
///
/// Without it a type that implements Diesel's `QueryFragment` runs on a `WriteConn` only.
///
/// | attribute | on | meaning |
/// |---|---|---|
/// | `#[statement(read)]` | the type | reads: any handle runs it |
/// | `#[statement(row_lock)]` | the type | locks rows: needs a transaction on the primary |
/// | `#[statement(write)]` | the type | writes: needs a `WriteConn` |
/// | `#[statement(effect)]` | one field of a struct | has the effect of the statement in that field |
/// | `#[statement(crate = "path")]` | the type | the path of `diesel_routing`, if it is renamed or re-exported |
///
/// Exactly one of the first four is needed. The compiler trusts the declaration; at run time the
/// statement check still inspects the SQL that the fragment renders.
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

/// Routes an enum of blocking connections, whose database is chosen when the program runs.
///
/// Stands beside `#[derive(diesel::MultiConnection)]`. Each variant holds one connection that is a
/// `RoutedConnection` itself: `PgConnection`, `MysqlConnection`, `SqliteConnection`. The URL of a node says which it is; all nodes of
/// a router have the same kind of database.
///
/// Implements `sync::RoutedConnection` for the enum, and `Dialect` for its backend, which Diesel calls `MultiBackend`.
///
/// ```text
/// #[derive(diesel::MultiConnection, diesel_routing::RoutedConnection)]
/// pub enum AnyConnection {
///     Postgres(PgConnection),
///     Mysql(MysqlConnection),
///     Sqlite(SqliteConnection),
/// }
///
/// let router = diesel_routing::sync::Router::<AnyConnection>::builder()
///     .primary(Node::new("db-1", &database_url))
///     .build()?;
/// ```
///
/// | attribute | on | meaning |
/// |---|---|---|
/// | `#[routed_connection(crate = "path")]` | the enum | the path of `diesel_routing`, if it is renamed or re-exported |
#[proc_macro_derive(RoutedConnection, attributes(routed_connection))]
pub fn derive_routed_connection(input: TokenStream) -> TokenStream {
    routed_connection::derive(input.into()).into()
}

/// Declares how fresh a repository function's reads must be, and makes it callable with anything that can
/// provide a connection that fresh.
///
/// Write the handle that the function needs as its parameter. Callers pass a `&Session` or a `&Router`, and
/// the function routes and checks out; or they pass a strong enough `&mut` handle, and it stays on that
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
/// | level | may the read be stale? | the parameter |
/// |---|---|---|
/// | `eventual` | yes, by any amount (within the router's `max_lag`) | `&mut ReadConn<Replica>` |
/// | `bounded = "250ms"` | by no more than this | `&mut ReadConn<Replica>` |
/// | `session` | it observes the session's own writes, and everything the session has seen | `&mut ReadConn<CaughtUp>` |
/// | `strong` | no | `&mut ReadConn<Primary>` or `&mut WriteConn` |
/// | `write` | the function writes | `&mut WriteConn` |
///
/// | option | with | meaning |
/// |---|---|---|
/// | `wait = "50ms"` | `session`, `bounded` | waits up to this long for a replica before going to the primary |
/// | `on = "reporting"` | `eventual`, `bounded`, `session` | reads from replicas with this tag: `Node::tag`, `Session::on` |
/// | `or_any_replica`, `or_primary`, `or_fail` | `on` | where a read goes that none of them may serve; the first is the default |
/// | `class = "payments"` | any, or none | requires what the class does as well: `RouterBuilder::class` |
/// | `untracked` | `write` | does not record the writes in the session |
/// | `retry` | `eventual`, `bounded`, `session` | if the node dies under it, or hangs, runs the body once more on another, as `Session::reading` does |
/// | `name = ".."` | any | replaces the function's path in routes and errors |
/// | `crate = ".."` | any | the path of `diesel_routing`, if it is renamed or re-exported |
///
/// The read is as strong as the strongest of attribute, class and the session's view asks for. Of the other options, the attribute's
/// count before its class's, then the call's, then the router's.
///
/// A `class` may stand alone. Then the handle's type has the level: `ReadConn<Replica>` is `eventual`, `ReadConn<CaughtUp>` `session`,
/// `ReadConn<Primary>` `strong` and `WriteConn` `write`.
///
/// - The function may be `async` or not; free or a method; generic. On an `impl` block the attribute is the
///   default of its methods that take a handle.
/// - In a trait's `impl`, where the signature is the trait's, the parameter is a `&Session`; inside the
///   body that name is the handle.
/// - It returns a `Result` whose error type has `From<diesel_routing::Error>`, for getting a connection can fail. A function with
///   `QueryResult<T>` becomes one with `Result<T, diesel_routing::Error>`, and `Ok(query?)` for `query`.
/// - With `retry`, the body may run twice, so what it takes by value it must clone. Handles that callers pass are used as they are:
///   they run it once.
/// - `#[tracing::instrument]` above it sees the handle, below it (or with the arguments alone) what the caller passed: for
///   fields such as the node, write `#[instrument(skip(conn), fields(node = conn.route().node))]` first, and `#[consistency(..)]` after
///   it.
/// - To pass a handle on twice, reborrow it: `other(&mut *conn, id)`.
/// - On async PostgreSQL the parameter may be shared, `conn: &ReadConn<..>` or `conn: &WriteConn`: several of its statements may be under way, and
///   callers pass a `&` handle as well. `try_join!(first(&conn, id), second(&conn, id))?` runs two such functions on one connection.
/// - In the body of a function that may run on a replica, a row lock anywhere (in a sub-select, where types
///   do not show it) is an error, and so is a literal given to `sql::<..>(..)` that locks or has side effects.
///   If it is harmless, allow it with `#[consistency(vouch)]` before the statement.
#[proc_macro_attribute]
pub fn consistency(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let registers = cfg!(feature = "inventory");
    consistency::expand(attribute.into(), item.into(), registers).into()
}

/// Leaves the crate's own async code as it is; not for users.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn __async(_attribute: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// Makes the crate's own async code blocking; not for users.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn __blocking(_attribute: TokenStream, item: TokenStream) -> TokenStream {
    flavours::blocking(item.into()).into()
}
