//! Which database a router of the enum leads to, and what is refused.

use diesel_routing::sync::prelude::*;
use diesel_routing::sync::{Heartbeat, RoutedConnection};
use diesel_routing::{ConfigError, Error, Node};

use super::connection::{AnyConnection, Router};
use crate::cluster::Sqlite;

fn refused(builder: diesel_routing::sync::RouterBuilder<AnyConnection>) -> (ConfigError, String) {
    match builder.build() {
        Err(Error::Config(error)) => {
            let words = error.to_string();
            (error, words)
        }
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was built"),
    }
}

#[test]
fn an_unknown_scheme_is_told_the_known_ones() {
    let node = Node::new("db-1", "oracle://app:secret@db/app");
    let (error, words) = refused(Router::builder().primary(node));
    assert!(
        matches!(error, ConfigError::UnknownDatabase { .. }),
        "{error:?}"
    );
    for part in [
        "`db-1`",
        "`oracle`",
        "`postgres://`",
        "`mysql://`",
        "a path",
    ] {
        assert!(words.contains(part), "{words}");
    }
    assert!(!words.contains("secret"), "{words}");
    let error = AnyConnection::open("oracle://app:secret@db/app")
        .err()
        .unwrap();
    let words = error.to_string();
    assert!(
        words.contains("`oracle`") && words.contains("`mysql://`"),
        "{words}"
    );
    assert!(!words.contains("secret"), "{words}");
}

#[test]
fn nodes_of_two_kinds_are_refused_by_name() {
    let builder = Router::builder()
        .primary(Node::new("db-1", "postgres://app@127.0.0.1:1/app"))
        .replica(Node::new("db-2", "mysql://app@127.0.0.1:1/app"));
    let (error, words) = refused(builder);
    assert!(
        matches!(error, ConfigError::MixedDatabases { .. }),
        "{error:?}"
    );
    assert!(
        words.contains("`db-1` is PostgreSQL, `db-2` is MySQL or MariaDB"),
        "{words}"
    );
}

#[test]
fn a_node_of_another_kind_cannot_be_added() {
    let cluster = Sqlite::start(1);
    let builder = Router::builder().primary(cluster.primary());
    let router = builder.replica(cluster.replica(0)).build().unwrap();
    let other = Node::new("db-9", "postgres://app@127.0.0.1:1/app");
    let error = router.nodes().add(other).unwrap_err();
    let words = error.to_string();
    assert!(
        matches!(error, Error::Config(ConfigError::MixedDatabases { .. })),
        "{error:?}"
    );
    assert!(
        words.contains("`primary` is SQLite, `db-9` is PostgreSQL"),
        "{words}"
    );
    let names = router.status().nodes;
    assert_eq!(names.len(), 2);
}

#[test]
fn a_hook_that_opens_another_kind_is_refused() {
    let node = Node::new("db-1", "postgres://app@127.0.0.1:1/app");
    let builder = Router::builder().primary(node);
    let builder = builder
        .connect_with(|_| SqliteConnection::establish(":memory:").map(AnyConnection::Sqlite));
    let error = builder.build().err().unwrap();
    let words = format!("{:#}", anyhow::Error::from(error));
    assert!(
        words.contains("`db-1`") && words.contains("SQLite") && words.contains("PostgreSQL"),
        "{words}"
    );
}

#[test]
fn a_heartbeat_wants_the_connection_inside() {
    let mut conn = AnyConnection::open(":memory:").unwrap();
    let heartbeat = Heartbeat::new("beats").unwrap();
    let error = heartbeat.create(&mut conn).unwrap_err();
    assert!(
        error.to_string().contains("match on the connection"),
        "{error}"
    );
    let AnyConnection::Sqlite(conn) = &mut conn else {
        panic!("no SQLite")
    };
    heartbeat.create(conn).unwrap();
    heartbeat.beat(conn).unwrap();
    assert!(heartbeat.lag(conn).unwrap().as_secs() < 60);
}
