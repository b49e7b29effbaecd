//! What the async suites share.

use std::time::Instant;

use diesel_routing::{Error, Reason};

use super::*;

/// A router over a cluster. The window is an hour, so whatever comes from a replica after a write was proved.
pub(crate) fn builder(cluster: &Cluster) -> Builder {
    over(cluster, Router::builder())
}

/// A builder with the nodes of a cluster.
pub(crate) fn over(cluster: &Cluster, builder: Builder) -> Builder {
    let builder = builder
        .window(HOUR)
        .primary(node("primary", cluster.primary()));
    let standbys = cluster.standbys().iter().enumerate();
    standbys.fold(builder, |builder, (index, standby)| {
        builder.replica(node(&format!("standby-{index}"), standby))
    })
}

/// One whose sessions wait for a proof, as one that reads without a pause must to leave the primary.
pub(crate) async fn in_session(cluster: &Cluster) -> Router {
    let builder = builder(cluster).wait(PATIENCE);
    builder.build().await.expect("a router")
}

/// One whose sessions do not wait.
pub(crate) async fn router(cluster: &Cluster) -> Router {
    builder(cluster).build().await.expect("a router")
}

pub(crate) async fn try_set_theme(session: &Session, theme: &str) -> Result<(), Error> {
    let mut conn = session.write().await?;
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq(theme))
        .execute(&mut conn)
        .await?;
    Ok(())
}

pub(crate) async fn set_theme(session: &Session, theme: &str) {
    try_set_theme(session, theme).await.expect("a write");
}

/// The theme, the reason, and whether it came from the primary.
pub(crate) async fn theme(session: &Session) -> (String, Reason, bool) {
    let mut conn = session.read().await.expect("a connection");
    let theme = settings::table.find(1).select(settings::theme);
    let theme = theme.first(&mut conn).await.expect("a row");
    let route = conn.route();
    (theme, route.reason, route.is_primary)
}

pub(crate) async fn until_a_replica_serves(session: &Session) -> (String, Reason, bool) {
    let since = Instant::now();
    loop {
        let read = theme(session).await;
        if !read.2 {
            return read;
        }
        in_time(since, "a read from a replica");
    }
}
