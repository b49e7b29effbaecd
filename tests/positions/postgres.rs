//! On PostgreSQL.

mod bad_input;
mod commits;
mod histories;
mod pgbouncer;
mod repository;
mod retries;
mod sync;

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

pub(crate) use diesel_routing::pg::{Router, Session};
pub(crate) use diesel_routing::prelude::*;
pub(crate) use diesel_routing_testkit::PgCluster as Cluster;
use diesel_routing_testkit::PgNode;

pub(crate) use crate::{HOUR, LIMIT, PATIENCE, SCHEMA, in_time, settings};

pub(crate) type Builder = diesel_routing::RouterBuilder<diesel_async::AsyncPgConnection>;

pub(crate) fn cluster(standbys: usize) -> Cluster {
    let cluster = Cluster::builder().standbys(standbys).start();
    let cluster = cluster.expect("a cluster");
    for sql in SCHEMA {
        cluster.primary().execute(sql).expect("a table");
    }
    cluster
        .wait_until_caught_up(LIMIT)
        .expect("standbys that follow");
    cluster
}

pub(crate) fn node(name: &str, node: &PgNode) -> diesel_routing::Node {
    diesel_routing::Node::new(name, node.url())
        .read_pool_size(4)
        .write_pool_size(4)
}

/// The URL of whatever listens on the socket in `dir`.
fn socket_url(dir: &std::path::Path) -> String {
    let host = dir.display().to_string().replace('/', "%2F");
    format!("postgresql://app@{host}:5432/app")
}
