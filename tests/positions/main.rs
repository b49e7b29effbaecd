//! Sessions on real replication: what they wrote is proved by positions, not by a timer.
//!
//! The window is an hour, so whatever comes from a replica after a write was proved. A suite is one file of
//! tests, compiled once per backend: the backend's module brings the types.

#![expect(clippy::duplicate_mod, reason = "a suite runs once per backend")]

mod counts;
mod events;
mod galera;
mod history;
mod mariadb;
mod postgres;
#[allow(dead_code, clippy::unwrap_used, reason = "shared with other tests")]
#[path = "../routing/steps.rs"]
mod steps;

use std::time::{Duration, Instant};

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

const SCHEMA: [&str; 2] = [
    "CREATE TABLE settings (id INTEGER PRIMARY KEY, theme VARCHAR(100) NOT NULL)",
    "INSERT INTO settings VALUES (1, 'light')",
];

/// A table with an odd name and three rows.
struct OddTable {
    name: &'static str,
    sql: &'static [&'static str],
}

/// Panics once `since` is too long ago.
fn in_time(since: Instant, what: &str) {
    assert!(
        since.elapsed() < LIMIT,
        "{what} did not happen in {LIMIT:?}"
    );
}
