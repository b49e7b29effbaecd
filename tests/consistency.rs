//! Where the calls of `#[consistency]` functions run, on an SQLite cluster whose replica stands still: it
//! shows the old state, the primary the new one.

#[path = "consistency/asynchronous.rs"]
mod asynchronous;
#[path = "consistency/blocking.rs"]
mod blocking;
#[path = "consistency/errors.rs"]
mod errors;

use std::fmt;
use std::sync::{Arc, Mutex};

use diesel_routing::Node;
use diesel_routing_testkit::SqliteCluster;
use tracing::field::Field;

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

/// The functions and levels in the lines of the query log.
#[derive(Debug, Clone, Default)]
struct Lines(Arc<Mutex<Vec<(String, String)>>>);

impl Lines {
    fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "diesel_routing::query"
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = (String::new(), String::new());
        event.record(&mut |field: &Field, value: &dyn fmt::Debug| {
            let part = match field.name() {
                "code.function.name" => &mut line.0,
                "db.routing.level" => &mut line.1,
                _ => return,
            };
            *part = format!("{value:?}").replace('"', "");
        });
        self.0.lock().expect("no panic").push(line);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
