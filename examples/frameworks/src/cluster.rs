//! A primary, and a replica that stands still: SQLite files of the test kit.

use anyhow::Result;
use diesel_routing::sqlite::Router;
use diesel_routing::{Node, TokenKeys};
use diesel_routing_testkit::SqliteCluster;

/// Creates a cluster whose replica shows the theme "light" whatever is written.
///
/// # Errors
///
/// Those of the file system.
pub fn stale() -> Result<SqliteCluster> {
    let cluster = SqliteCluster::builder()
        .schema("CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL)")
        .schema("INSERT INTO settings VALUES (1, 'light')")
        .start()?;
    cluster.pause(0)?;
    Ok(cluster)
}

/// Creates a router for it.
///
/// # Errors
///
/// Those of routers that are built.
pub async fn router(cluster: &SqliteCluster) -> Result<Router> {
    // Of a secret that all instances of the service have.
    router_with(cluster, TokenKeys::new(1, [7; 32])?).await
}

/// Creates a router with these keys.
///
/// # Errors
///
/// Those of routers that are built.
pub async fn router_with(cluster: &SqliteCluster, keys: TokenKeys) -> Result<Router> {
    let builder = Router::builder()
        .primary(Node::new("primary", cluster.primary_url()))
        .replica(Node::new("replica", cluster.replica_url(0)?))
        .token_keys(keys);
    Ok(builder.build().await?)
}
