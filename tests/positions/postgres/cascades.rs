//! Standbys of standbys.

use diesel_routing::Reason;

use super::world::{builder, set_theme, theme};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_of_a_replica_serves_by_its_own_position() {
    let cluster = cascade();
    let router = builder(&cluster).wait(LIMIT).build().await;
    let session = router.expect("a router").session();
    // It goes on to pass on what it does not replay itself.
    cluster.nodes()[1].pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    let conn = session.read().await.expect("a connection");
    let (node, reason) = (conn.route().node, conn.route().reason);
    assert_eq!((node, reason), ("standby-1", Reason::Covered));
    drop(conn);
    assert_eq!(theme(&session).await.0, "dark");

    // Nothing comes through once it is cut off.
    cluster.cut_replication(1).expect("cut");
    set_theme(&session, "darker").await;
    let (value, reason, is_primary) = theme(&session.waiting(PATIENCE)).await;
    assert_eq!((value.as_str(), is_primary), ("darker", true));
    assert_eq!(reason, Reason::NotCaughtUp);
}
