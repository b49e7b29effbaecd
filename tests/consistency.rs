//! Where the calls of `#[consistency]` functions run, on an SQLite cluster whose replica stands still: it
//! shows the old state, the primary the new one.

#[path = "consistency/asynchronous.rs"]
mod asynchronous;
#[path = "consistency/blocking.rs"]
mod blocking;
#[path = "consistency/errors.rs"]
mod errors;

use diesel_routing::Node;
use diesel_routing_testkit::SqliteCluster;

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        users { id -> Integer, locale -> Text, }
    }
}

/// A replica that has `en`, and stays so.
fn cluster() -> SqliteCluster {
    let cluster = SqliteCluster::builder()
        .schema("CREATE TABLE users (id INTEGER PRIMARY KEY, locale TEXT NOT NULL)")
        .schema("INSERT INTO users VALUES (1, 'en')")
        .start()
        .expect("a cluster");
    cluster.pause(0).expect("paused");
    cluster
}

fn nodes(cluster: &SqliteCluster) -> (Node, Node) {
    (
        Node::new("primary", cluster.primary_url()).read_pool_size(2),
        Node::new("replica", cluster.replica_url(0).expect("a replica")).read_pool_size(2),
    )
}
