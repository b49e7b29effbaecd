//! What the blocking suites share.

use diesel_routing::Reason;

use super::*;

/// A router over a primary and a standby, whose sessions wait for a proof. The window is an hour, so whatever comes from the standby
/// after a write was proved.
pub(crate) fn in_session(cluster: &Cluster) -> Router {
    Router::builder()
        .window(HOUR)
        .wait(PATIENCE)
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .expect("a router")
}

/// The theme, the reason, and whether it came from the primary.
pub(crate) fn theme(session: &Session) -> (String, Reason, bool) {
    let mut conn = session.read().expect("a connection");
    let theme = settings::table.find(1).select(settings::theme);
    let theme = theme.first(&mut conn).expect("a row");
    let route = conn.route();
    (theme, route.reason, route.is_primary)
}

pub(crate) fn set_theme(session: &Session, theme: &str) {
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq(theme))
        .execute(&mut session.write().expect("a connection"))
        .expect("a write");
}
