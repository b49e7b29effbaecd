//! A primary and a replica that stands still.

use diesel_routing::prelude::*;
use diesel_routing::sqlite::{Router, Session};
use diesel_routing::{Error, Node, Reason, TokenKeys, sync};
use diesel_routing_testkit::SqliteCluster;

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        settings { id -> Integer, theme -> Text, }
    }
}

pub(crate) use schema::settings;

pub(crate) type AsyncSqlite =
    diesel_async::sync_connection_wrapper::SyncConnectionWrapper<SqliteConnection>;
pub(crate) type AsyncEdge = diesel_routing::edge::Edge<AsyncSqlite>;

/// A primary, and a replica that shows the theme "light" whatever is written.
pub(crate) fn stale_cluster() -> SqliteCluster {
    let cluster = SqliteCluster::builder()
        .schema("CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL)")
        .schema("INSERT INTO settings VALUES (1, 'light')")
        .start()
        .expect("a cluster");
    cluster.pause(0).expect("paused");
    cluster
}

pub(crate) fn keys() -> TokenKeys {
    TokenKeys::new(1, [7; 32]).expect("keys")
}

pub(crate) fn nodes(cluster: &SqliteCluster) -> (Node, Node) {
    let replica = cluster.replica_url(0).expect("a replica");
    (
        Node::new("primary", cluster.primary_url()),
        Node::new("replica", replica),
    )
}

pub(crate) async fn router(cluster: &SqliteCluster) -> Router {
    let (primary, replica) = nodes(cluster);
    let builder = Router::builder().primary(primary).replica(replica);
    let built = builder.token_keys(keys()).build();
    built.await.expect("a router")
}

pub(crate) fn blocking_router(cluster: &SqliteCluster) -> sync::sqlite::Router {
    let (primary, replica) = nodes(cluster);
    let builder = sync::sqlite::Router::builder()
        .primary(primary)
        .replica(replica);
    builder.token_keys(keys()).build().expect("a router")
}

pub(crate) async fn set_theme(session: &Session, theme: &str) -> Result<(), Error> {
    let mut conn = session.write().await?;
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq(theme))
        .execute(&mut conn)
        .await?;
    Ok(())
}

/// The theme, and why it comes from where it comes from.
pub(crate) async fn theme(session: &Session) -> Result<(String, Reason), Error> {
    let mut conn = session.read().await?;
    let theme = settings::table.find(1).select(settings::theme);
    let theme = theme.first(&mut conn).await?;
    Ok((theme, conn.route().reason))
}
