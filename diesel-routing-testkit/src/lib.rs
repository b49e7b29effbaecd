//! Clusters with controllable lag and faults, for tests.
//!
//! A test on one database cannot show a stale read: there is nothing to be stale. The clusters here are
//! a primary and its replicas on this machine, and the test says how far behind the replicas are. They give
//! URLs, so whatever connects to a database by its URL can be tested on them: a
//! [router](https://docs.rs/diesel-routing), Diesel alone, or any other client.
//!
//! | cluster | feature | needs | replicas are fed by | start |
//! |---|---|---|---|---|
//! | [`SqliteCluster`] | `sqlite` (default) | a C compiler at build time | SQLite's online backup, in this process | a few milliseconds |
//! | [`PgCluster`] | `postgres` | PostgreSQL's server programs, Linux | streaming replication | a few tenths of a second |
//! | [`MariaCluster`] | `mariadb` | MariaDB's server programs, Linux | replication by GTID | a few tenths of a second |
//! | [`GaleraCluster`] | `mariadb` | MariaDB's server programs, Galera 4, Linux | Galera; every node takes writes | a second or two |
//!
//! With feature `docker`, servers [run in containers](#in-containers) when asked.
//!
//! The crate is for tests, and so belongs in `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! diesel-routing-testkit = "0.1"
//! ```
//!
//! Tests on PostgreSQL alone need neither SQLite nor a C compiler:
//!
//! ```toml
//! [dev-dependencies]
//! diesel-routing-testkit = { version = "0.1", default-features = false, features = ["postgres"] }
//! ```
//!
//! # How to test a repository function under lag
//!
//! 1. Start a cluster with your schema, one per test. It is gone when it is dropped.
//! 2. Give its URLs to what you test, as you would give the URLs of a real primary and its replicas.
//! 3. Put the cluster in the state the test is about: [`pause`](SqliteCluster::pause) a replica (it keeps
//!    its old rows until you [`resume`](SqliteCluster::resume) it), or give it a
//!    [lag](SqliteCluster::set_lag).
//! 4. Write, call the function, and assert what it may and may not have seen.
//!
//! Prefer `pause` to a lag wherever the test allows it: a paused replica is stale for as long as the test
//! likes, however slow the machine. A lag is for demonstrations and for tests of lag itself.
//! Where a test needs fresh replicas, [`wait_until_caught_up`](SqliteCluster::wait_until_caught_up) says
//! when they are; no test needs to sleep.
//!
//! ```
//! use diesel::connection::SimpleConnection;
//! use diesel::prelude::*;
//! use diesel_routing_testkit::SqliteCluster;
//! use std::time::Duration;
//!
//! diesel::table! {
//!     settings (id) { id -> Integer, theme -> Text }
//! }
//!
//! /// The function under test: a replica is not good enough for it, and only a test with lag shows that.
//! fn theme(conn: &mut SqliteConnection, user: i32) -> QueryResult<String> {
//!     settings::table.find(user).select(settings::theme).first(conn)
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = SqliteCluster::builder()
//!     .schema("CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL)")
//!     .schema("INSERT INTO settings VALUES (1, 'light')")
//!     .start()?;
//! let mut primary = SqliteConnection::establish(cluster.primary_url())?;
//! primary.batch_execute("PRAGMA busy_timeout = 5000")?;
//! let mut replica = SqliteConnection::establish(cluster.replica_url(0)?)?;
//!
//! cluster.pause(0)?;
//! diesel::update(settings::table.find(1)).set(settings::theme.eq("dark")).execute(&mut primary)?;
//! assert_eq!(theme(&mut primary, 1)?, "dark");
//! assert_eq!(theme(&mut replica, 1)?, "light"); // the race a single database hides
//!
//! cluster.resume(0)?;
//! cluster.wait_until_caught_up(Duration::from_secs(10))?;
//! assert_eq!(theme(&mut replica, 1)?, "dark");
//! # Ok(())
//! # }
//! ```
//!
//! # What stands between
//!
//! Clients seldom reach a server alone: there is a network, and there are names and balancers that lead
//! somewhere else tomorrow. Nodes of real servers have a [`Proxy`] each (`node.proxy()`), which can be cut, made to
//! hang, delayed, and asked for the round trips that were made over it. An [`Address`]
//! (`cluster.address(..)`) leads to several nodes, by turns or at random, and can be moved while connections live.
//!
//! # In containers
//!
//! With feature `docker`, the servers of `PgCluster`, `MariaCluster` and `GaleraCluster` run in containers when
//! `DIESEL_ROUTING_TESTKIT=docker` is set or the builder's `in_docker` is called: one container for each
//! server, by the Docker engine of this machine. Tests need no change. URLs, faults and data directories are the
//! same; only the programs come from an image:
//!
//! | cluster | image | another one |
//! |---|---|---|
//! | `PgCluster` | `postgres:17` | `DIESEL_ROUTING_POSTGRES_IMAGE` |
//! | `MariaCluster`, `GaleraCluster` | `mariadb:11.8` | `DIESEL_ROUTING_MARIADB_IMAGE` |
//!
//! Any image will do that has a shell and the server's programs on its search path. It is pulled when it is not
//! there. The engine must run on this machine, as root: servers and tests share files, and MariaDB's servers the
//! loopback interface. If no engine answers, starting a cluster is an error. A start takes about half a second
//! per server.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(docsrs, doc(auto_cfg(hide(feature = "__servers"))))]
#![cfg_attr(
    not(all(
        feature = "mariadb",
        feature = "postgres",
        feature = "sqlite",
        target_os = "linux"
    )),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the table names the clusters of all features"
    )
)]

#[cfg(feature = "sqlite")]
mod error;
#[cfg(all(feature = "mariadb", target_os = "linux"))]
mod mariadb;
#[cfg(all(feature = "postgres", target_os = "linux"))]
mod postgres;
#[cfg(all(feature = "__servers", target_os = "linux"))]
mod server;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use error::Error;
#[cfg(all(feature = "mariadb", target_os = "linux"))]
pub use mariadb::{
    GaleraCluster, GaleraClusterBuilder, MariaCluster, MariaClusterBuilder, MariaNode, TableLock,
};
#[cfg(all(feature = "postgres", target_os = "linux"))]
pub use postgres::{PgCluster, PgClusterBuilder, PgNode};
#[cfg(all(feature = "__servers", target_os = "linux"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "mariadb", feature = "postgres"))))]
pub use server::{Address, AddressPolicy, Proxy, ProxyConnection, ProxyMode, ServerError, Target};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteCluster, SqliteClusterBuilder};
