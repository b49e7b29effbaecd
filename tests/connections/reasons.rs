//! Errors of connecting keep the operating system's reason.

use std::net::TcpListener;

use diesel_routing::{Error, Node, Step};

/// Returns the address of a port on which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// The words of a node's error.
fn reason(error: &Error) -> String {
    assert_eq!(
        (error.node(), error.step(), error.code()),
        (Some("db-1"), Some(Step::Connect), "no_connection")
    );
    error.to_string()
}

macro_rules! build {
    ($backend:ident, $url:expr) => {
        diesel_routing::$backend::Router::builder()
            .primary(Node::new("db-1", $url))
            .build()
            .await
            .map(drop)
            .unwrap_err()
    };
    (sync, $backend:ident, $url:expr) => {
        diesel_routing::sync::$backend::Router::builder()
            .primary(Node::new("db-1", $url))
            .build()
            .map(drop)
            .unwrap_err()
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_connection_says_so_with_every_driver() {
    let address = nobody();
    let (pg, mysql) = (
        format!("postgres://app@{address}/app"),
        format!("mysql://app@{address}/app"),
    );
    let errors = [
        ("tokio-postgres", build!(pg, &pg)),
        ("libpq", build!(sync, pg, &pg)),
        ("mysql_async", build!(mysql, &mysql)),
    ];
    for (driver, error) in errors {
        let words = reason(&error);
        assert!(
            words.to_lowercase().contains("connection refused"),
            "{driver}: {words}"
        );
        assert_eq!(words.matches("refused").count(), 1, "{driver}: {words}");
    }
    // MariaDB's library keeps the reason to itself; MySQL's has its number.
    let words = reason(&build!(sync, mysql, &mysql));
    assert!(words.contains("Can't connect to"), "{words}");
    assert!(!words.contains("in progress"), "{words}");
}
