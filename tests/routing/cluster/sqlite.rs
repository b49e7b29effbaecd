use std::time::Duration;

use diesel_routing::Node;
use diesel_routing::testkit::SqliteCluster;

use crate::schema;

pub(crate) struct Sqlite(SqliteCluster);

impl Sqlite {
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
        Node::new("primary", self.0.primary_url())
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
