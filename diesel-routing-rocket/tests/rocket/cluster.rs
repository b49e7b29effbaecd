//! A primary and a replica that shows the theme "light" whatever is written.

use diesel_routing::sqlite::{ReadConn, Router, WriteConn};
use diesel_routing::{CaughtUp, Error, Node, TokenKeys, consistency, prelude::*, sync};
use diesel_routing_testkit::SqliteCluster;

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        settings { id -> Integer, theme -> Text, }
    }
}
pub(crate) use schema::settings;

pub(crate) fn stale_cluster() -> SqliteCluster {
    let cluster = SqliteCluster::builder()
        .schema("CREATE TABLE settings (id INTEGER PRIMARY KEY, theme TEXT NOT NULL)")
        .schema("INSERT INTO settings VALUES (1, 'light')")
        .start()
        .expect("a cluster");
    cluster.pause(0).expect("paused");
    cluster
}

fn keys() -> TokenKeys {
    TokenKeys::new(1, [7; 32]).expect("keys")
}

fn nodes(cluster: &SqliteCluster) -> (Node, Node) {
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

#[consistency(session)]
pub(crate) async fn theme(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
    let theme = settings::table.find(1).select(settings::theme);
    Ok(theme.first(conn).await?)
}

#[consistency(write)]
pub(crate) async fn set_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
    let setting = diesel::update(settings::table.find(1));
    setting.set(settings::theme.eq(theme)).execute(conn).await?;
    Ok(())
}
