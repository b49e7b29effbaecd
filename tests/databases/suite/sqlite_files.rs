//! The files of tests on SQLite, and what else is SQLite's.

use std::fs;
use std::path::Path;

use super::*;

/// Set if the server refuses writes of handles that read, inside a test's transaction.
pub(crate) const REFUSES_WRITES: bool = true;

/// Ends a transaction behind the router's back.
pub(crate) const COMMITS: &str = "COMMIT";

/// The key column of tables.
pub(crate) const KEY: &str = "INTEGER PRIMARY KEY";

/// Changes a database session, so that its connection is closed.
pub(crate) const CHANGES: &str = "PRAGMA cache_size = 100";

/// Locks nothing: SQLite has no locks on rows.
pub(crate) async fn lock(_: &mut ReadConn<Primary>) {}

/// Lets the account make files: it may.
pub(crate) fn let_make_schemas(_: &Cluster) {}

/// Returns the directory of the files.
fn directory(cluster: &Cluster) -> &Path {
    Path::new(cluster.primary_url()).parent().unwrap()
}

/// Leaves the files of a killed test.
pub(crate) fn leave_behind(cluster: &Cluster) {
    for end in ["db", "db-wal", "lock"] {
        let path = directory(cluster).join(format!("diesel_routing_test_1_0_a.{end}"));
        fs::write(path, "").unwrap();
    }
}

/// Returns the number of tests that have a file.
pub(crate) async fn schemas(cluster: &Cluster) -> usize {
    let names = fs::read_dir(directory(cluster)).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    names.filter(|name| name.ends_with(".lock")).count()
}
