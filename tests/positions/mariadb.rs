//! On MariaDB.

mod bad_input;
mod failover;
mod given_up;
mod locks;
mod pools;
mod sync;
mod waits;

#[path = "suite/flavours.rs"]
mod flavours;
#[path = "suite/retries.rs"]
mod reading;
#[path = "suite/sessions.rs"]
mod sessions;
#[path = "suite/tokens.rs"]
mod tokens;
#[path = "suite/views.rs"]
mod views;
#[path = "suite/world.rs"]
mod world;

pub(crate) use diesel_routing::mysql::{Router, Session};
pub(crate) use diesel_routing::prelude::*;
pub(crate) use diesel_routing_testkit::MariaCluster as Cluster;
use diesel_routing_testkit::MariaNode;

pub(crate) use crate::{HOUR, LIMIT, PATIENCE, SCHEMA, in_time, settings};

pub(crate) type Builder = diesel_routing::RouterBuilder<diesel_async::AsyncMysqlConnection>;

/// The names that suites use for replicas.
pub(crate) trait Standbys {
    fn standby(&self, index: usize) -> &MariaNode;
    fn standbys(&self) -> &[MariaNode];
}

impl Standbys for Cluster {
    fn standby(&self, index: usize) -> &MariaNode {
        self.replica(index)
    }

    fn standbys(&self) -> &[MariaNode] {
        self.replicas()
    }
}

pub(crate) fn cluster(replicas: usize) -> Cluster {
    let cluster = Cluster::builder().replicas(replicas).start();
    let cluster = cluster.expect("a cluster");
    for sql in SCHEMA {
        cluster.primary().execute(sql).expect("a table");
    }
    cluster
        .wait_until_caught_up(LIMIT)
        .expect("replicas that follow");
    cluster
}

pub(crate) fn node(name: &str, node: &MariaNode) -> diesel_routing::Node {
    diesel_routing::Node::new(name, node.url())
        .read_pool_size(4)
        .write_pool_size(4)
}
