//! SQLite: a file is the database.

use diesel_routing::sync::sqlite::Router;
use diesel_routing::{ConfigError, Error, Node};

#[test]
fn on_sqlite_there_is_no_other_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let primary = Node::new("primary", path.to_str().unwrap());
    let router = Router::builder().primary(primary).build().unwrap();
    let error = router.for_database("tenant").unwrap_err();
    assert!(
        matches!(&error, Error::Config(ConfigError::OneDatabase { database }) if database == "tenant"),
        "{error:?}"
    );
    assert!(error.to_string().contains("a router for each"), "{error}");
}
