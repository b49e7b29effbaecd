//! What one call may ask for: a bound, a wait, another level, no mark.

use std::time::{Duration, Instant};

use diesel_routing::{Health, Level, PoolKind, Reason};

use super::world::{router, set_theme};
use super::*;

async fn route(session: &Session) -> (bool, Reason) {
    let conn = session.read().await.expect("a connection");
    (conn.route().is_primary, conn.route().reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_read_leaves_a_replica_that_falls_behind_the_bound() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    let bound = Duration::from_secs(2);
    let conn = session.read_bounded(bound).await.expect("a connection");
    assert_eq!(conn.route().reason, Reason::Bounded);
    drop(conn);
    cluster.standby(0).pause_replay().expect("paused");
    let since = Instant::now();
    loop {
        // An idle primary is no lag: something must be written that the replica lacks.
        set_theme(&session, "dark").await;
        let conn = session.read_bounded(bound).await.expect("a connection");
        if conn.route().is_primary {
            assert_eq!(conn.route().reason, Reason::TooStale);
            // Its lag counts from the last answer before it was paused.
            assert!(since.elapsed() >= bound / 2, "{:?}", since.elapsed());
            break;
        }
        in_time(since, "a read from the primary");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_may_wait_gets_the_replica_that_catches_up_in_time() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    // A reader who has seen nothing at the primary: its own write is all it needs.
    let waiting = session.waiting(LIMIT);
    let read = tokio::spawn(async move { route(&waiting).await });
    let since = Instant::now();
    while !read.is_finished() {
        cluster.standby(0).resume_replay().expect("resumed");
        in_time(since, "the end of the wait");
        tokio::task::yield_now().await;
    }
    assert_eq!(read.await.expect("a route"), (false, Reason::Covered));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_ends_in_vain_ends_at_the_primary() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    let wait = Duration::from_millis(300);
    let since = Instant::now();
    let (primary, reason) = route(&session.waiting(wait)).await;
    assert!(primary && reason == Reason::NotCaughtUp, "{reason}");
    assert!(since.elapsed() >= wait);
    // A job waits for a second, and its session is the same.
    let since = Instant::now();
    assert!(route(&session.delayed()).await.0);
    assert!(since.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn untracked_writes_leave_no_mark() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session.untracked(), "dark").await;
    assert_eq!(route(&session).await, (false, Reason::NothingToCatchUp));
    // The same session, tracked, does.
    set_theme(&session, "darker").await;
    assert!(route(&session).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_strengthens_all_reads_and_weakens_those_that_leave_the_level_to_it() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    assert_eq!(route(&session).await, (false, Reason::NothingToCatchUp));
    let strong = session.at_level(Level::Strong);
    assert_eq!(route(&strong).await, (true, Reason::Strong));
    let bound = Duration::from_secs(3600);
    for conn in [
        strong.read_default().await.expect("a connection"),
        strong.read_eventual().await.expect("a connection"),
        strong.read_bounded(bound).await.expect("a connection"),
    ] {
        assert_eq!(conn.route().reason, Reason::Strong);
    }
    // Levels add up.
    let both = strong.at_level(Level::Eventual);
    assert_eq!(route(&both).await, (true, Reason::Strong));
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    assert!(route(&session).await.0);
    let eventual = session.at_level(Level::Eventual);
    // Caught up, or not given.
    assert!(route(&eventual).await.0);
    let mut conn = session.read_default().await.expect("a connection");
    assert!(conn.route().is_primary);
    drop(conn);
    conn = eventual.read_default().await.expect("a connection");
    assert_eq!(conn.route().reason, Reason::Eventual);
    let old: String = settings::table
        .find(1)
        .select(settings::theme)
        .first(&mut conn)
        .await
        .expect("a row");
    assert_eq!(old, "light");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_replicas_of_the_callers_zone_serve_it_while_they_can() {
    let cluster = cluster(2);
    let router = Router::builder()
        .zone("here")
        .check_after_idle(Duration::ZERO)
        .primary(node("primary", cluster.primary()).zone("here"))
        .replica(node("near", cluster.standby(0)).zone("here"))
        .replica(node("far", cluster.standby(1)).zone("there"))
        .build()
        .await
        .expect("a router");
    for _ in 0..20 {
        let conn = router.read_eventual().await.expect("a connection");
        assert_eq!(conn.route().node, "near");
    }
    cluster.standby(0).kill().expect("killed");
    for _ in 0..20 {
        let conn = router.read_eventual().await.expect("a connection");
        assert_eq!(conn.route().node, "far");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_what_each_node_does_and_why_it_does_not() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    let conn = router.read_eventual().await.expect("a connection");
    let status = router.status();
    let [primary, standby] = &status.nodes[..] else {
        panic!("{status:?}")
    };
    assert!(primary.is_primary && !standby.is_primary);
    assert_eq!((primary.handles, standby.handles), (0, 1));
    assert_eq!((standby.health, &standby.problem), (Health::Up, &None));
    assert!(standby.lag.is_some() && standby.position.is_some());
    let read = standby.pools[0];
    assert_eq!(
        (read.pool, read.max_size, read.open, read.idle),
        (PoolKind::Read, 4, 1, 0)
    );
    drop(conn);

    cluster.standby(0).kill().expect("killed");
    let since = Instant::now();
    loop {
        let standby = &router.status().nodes[1];
        if standby.health == Health::Down {
            assert!(standby.problem.is_some(), "{standby:?}");
            break;
        }
        in_time(since, "the news of the standby's end");
        tokio::task::yield_now().await;
    }
}
