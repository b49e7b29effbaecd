//! The metrics that routers record, as Prometheus gets them, and what stands in `docs/observability/` about them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod asynchronous;
mod blocking;
mod docs;
mod postgres;
mod prometheus;
mod queries;

use diesel_routing::{Node, Tag};
use diesel_routing_testkit::SqliteCluster;

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        users { id -> Integer, }
    }
}

fn cluster() -> SqliteCluster {
    let cluster = SqliteCluster::builder()
        .schema("CREATE TABLE users (id INTEGER PRIMARY KEY)")
        .start();
    cluster.unwrap()
}

/// A primary, and a replica without its tag.
fn nodes(cluster: &SqliteCluster) -> (Node, Node) {
    let primary = Node::new("primary", cluster.primary_url());
    (
        primary.tag("reports").read_pool_size(2).write_pool_size(1),
        Node::new("replica", cluster.replica_url(0).unwrap()).read_pool_size(3),
    )
}

/// What only the primary has a tag for.
fn reports() -> Tag {
    Tag::new("reports").or_primary()
}
