//! Sessions on real PostgreSQL replication: what they wrote is proved by positions, not by a timer.
//!
//! The window is an hour, so whatever comes from a replica after a write was proved.

mod asynchronous;
mod bad_input;
mod blocking;
mod flavours;
mod pgbouncer;
mod repository;
mod retries;
mod tokens;
mod views;

use std::time::{Duration, Instant};

use diesel_routing::testkit::{PgCluster, PgNode};

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        settings { id -> Integer, theme -> Text, }
    }
}

use schema::settings;

const HOUR: Duration = Duration::from_secs(3600);
/// A session that reads without a pause goes on moving what it has seen: it leaves the primary by
/// waiting for one proof.
const PATIENCE: Duration = Duration::from_millis(200);
const LIMIT: Duration = Duration::from_secs(20);

fn cluster(standbys: usize) -> PgCluster {
    let cluster = PgCluster::builder()
        .standbys(standbys)
        .start()
        .expect("a cluster");
    let primary = cluster.primary();
    primary
        .execute("CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL)")
        .expect("a table");
    primary
        .execute("INSERT INTO settings VALUES (1, 'light')")
        .expect("a row");
    cluster
        .wait_until_caught_up(LIMIT)
        .expect("standbys that follow");
    cluster
}

fn node(name: &str, node: &PgNode) -> diesel_routing::Node {
    diesel_routing::Node::new(name, node.url())
        .read_pool_size(4)
        .write_pool_size(4)
}

/// Panics once `since` is too long ago.
fn in_time(since: Instant, what: &str) {
    assert!(
        since.elapsed() < LIMIT,
        "{what} did not happen in {LIMIT:?}"
    );
}

/// The URL of whatever listens on the socket in `dir`.
fn socket_url(dir: &std::path::Path) -> String {
    let host = dir.display().to_string().replace('/', "%2F");
    format!("postgresql://app@{host}:5432/app")
}
