//! The words of MariaDB for the suites under a test.

use diesel_routing_testkit::MariaCluster;

use crate::cluster::Mariadb;

/// Set if the server refuses writes of handles that read, inside a test's transaction.
pub(crate) const REFUSES_WRITES: bool = false;

/// Ends a transaction behind the router's back.
pub(crate) const COMMITS: &str = "CREATE TABLE made (id INTEGER PRIMARY KEY)";

/// The key column of tables.
pub(crate) const KEY: &str = "INTEGER AUTO_INCREMENT PRIMARY KEY";

/// Changes a database session, so that its connection is closed.
pub(crate) const CHANGES: &str = "USE information_schema";

/// Lets the account make databases.
pub(crate) fn let_make_schemas(cluster: &Mariadb) {
    let sql = r"GRANT ALL ON `diesel\_routing\_test\_%`.* TO app";
    MariaCluster::primary(cluster).admin_execute(sql).unwrap();
}

/// Makes a database as a killed test leaves it.
pub(crate) fn leave_behind(cluster: &Mariadb) {
    let sql = "CREATE DATABASE diesel_routing_test_1_0_a";
    MariaCluster::primary(cluster).admin_execute(sql).unwrap();
}
