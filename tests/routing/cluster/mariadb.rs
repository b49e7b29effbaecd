use std::ops::Deref;
use std::time::Duration;

use diesel_routing::{MigrationRemains, Node};
use diesel_routing_testkit::MariaCluster;

use crate::schema;

pub(crate) struct Mariadb(MariaCluster);

impl Mariadb {
    /// A word on who has the lock for migrations, and the number of events that tell of a wait for it.
    pub(crate) const LOCK_HOLDER: &str = "connection ";
    pub(crate) const LOCK_EVENTS: usize = 1;
    /// The parts that are kept of a migration that fails.
    pub(crate) const REMAINS: MigrationRemains = MigrationRemains::WithoutTransactions;

    /// Takes a few tenths of a second.
    pub(crate) const SLOW: &str = "SELECT SLEEP(0.3)";

    pub(crate) fn start(replicas: usize) -> Self {
        let cluster = MariaCluster::builder().replicas(replicas).start().unwrap();
        let key = "INTEGER AUTO_INCREMENT PRIMARY KEY";
        cluster.primary().execute(&schema::sql(key)).unwrap();
        let this = Self(cluster);
        this.catch_up();
        this
    }

    /// Creates a function and a procedure that rename user 1, and a function that only reads.
    pub(crate) fn create_functions(&self) {
        let primary = self.0.primary();
        for sql in [
            "CREATE FUNCTION app.put_name(who VARCHAR(100)) RETURNS INT DETERMINISTIC MODIFIES SQL DATA
                BEGIN UPDATE app.users SET name = who WHERE id = 1; RETURN 1; END",
            "CREATE FUNCTION app.twice(n INT) RETURNS INT DETERMINISTIC NO SQL RETURN 2 * n",
            "CREATE PROCEDURE app.rename_first(who VARCHAR(100)) UPDATE app.users SET name = who WHERE id = 1",
        ] {
            primary.admin_execute(sql).unwrap();
        }
        self.catch_up();
    }

    pub(crate) fn primary(&self) -> Node {
        Node::new("primary", self.primary_url())
    }

    pub(crate) fn primary_url(&self) -> String {
        self.0.primary().url()
    }

    /// The URL of the first replica.
    pub(crate) fn replica_url(&self) -> String {
        self.0.replica(0).url()
    }

    pub(crate) fn replica(&self, index: usize) -> Node {
        Node::new(format!("replica-{index}"), self.0.replica(index).url())
    }

    pub(crate) fn replicas(&self) -> usize {
        self.0.replicas().len()
    }

    /// The name of such servers in traces.
    pub(crate) const SYSTEM: &str = "mariadb";

    pub(crate) fn kill_primary(&self) {
        self.0.primary().kill().unwrap();
    }

    pub(crate) fn kill_replica(&self) {
        self.0.replica(0).kill().unwrap();
    }

    pub(crate) fn start_replica(&self) {
        self.0.replica(0).start().unwrap();
    }

    pub(crate) fn freeze_replica(&self) {
        self.0.replica(0).freeze().unwrap();
    }

    pub(crate) fn thaw_replica(&self) {
        self.0.replica(0).thaw().unwrap();
    }

    pub(crate) fn promote_replica(&self) {
        self.0.replica(0).promote().unwrap();
    }

    /// The replica keeps its rows until it is resumed.
    pub(crate) fn pause(&self, index: usize) {
        self.0.replica(index).pause_replay().unwrap();
    }

    pub(crate) fn resume(&self, index: usize) {
        self.0.replica(index).resume_replay().unwrap();
    }

    pub(crate) fn catch_up(&self) {
        self.0
            .wait_until_caught_up(Duration::from_secs(20))
            .unwrap();
    }

    /// What a write gets on a read-only connection.
    pub(crate) fn assert_read_only(error: &diesel::result::Error) {
        use diesel::result::DatabaseErrorKind::ReadOnlyTransaction;
        use diesel::result::Error::DatabaseError;
        assert!(
            matches!(error, DatabaseError(ReadOnlyTransaction, _))
                || error.to_string().contains("READ ONLY transaction"),
            "{error:?}"
        );
    }
}

/// What only MariaDB can do.
impl Deref for Mariadb {
    type Target = MariaCluster;

    fn deref(&self) -> &MariaCluster {
        &self.0
    }
}
