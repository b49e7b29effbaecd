use std::time::Duration;

use diesel_routing::{MigrationRemains, Node};
use diesel_routing_testkit::SqliteCluster;

use crate::schema;

pub(crate) struct Sqlite(SqliteCluster);

impl Sqlite {
    /// A word on who has the lock for migrations, and the number of events that tell of a wait for it.
    pub(crate) const LOCK_HOLDER: &str = "writes to the file";
    pub(crate) const LOCK_EVENTS: usize = 0;
    /// The parts that are kept of a migration that fails.
    pub(crate) const REMAINS: MigrationRemains = MigrationRemains::Nothing;

    /// A URL that nobody answers.
    pub(crate) const UNREACHABLE: &str = "/there/is/no/such/directory/db.sqlite";
    /// Takes a few tenths of a second.
    pub(crate) const SLOW: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600000) \
         SELECT count(*) FROM n";
    /// The first bind parameter of raw SQL.
    pub(crate) const PLACEHOLDER: &str = "?";

    pub(crate) fn start(replicas: usize) -> Self {
        let cluster = SqliteCluster::builder()
            .replicas(replicas)
            .schema(&schema::sql("INTEGER PRIMARY KEY"))
            .start()
            .unwrap();
        let this = Self(cluster);
        this.catch_up();
        this
    }

    pub(crate) fn primary(&self) -> Node {
        self.primary_as("primary")
    }

    pub(crate) fn primary_as(&self, name: &str) -> Node {
        Node::new(name, self.0.primary_url())
    }

    /// Makes a connection one that writes.
    pub(crate) const READ_WRITE: &str = "PRAGMA query_only = 0";

    /// What a write gets on a read-only connection. Diesel has no kind for it on SQLite.
    pub(crate) fn assert_read_only(error: &diesel::result::Error) {
        assert!(error.to_string().contains("readonly database"), "{error:?}");
    }

    pub(crate) fn primary_url(&self) -> &str {
        self.0.primary_url()
    }

    /// The URL of the first replica.
    pub(crate) fn replica_url(&self) -> &str {
        self.0.replica_url(0).unwrap()
    }

    pub(crate) fn replica(&self, index: usize) -> Node {
        Node::new(
            format!("replica-{index}"),
            self.0.replica_url(index).unwrap(),
        )
    }

    pub(crate) fn replicas(&self) -> usize {
        self.0.replica_urls().len()
    }

    /// The replica keeps its rows until it is resumed.
    pub(crate) fn pause(&self, index: usize) {
        self.0.pause(index).unwrap();
    }

    pub(crate) fn resume(&self, index: usize) {
        self.0.resume(index).unwrap();
    }

    pub(crate) fn catch_up(&self) {
        self.0
            .wait_until_caught_up(Duration::from_secs(20))
            .unwrap();
    }
}
