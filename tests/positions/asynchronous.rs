use std::time::Instant;

use diesel_routing::pg::{Router, Session};
use diesel_routing::prelude::*;
use diesel_routing::testkit::PgCluster;
use diesel_routing::{Error, Reason};

use super::{HOUR, PATIENCE, cluster, in_time, node, settings};

async fn router(cluster: &PgCluster) -> Router {
    let mut builder = Router::builder()
        .window(HOUR)
        .wait(PATIENCE)
        .primary(node("primary", cluster.primary()));
    for (index, standby) in cluster.standbys().iter().enumerate() {
        builder = builder.replica(node(&format!("standby-{index}"), standby));
    }
    builder.build().await.expect("a router")
}

async fn set_theme(session: &Session, theme: &str) -> Result<(), Error> {
    let mut conn = session.write().await?;
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq(theme))
        .execute(&mut conn)
        .await?;
    Ok(())
}

/// The theme, the reason, and whether it came from the primary.
async fn theme(session: &Session) -> (String, Reason, bool) {
    let mut conn = session.read().await.expect("a connection");
    let theme = settings::table
        .find(1)
        .select(settings::theme)
        .first(&mut conn)
        .await
        .expect("a row");
    let route = conn.route();
    (theme, route.reason, route.is_primary)
}

async fn until_a_replica_serves(session: &Session) -> (String, Reason, bool) {
    let since = Instant::now();
    loop {
        let read = theme(session).await;
        if !read.2 {
            return read;
        }
        in_time(since, "a read from a replica");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_read_from_the_primary_until_a_replica_has_replayed_it_then_from_that_replica() {
    let cluster = cluster(2);
    let router = router(&cluster).await;
    let session = router.session();
    let (_, reason, primary) = theme(&session).await;
    assert_eq!((reason, primary), (Reason::NothingToCatchUp, false));

    for standby in cluster.standbys() {
        standby.pause_replay().expect("paused");
    }
    set_theme(&session, "dark").await.expect("a write");
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
async fn a_returning_write_is_captured_exactly_too() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    let session = router.session();
    let id: i32 = {
        let mut conn = session.write().await.expect("a connection");
        diesel::insert_into(settings::table)
            .values((settings::id.eq(2), settings::theme.eq("dark")))
            .returning(settings::id)
            .get_result(&mut conn)
            .await
            .expect("a row")
    };
    assert_eq!(id, 2);
    assert_eq!(until_a_replica_serves(&session).await.1, Reason::Covered);
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_are_not_flushed_yet_are_covered() {
    let cluster = cluster(1);
    cluster
        .primary()
        .set("synchronous_commit", "off")
        .expect("set");
    let router = router(&cluster).await;
    for round in 0..30 {
        let session = router.session();
        let theme_now = format!("theme {round}");
        set_theme(&session, &theme_now).await.expect("a write");
        let since = Instant::now();
        loop {
            let (value, _, primary) = theme(&session).await;
            assert_eq!(value, theme_now);
            if !primary {
                break;
            }
            in_time(since, "a read from a replica");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_wait_for_their_replay_are_read_from_the_replica_at_once() {
    let cluster = cluster(1);
    let primary = cluster.primary();
    primary.set("synchronous_standby_names", "*").expect("set");
    primary
        .set("synchronous_commit", "remote_apply")
        .expect("set");
    let router = router(&cluster).await;
    for round in 0..10 {
        let session = router.session();
        let theme_now = format!("theme {round}");
        set_theme(&session, &theme_now).await.expect("a write");
        // All that is waited for is the news of it.
        let (value, reason, primary) = theme(&session.waiting(super::LIMIT)).await;
        assert_eq!(
            (value, primary, reason),
            (theme_now, false, Reason::Covered)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deadpools_connections_are_proved_as_bb8s_are() {
    let cluster = cluster(1);
    let router = Router::deadpool_builder()
        .window(HOUR)
        .wait(PATIENCE)
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)));
    let session = router.build().await.expect("a router").session();
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await.expect("a write");
    let (value, _, primary) = theme(&session).await;
    assert_eq!((value.as_str(), primary), ("dark", true));
    cluster.standby(0).resume_replay().expect("resumed");
    let (value, reason, _) = until_a_replica_serves(&session).await;
    assert_eq!((value.as_str(), reason), ("dark", Reason::Covered));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_seen_a_row_never_misses_it_later() {
    let cluster = cluster(2);
    let router = router(&cluster).await;
    let writer = router.session();
    let reader = router.session();
    let mut last = 0_i64;
    for round in 1..=40_i64 {
        cluster
            .standby((round % 2) as usize)
            .pause_replay()
            .expect("paused");
        set_theme(&writer, &round.to_string())
            .await
            .expect("a write");
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
    let router = router(&cluster).await;
    let session = router.session();
    set_theme(&session, "before").await.expect("a write");
    cluster
        .wait_until_caught_up(super::LIMIT)
        .expect("caught up");
    cluster.primary().kill().expect("killed");
    cluster.standby(0).promote().expect("promoted");
    let since = Instant::now();
    while set_theme(&session, "after").await.is_err() {
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
    let router = router(&cluster).await;
    let session = router.session();
    set_theme(&session, "before").await.expect("a write");
    let promoted = cluster
        .split_brain(1)
        .expect("split brain")
        .name()
        .to_owned();
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
        .max_lag(std::time::Duration::from_secs(2))
        .primary(node("primary", cluster.primary()))
        .replica(node("standby-0", cluster.standby(0)))
        .build()
        .await
        .expect("a router");
    // Idle for longer than the limit, the standby still serves.
    let since = Instant::now();
    while since.elapsed() < std::time::Duration::from_secs(3) {
        let conn = router.read_eventual().await.expect("a connection");
        assert_eq!(conn.route().reason, Reason::Eventual);
        drop(conn);
        tokio::task::yield_now().await;
    }
    cluster.cut_replication(1).expect("cut");
    let since = Instant::now();
    let session = router.session();
    loop {
        set_theme(&session, "new").await.expect("a write");
        let conn = router.read_eventual().await.expect("a connection");
        if conn.route().reason == Reason::Fallback {
            assert!(conn.route().is_primary);
            break;
        }
        drop(conn);
        in_time(since, "a fall-back to the primary");
    }
}
