//! What a session wrote and saw, whatever happens to the replicas.

use std::time::{Duration, Instant};

use diesel_routing::Reason;

use super::world::{in_session, over, set_theme, theme, try_set_theme, until_a_replica_serves};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_read_from_the_primary_until_a_replica_has_replayed_it_then_from_that_replica() {
    let cluster = cluster(2);
    let router = in_session(&cluster).await;
    let session = router.session();
    let (_, reason, primary) = theme(&session).await;
    assert_eq!((reason, primary), (Reason::NothingToCatchUp, false));

    for standby in cluster.standbys() {
        standby.pause_replay().expect("paused");
    }
    set_theme(&session, "dark").await;
    for _ in 0..10 {
        let (value, reason, primary) = theme(&session).await;
        assert_eq!(value, "dark");
        assert!(
            primary && [Reason::CapturePending, Reason::NotCaughtUp].contains(&reason),
            "{reason}"
        );
    }
    // Another session wrote nothing.
    let other = router.session();
    let (value, reason, primary) = theme(&other).await;
    assert_eq!(
        (value.as_str(), reason, primary),
        ("light", Reason::NothingToCatchUp, false)
    );

    // One replica catches up: that one serves the session, the other never.
    cluster.standby(1).resume_replay().expect("resumed");
    let (value, reason, _) = until_a_replica_serves(&session).await;
    assert_eq!((value.as_str(), reason), ("dark", Reason::Covered));
    for _ in 0..10 {
        let conn = session.read().await.expect("a connection");
        assert_ne!(conn.route().node, "standby-0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deadpools_connections_are_proved_as_bb8s_are() {
    let cluster = cluster(1);
    let router = over(&cluster, Router::deadpool_builder()).wait(PATIENCE);
    let session = router.build().await.expect("a router").session();
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    let (value, _, primary) = theme(&session).await;
    assert_eq!((value.as_str(), primary), ("dark", true));
    cluster.standby(0).resume_replay().expect("resumed");
    let (value, reason, _) = until_a_replica_serves(&session).await;
    assert_eq!((value.as_str(), reason), ("dark", Reason::Covered));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_seen_a_row_never_misses_it_later() {
    let cluster = cluster(2);
    let router = in_session(&cluster).await;
    let writer = router.session();
    let reader = router.session();
    let mut last = 0_i64;
    for round in 1..=40_i64 {
        cluster
            .standby((round % 2) as usize)
            .pause_replay()
            .expect("paused");
        set_theme(&writer, &round.to_string()).await;
        for _ in 0..5 {
            let seen = theme(&reader).await.0.parse().unwrap_or(0);
            assert!(seen >= last, "saw {last}, then {seen}");
            last = seen;
        }
        cluster
            .standby((round % 2) as usize)
            .resume_replay()
            .expect("resumed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_promotion_writes_go_to_the_new_primary() {
    let cluster = cluster(2);
    let router = in_session(&cluster).await;
    let session = router.session();
    set_theme(&session, "before").await;
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    cluster.primary().kill().expect("killed");
    cluster.standby(0).promote().expect("promoted");
    let since = Instant::now();
    while try_set_theme(&session, "after").await.is_err() {
        in_time(since, "a write to the new primary");
    }
    let conn = session.write().await.expect("a connection");
    assert_eq!(conn.route().node, "standby-0");
    drop(conn);
    let (value, _, _) = theme(&session).await;
    assert_eq!(value, "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_primary_gets_nothing_while_two_nodes_take_writes() {
    let cluster = cluster(2);
    let router = in_session(&cluster).await;
    let session = router.session();
    set_theme(&session, "before").await;
    let promoted = cluster.split_brain(1).expect("split brain");
    // GTIDs tell the newer history by what was written on it.
    promoted
        .execute("INSERT INTO settings VALUES (2, 'new')")
        .expect("a write");
    let promoted = promoted.name().to_owned();
    let since = Instant::now();
    loop {
        if session
            .write()
            .await
            .is_ok_and(|conn| conn.route().node == "standby-0")
        {
            break;
        }
        in_time(since, &format!("a write to {promoted}"));
    }
    for _ in 0..20 {
        let conn = router.read_eventual().await.expect("a connection");
        assert_ne!(
            conn.route().node,
            "primary",
            "the old primary serves nothing"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_is_cut_off_is_seen_to_fall_behind_and_an_idle_primary_is_not_lag() {
    let cluster = cluster(1);
    let router = Router::builder()
        .max_lag(Duration::from_secs(2))
        .primary(node("primary", cluster.primary()))
        .replica(node("standby-0", cluster.standby(0)))
        .build()
        .await
        .expect("a router");
    // Idle for longer than the limit, the standby still serves.
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(3) {
        let conn = router.read_eventual().await.expect("a connection");
        assert_eq!(conn.route().reason, Reason::Eventual);
        drop(conn);
        tokio::task::yield_now().await;
    }
    cluster.cut_replication(1).expect("cut");
    let since = Instant::now();
    let session = router.session();
    loop {
        set_theme(&session, "new").await;
        let conn = router.read_eventual().await.expect("a connection");
        if conn.route().reason == Reason::Fallback {
            assert!(conn.route().is_primary);
            break;
        }
        drop(conn);
        in_time(since, "a fall-back to the primary");
    }
}

/// The read failed with the primary's error at once: nobody asked the replica, which had what the session wrote.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_a_replica_can_prove_needs_no_primary() {
    let cluster = cluster(1);
    // Nobody asks unless a read or a token wants to know.
    let keys = diesel_routing::TokenKeys::new(1, [7; 32]).expect("keys");
    // A connection of the primary that has ended is noticed before it is lent, on a busy machine too.
    let builder = over(&cluster, Router::builder())
        .watch_interval(HOUR)
        .max_lag(2 * HOUR)
        .check_after_idle(Duration::ZERO)
        .token_keys(keys);
    let router = builder.build().await.expect("a router");
    let session = router.session();
    set_theme(&session, "dark").await;
    // By now the position of the write is known, and what the replica has is not.
    drop(session.token().await.expect("a token"));
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    cluster.primary().kill().expect("killed");
    let (value, reason, primary) = theme(&session).await;
    assert_eq!(
        (value.as_str(), reason, primary),
        ("dark", Reason::Covered, false)
    );
}
