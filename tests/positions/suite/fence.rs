//! What a session is told to require: by a position from elsewhere, or everything until now.

use std::time::{Duration, Instant};

use diesel_routing::{PositionError, Reason, TokenKeys};

use super::world::{builder, in_session, router, theme, until_a_replica_serves};
use super::*;
use crate::counts::Counter;

/// Writes as another service does, which knows no router.
fn elsewhere(cluster: &Cluster, theme: &str) {
    let sql = format!("UPDATE settings SET theme = '{theme}'");
    cluster.primary().execute(&sql).expect("a write");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_from_elsewhere_is_read_from_the_primary_until_a_replica_has_it() {
    let cluster = cluster(1);
    let router = in_session(&cluster).await;
    cluster.standby(0).pause_replay().expect("paused");
    elsewhere(&cluster, "dark");
    let session = router.session();
    assert_eq!(theme(&router.session()).await.0, "light");
    session.require(position(&cluster)).expect("a position");
    for _ in 0..5 {
        let (value, reason, is_primary) = theme(&session).await;
        assert_eq!((value.as_str(), is_primary), ("dark", true), "{reason}");
    }
    cluster.standby(0).resume_replay().expect("resumed");
    let (value, reason, _) = until_a_replica_serves(&session).await;
    assert_eq!((value.as_str(), reason), ("dark", Reason::Covered));
    // One that every replica has costs nothing.
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    let session = router.session();
    session.require(position(&cluster)).expect("a position");
    until_a_replica_serves(&session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_until_now_is_read_from_the_primary_until_a_replica_has_it() {
    let cluster = cluster(1);
    let router = in_session(&cluster).await;
    cluster.standby(0).pause_replay().expect("paused");
    elsewhere(&cluster, "dark");
    let session = router.session();
    session.require_now().await;
    for _ in 0..5 {
        let (value, reason, is_primary) = theme(&session).await;
        assert_eq!((value.as_str(), is_primary), ("dark", true), "{reason}");
        // The question has been answered.
        assert_ne!(reason, Reason::CapturePending);
    }
    // What comes later is not required.
    cluster.standby(0).resume_replay().expect("resumed");
    let (value, reason, _) = until_a_replica_serves(&session).await;
    assert_eq!((value.as_str(), reason), ("dark", Reason::Covered));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_required_travels_in_the_sessions_token() {
    let cluster = cluster(1);
    let keys = TokenKeys::new(1, [7; 32]).expect("keys");
    let router = builder(&cluster).token_keys(keys).build().await;
    let router = router.expect("a router");
    cluster.standby(0).pause_replay().expect("paused");
    elsewhere(&cluster, "dark");
    let session = router.session();
    session.require(position(&cluster)).expect("a position");
    let token = session.token().await.expect("a token");
    let (value, _, is_primary) = theme(&router.resume(token.as_str())).await;
    assert_eq!((value.as_str(), is_primary), ("dark", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_no_position_of_the_cluster_changes_nothing() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    let session = router.session();
    for text in [OTHER_KIND, "", "what?", "0-1", "NULL"] {
        let error = session.require(text).expect_err("no position");
        assert!(matches!(error, PositionError::Invalid { .. }), "{error}");
        assert!(error.to_string().contains("is no position of"), "{error}");
    }
    let (_, reason, is_primary) = theme(&session).await;
    assert_eq!((reason, is_primary), (Reason::NothingToCatchUp, false));
}

/// Nobody could ever have it: reads would go to the primary for good.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_past_the_primary_is_lowered_to_the_primarys() {
    let cluster = cluster(1);
    let router = in_session(&cluster).await;
    let session = router.session();
    let future = future(&position(&cluster));
    session.require(&future).expect("a position");
    let (value, reason, _) = until_a_replica_serves(&session).await;
    assert_eq!((value.as_str(), reason), ("light", Reason::Covered));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_ask_for_now_share_a_question() {
    const SESSIONS: usize = 60;
    let cluster = cluster(0);
    let proxy = cluster.primary().proxy().expect("a proxy");
    let primary = diesel_routing::Node::new("primary", proxy.url());
    let router = Router::builder().primary(primary).build().await;
    let router = router.expect("a router");
    let counter = Counter::of(vec![proxy.clone()]);
    proxy.set_delay(Duration::from_millis(20));
    router.session().require_now().await;
    let before = counter.total();
    let since = Instant::now();
    let asked = (0..SESSIONS).map(|_| {
        let session = router.session();
        tokio::spawn(async move { session.require_now().await })
    });
    for asked in asked.collect::<Vec<_>>() {
        asked.await.expect("no panic");
    }
    in_time(since, "an answer to all");
    let questions = counter.total() - before;
    assert!(
        (1..=4).contains(&questions),
        "{questions} round trips for {SESSIONS} sessions"
    );
}
