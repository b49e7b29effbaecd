//! Diesel connections whose types say where a statement may run: writes and row locks never reach a
//! replica, and a session's reads see what it wrote.
//!
//! ```
//! use diesel_routing::sync::{prelude::*, sqlite::{ReadConn, Router, WriteConn}};
//! use diesel_routing::{Node, Replica};
//! use diesel_routing_testkit::SqliteCluster;
//!
//! diesel::table! {
//!     users { id -> Integer, locale -> Text, }
//! }
//!
//! // Runs on any handle: a replica's, the primary's, or inside a transaction.
//! fn locale(conn: &mut ReadConn<Replica>, id: i32) -> QueryResult<String> {
//!     users::table.find(id).select(users::locale).first(conn)
//! }
//!
//! // Runs on a `WriteConn` only: with a `ReadConn` it does not compile.
//! fn set_locale(conn: &mut WriteConn, id: i32, locale: &str) -> QueryResult<usize> {
//!     diesel::update(users::table.find(id)).set(users::locale.eq(locale)).execute(conn)
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // A primary and a replica on this machine; in production, the URLs of your servers.
//! let cluster = SqliteCluster::builder()
//!     .schema("CREATE TABLE users (id INTEGER PRIMARY KEY, locale TEXT NOT NULL)")
//!     .schema("INSERT INTO users VALUES (1, 'en')")
//!     .start()?;
//! let router = Router::builder()
//!     .primary(Node::new("db-1", cluster.primary_url()))
//!     .replica(Node::new("db-2", cluster.replica_url(0)?))
//!     .build()?;
//! cluster.pause(0)?; // the replica falls behind
//!
//! let session = router.session();
//! set_locale(&mut session.write()?, 1, "de")?;
//! let mut conn = session.read()?;
//! assert_eq!(conn.route().node, "db-1"); // it has just written
//! assert_eq!(locale(&mut conn, 1)?, "de");
//!
//! let another = router.session();
//! let mut conn = another.read()?;
//! assert_eq!(conn.route().node, "db-2"); // it wrote nothing, so a replica will do
//! assert_eq!(locale(&mut conn, 1)?, "en");
//! # Ok(()) }
//! ```
//!
//! [The guide](https://github.com/diesel-routing/diesel-routing/blob/main/docs/guide/src/README.md) begins with a service in five
//! minutes, and shows how applications move here, how they are tested, and how they are operated.
//!
//! The crate root is for [diesel-async](diesel_async), [`sync`] is the same surface for blocking Diesel. Replace
//! `use diesel::prelude::*` by `use diesel_routing::prelude::*` or
//! `use diesel_routing::sync::prelude::*`, take the handles from your backend's module (`pg`, `mysql`,
//! `sqlite`), and keep your queries.
//!
//! # Handles
//!
//! | handle | obtained from | grants |
//! |---|---|---|
//! | `ReadConn<Replica>` | `session.read_eventual()`, `session.read_bounded(lag)` | plain SELECT |
//! | `ReadConn<CaughtUp>` | `session.read()` | plain SELECT |
//! | `ReadConn<Primary>` | `session.read_primary()` | plain SELECT, row locks |
//! | `WriteConn` | `session.write()` | everything |
//!
//! Each can be used in place of those above it, by `DerefMut`: a repository function that takes
//! `&mut ReadConn<Replica>` can be called with a `&mut WriteConn` in the middle of a transaction, and
//! then reads on that transaction's connection.
//!
//! On async PostgreSQL, `&ReadConn<_>` and `&WriteConn` run statements as well, several at once, as diesel-async's `&AsyncPgConnection`
//! does: see [`Pipelines`].
//!
//! # What is guaranteed
//!
//! Three layers, each of which catches what the one above it cannot:
//!
//! 1. **Types.** Every Diesel statement has an [effect]; every handle grants effects; a
//!    statement whose effect a handle does not grant does not compile. A read handle gives no access
//!    to the connection inside.
//! 2. **The [statement check](StatementCheck).** Effects that types cannot show (a row lock in a sub-select,
//!    `nextval` in a raw fragment) are found in the rendered SQL, once per query type, and refused. Where the server takes writes, a
//!    SELECT that calls a function which is not known to change nothing counts as the session's write
//!    ([`StatementCheck::pure`]).
//! 3. **The server.** A node's role is checked whenever a connection is opened or checked out. Read pools open
//!    read-only sessions, on the primary too, so a write that got past both other layers fails there. It does not
//!    fail on a `WriteConn` that is passed where a read handle is expected, nor (except on SQLite) inside
//!    `ReadConn<Primary>::transaction`, which is `READ WRITE` because servers take row locks in no other.
//!    Nor are locks refused: a read-only session may take an advisory lock, and on MySQL and MariaDB a row lock.
//!
//! On PostgreSQL, MySQL, MariaDB and Galera, a session's reads come from a replica only once its replication
//! position proves that it has what the session wrote and saw; until then, from the primary. On SQLite, and with
//! [`window_only`](RouterBuilder::window_only), its reads go to the primary for a time window after it wrote
//! (5 s by default).
//!
//! # What is not guaranteed
//!
//! - Without positions, a replica that lags by more than the window can still show a session an older state
//!   than the one it wrote, unless its lag is told ([`lag_with`](RouterBuilder::lag_with)). The same holds where a write's outcome is
//!   unknown, or its position lies on the history before a failover.
//! - PostgreSQL's standbys can show a commit for the moment before the primary acknowledges it: a session that
//!   saw it there, and reads the primary in that moment, does not see it yet. With `remote_apply` the moment lasts
//!   until the slowest synchronous standby has replayed.
//! - The effects of a database function or a view inside the server are not seen: name functions that write
//!   to [`StatementCheck::forbid`]. Not even seen as calls are views, operators, casts, PostgreSQL's `t.f` for `f(t)`, and a
//!   function of yours that has the name of one of the server's.
//! - SQL that you [vouch](ReadSql::vouch) for is not checked; neither is what you do with
//!   `raw_counts_as_write`.
//! - Behind a pooler in transaction mode (PgBouncer), a session's settings leak to other clients: do not
//!   put one between the router and a node.
//!
//! # Features
//!
//! | feature | what it adds | needs |
//! |---|---|---|
//! | `postgres` (default) | async PostgreSQL | |
//! | `mysql` | async MySQL and MariaDB | |
//! | `sqlite` | async SQLite, on tokio's blocking threads | SQLite |
//! | `sync-postgres` | blocking PostgreSQL | libpq |
//! | `sync-mysql` | blocking MySQL and MariaDB | libmysqlclient or libmariadb |
//! | `sync-sqlite` | blocking SQLite | SQLite |
//! | `rustls` | TLS for the async drivers, as the URL says: [`docs/tls.md`] | a C compiler |
//! | `bb8` (default), `deadpool` | async pools | |
//! | `r2d2` | the blocking pool | |
//! | `serde` | [`JobToken`]; `Serialize` and `Deserialize` for [`SignedToken`]; `Serialize` for [`Status`], [`Route`] and [`Reason`] | |
//! | `config` | `config::RoutingConfig`: settings as data, changed while the router runs | |
//! | `config-file` | the same in a TOML file that is followed | |
//! | `admin` | `admin::router`: status and configuration for operators, in axum | |
//! | `metrics` | [`metrics`]: counters, gauges and times for the recorder of the `metrics` facade | |
//! | `migrations` | [`Router::run_pending_migrations`]: Diesel's migrations on the primary, under a lock, seen by all sessions | |
//! | `inventory` | [`inventory`]: all functions with a level, as data for tools | |
//! | `edge` | [`edge`], [`sync::edge`]: sessions that come and go with HTTP requests, without a framework | |
//! | `tower` | [`edge::SessionLayer`] | |
//! | `axum` | [`Session`] as an argument of axum's handlers | |
//! | `moka`, `redis` | session states in memory; in Redis or Valkey | |
//! | `redis-rustls` | the same at `rediss://`, by rustls with ring | a C compiler |
//! | `test-util` | for tests: [`sync::TestRouter`] and its async twin, one transaction or one schema a test; [`ManualClock`] | |
//!
//! [`docs/tls.md`]: https://github.com/diesel-routing/diesel-routing/blob/main/docs/tls.md
//!
//! Diesel is pinned to `~2.3` and diesel-async to `~0.9`, as diesel-async pins Diesel: effects name
//! types that Diesel shows to third-party backends only, and may change in any minor release. The
//! minimum Rust version is 1.88.
//!
//! # What there is to see
//!
//! Through [`tracing`], changes of state are events with the target `diesel_routing`, and each checkout is a span; nothing is formatted
//! while nobody listens. [`Status`] has the present state, and [`Route`] where a handle leads. [`docs/observability`] has the lists, and
//! [`docs/operations.md`] what to do.
//!
//! [`docs/observability`]: https://github.com/diesel-routing/diesel-routing/blob/main/docs/observability/README.md
//! [`docs/operations.md`]: https://github.com/diesel-routing/diesel-routing/blob/main/docs/operations.md
//!
//! # Testing
//!
//! A stale read shows only where a replica is behind. The crate
//! [`diesel-routing-testkit`](https://docs.rs/diesel-routing-testkit), used in the example above, starts primaries and
//! replicas on this machine, with lag and faults on demand: SQLite, PostgreSQL, MariaDB, Galera. `ManualClock`
//! (feature `test-util`) is a clock that tests move. Both belong in `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! diesel-routing = { version = "0.1", features = ["test-util"] }
//! diesel-routing-testkit = "0.1"
//! ```
//!
//! The crate [`diesel-routing-verify`](https://docs.rs/diesel-routing-verify) lets clients write and read through a router, on your own
//! cluster or on the test kit's, and judges what they were shown.
//!
//! `TestRouter` (`test-util`) is a router for one test: every handle that handlers, tasks and layers ask for is inside one
//! transaction, which is rolled back; or on a schema of the test's own. [`docs/testing.md`] shows both, and a mock.
//!
//! [`docs/testing.md`]: https://github.com/diesel-routing/diesel-routing/blob/main/docs/testing.md
//!
//! Tests that have one database, and no way to another, still check everything but staleness with
//! [`single_database`](sync::RouterBuilder::single_database): the database stands in for its own replica, over
//! connections that are read-only.
//!
//! ```
//! use diesel::connection::SimpleConnection;
//! use diesel_routing::sync::{prelude::*, sqlite::{ReadSql, Router}};
//! use diesel_routing::Node;
//!
//! diesel::table! {
//!     settings (user) { user -> Integer, theme -> Text, }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("db");
//! # let url = path.to_str().ok_or("path")?;
//! let router = Router::builder().single_database(Node::new("test", url)).build()?;
//! let session = router.session();
//! session.write()?.batch_execute("CREATE TABLE settings (user INTEGER PRIMARY KEY, theme TEXT)")?;
//! // In this session, what it wrote; in others, from the stand-in.
//! assert_eq!(session.read()?.route().node, "test");
//! let mut conn = router.session().read()?;
//! assert_eq!(conn.route().node, "test-replica");
//! assert_eq!(settings::table.count().get_result::<i64>(&mut conn)?, 0);
//! // A write that hides from types and statement check fails here as it would on a replica.
//! assert!(ReadSql::vouch("DELETE FROM settings").execute(&mut conn).is_err());
//!
//! // Nothing of a test transaction stays. The same functions take its handle, which reads as well.
//! router.write()?.test_transaction(|tx| {
//!     diesel::insert_into(settings::table)
//!         .values((settings::user.eq(1), settings::theme.eq("dark")))
//!         .execute(tx)?;
//!     assert_eq!(settings::table.count().get_result::<i64>(tx)?, 1);
//!     QueryResult::Ok(())
//! });
//! # Ok(())
//! # }
//! ```
//!
//! # How to read the compile errors
//!
//! The first line is the rule, in database terms; the label says what the handle is; the notes say what to
//! type next. Each is explained in
//! [`docs/compile-errors.md`](https://github.com/diesel-routing/diesel-routing/blob/main/docs/compile-errors.md).
//! Query fragments of your own need [`#[derive(Statement)]`](derive@Statement) to run on a read handle;
//! if they implement Diesel's `RunQueryDsl`, write `impl<.., Conn> diesel::RunQueryDsl<Conn> for ..`,
//! since under our prelude the bare name is ours.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(feature = "__async"))))]
#![cfg_attr(
    feature = "__async",
    allow(clippy::duplicate_mod, reason = "`flavours` is part of both flavours")
)]

#[cfg(feature = "config")]
pub mod config;
pub mod consistency;
#[cfg(feature = "edge")]
pub mod edge;
#[cfg(feature = "inventory")]
pub mod inventory;
pub mod sync;

#[cfg(feature = "__async")]
mod asynchronous;
mod backend;
mod cluster;
mod connect;
mod context;
mod engine;
mod error;
mod mutex;
mod observe;
mod position;
mod protection;
mod query_log;
mod random;
mod routing;
#[cfg(feature = "serde")]
mod serialize;
mod server;
mod session;
mod statement;
#[cfg(feature = "test-util")]
mod testing;

pub use cluster::{
    Checksum, ChecksumLimits, Diagnosis, Health, Introduction, Node, Observation, PoolOptions,
    ServerFacts, SourceAddress,
};
pub use connect::{ConnectRequest, Purpose, SettingChange, SettingChanges, SettingValue};
pub use consistency::{Class, Priority};
pub use context::Scope;
pub use diesel_routing_macros::consistency;
pub use diesel_routing_macros::{RoutedConnection, Statement};
pub use diesel_routing_sql::{Finding, Functions};
pub use engine::{
    Async, Blocking, CaughtUpReport, CompareLimits, Comparison, ConfigurationStatus,
    DiscoveryStatus, LoanCount, NodeStatus, Nodes, PoolAdvice, PoolLoad, PoolStatus, ReadCounts,
    ReplicaReport, Reset, Router, RouterBuilder, Session, Sizing, SizingAdvice, Status,
    TableComparison, TableOnReplica, Upstream,
};
pub use error::{
    ConfigError, Error, KeyError, MigrationError, MigrationRemains, NotReadOnly, OptionalExt,
    Origin, PositionError, ReadError, Refused, Rejection, Step, is_not_found, may_retry_read,
};
pub use position::*;
pub use protection::{
    Breaker, BreakerStatus, MeasuredWindow, ShedReads, Signal, Strain, Window, WindowStatus,
};
pub use query_log::QueryLog;
pub use routing::{
    Balance, Balancing, Fallback, Level, MissingSchema, Mode, Reason, RegionPolicy, Route, Tag,
};
pub use server::{NodeRole, PoolKind, ServerVersion};
#[cfg(feature = "test-util")]
pub use session::ManualClock;
pub use session::{Clock, SignedToken, SystemClock, Token, TokenKeys, TokenParts};
pub use statement::effect::{self, Statement};
pub use statement::{
    BoxedReadSql, CaughtUp, CheckPolicy, Dialect, LockRowsDsl, LockedRows, Primary, ReadSql,
    Replica, Role, StatementCheck, TableName,
};

#[cfg(feature = "serde")]
pub use engine::JobToken;
#[cfg(feature = "migrations")]
pub use engine::{MigrationLock, MigrationSteps, Migrator};

#[cfg(feature = "__async")]
#[cfg_attr(
    docsrs,
    doc(cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite")))
)]
pub use asynchronous::*;
#[cfg(feature = "metrics")]
pub use observe::metrics;

/// The README's examples, compiled.
#[cfg(all(
    doctest,
    feature = "axum",
    feature = "bb8",
    feature = "postgres",
    feature = "r2d2",
    feature = "sync-sqlite"
))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The examples of `docs/multi.md`, compiled.
#[cfg(all(
    doctest,
    feature = "r2d2",
    feature = "sync-mysql",
    feature = "sync-postgres",
    feature = "sync-sqlite"
))]
#[doc = include_str!("../docs/multi.md")]
struct MultiPage;

/// The examples of `docs/errors.md`, compiled.
#[cfg(all(doctest, feature = "axum", feature = "bb8", feature = "postgres"))]
#[doc = include_str!("../docs/errors.md")]
struct ErrorsPage;

/// The examples of `docs/testing.md`, compiled.
#[cfg(all(
    doctest,
    feature = "axum",
    feature = "bb8",
    feature = "postgres",
    feature = "test-util"
))]
#[doc = include_str!("../docs/testing.md")]
struct TestingPage;
/// The examples of `docs/diesel.md`, compiled.
#[cfg(all(
    doctest,
    feature = "bb8",
    feature = "postgres",
    feature = "r2d2",
    feature = "sync-postgres"
))]
#[doc = include_str!("../docs/diesel.md")]
struct DieselPage;

/// Registers a function in the program's inventory, if it has one. Not for users: expansions call it.
#[cfg(feature = "inventory")]
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($($registration:tt)*) => {
        const _: () = {
            $crate::__private::submit! { $($registration)* }
        };
    };
}

/// Registers nothing: this build has no inventory. Not for users: expansions call it.
#[cfg(not(feature = "inventory"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __register {
    ($($registration:tt)*) => {};
}

/// Hands on what a derive wrote for builds that have the feature `migrations`. Not for users: expansions call it.
#[cfg(feature = "migrations")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_migrations {
    ($($item:tt)*) => { $($item)* };
}

/// Drops it: this build runs no migrations. Not for users: expansions call it.
#[cfg(not(feature = "migrations"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_migrations {
    ($($item:tt)*) => {};
}

/// Hands on what a derive wrote for builds that have the feature `test-util`. Not for users: expansions call it.
#[cfg(feature = "test-util")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_test_util {
    ($($item:tt)*) => { $($item)* };
}

/// Drops it: this build has nothing for tests. Not for users: expansions call it.
#[cfg(not(feature = "test-util"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_test_util {
    ($($item:tt)*) => {};
}

/// The examples of what there is to see, compiled.
#[cfg(doctest)]
#[doc = include_str!("../docs/observability/README.md")]
struct Observability;

/// Functions for the project's benches. Not for users.
#[cfg(feature = "__bench")]
#[doc(hidden)]
pub mod __bench {
    pub use crate::engine::bench::{Fleet, Publisher, Questions};
    pub use crate::routing::bench::Decider;
}

/// The names that the macros' expansions use. Not for users: they may change in any release.
#[doc(hidden)]
pub mod __private {
    pub use crate::connect::{language_or_error as language_of, no_variant};
    #[cfg(feature = "inventory")]
    pub use crate::inventory::Registration;
    pub use crate::server::Abilities;
    pub use crate::statement::Characteristics;
    pub use crate::statement::effect::{AsField, Derived};
    #[cfg(feature = "inventory")]
    pub use ::inventory::submit;
    pub use diesel_routing_sql::Dialect as Language;

    #[cfg(any(feature = "mysql", feature = "sync-mysql"))]
    pub use diesel::mysql::Mysql;
    #[cfg(any(feature = "postgres", feature = "sync-postgres"))]
    pub use diesel::pg::Pg;
    #[cfg(feature = "sync-sqlite")]
    pub use diesel::sqlite::Sqlite;

    use crate::consistency::Fails;
    use crate::consistency::levels::HandleOf;
    use crate::{Dialect, Error, ReadSql};

    /// Checks that the handle of an annotated function fits its level.
    #[inline]
    pub const fn handle_of<L, H: HandleOf<L>>() {}

    /// Returns the failure of a function to get a connection.
    #[must_use]
    pub fn failed<R: Fails>(error: Error) -> R {
        R::failed(error)
    }

    /// Wraps a literal that a macro has checked.
    pub const fn read_sql_checked<DB: Dialect>(sql: &'static str) -> ReadSql<DB> {
        ReadSql::checked(sql)
    }
}
