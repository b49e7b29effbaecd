//! Blocking SQLite in r2d2 pools.

use std::fs;
use std::path::Path;

pub(crate) use diesel::connection::SimpleConnection as _;
pub(crate) use diesel_routing::sync::RouterBuilder;
pub(crate) use diesel_routing::sync::prelude::*;
pub(crate) use diesel_routing::sync::sqlite::{
    ReadConn, ReadSql, Router, Session, TestRouter, WriteConn,
};

pub(crate) use crate::cluster::Sqlite as Cluster;
pub(crate) use crate::flavour::{blocking_body as body, now as wait, *};

pub(crate) type Builder = RouterBuilder<SqliteConnection>;

/// Set if the server refuses writes of handles that read, inside a test's transaction.
const REFUSES_WRITES: bool = true;

/// Ends a transaction behind the router's back.
const COMMITS: &str = "COMMIT";

/// The key column of tables.
const KEY: &str = "INTEGER PRIMARY KEY";

/// Changes a database session, so that its connection is closed.
const CHANGES: &str = "PRAGMA cache_size = 100";

fn let_make_schemas(_: &Cluster) {}

/// The directory of the files.
fn directory(cluster: &Cluster) -> &Path {
    Path::new(cluster.primary_url()).parent().unwrap()
}

/// Leaves the files of a killed test.
fn leave_behind(cluster: &Cluster) {
    for end in ["db", "db-wal", "lock"] {
        let path = directory(cluster).join(format!("diesel_routing_test_1_0_a.{end}"));
        fs::write(path, "").unwrap();
    }
}

/// Returns the number of files that are tests'.
async fn schemas(cluster: &Cluster) -> usize {
    let names = fs::read_dir(directory(cluster)).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    names.filter(|name| name.ends_with(".lock")).count()
}

pub(crate) fn builder() -> Builder {
    Router::builder()
}

/// Locks nothing: SQLite has no locks on rows.
async fn lock(_: &mut ReadConn<Primary>) {}

#[path = "suite/test_router.rs"]
mod test_router;
#[path = "suite/test_schema.rs"]
mod test_schema;
#[path = "../routing/suite/world.rs"]
mod world;
