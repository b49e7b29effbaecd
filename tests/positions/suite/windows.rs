//! A window that follows the lag, on servers that tell it.

use std::time::{Duration, Instant};

use diesel_routing::{Heartbeat, ManualClock, Window, WindowStatus};

use super::world::{over, set_theme};
use super::*;

const LAG: Duration = Duration::from_secs(20);

/// Waits until the window in use is as it should be.
async fn until(router: &Router, what: &str, is_so: impl Fn(&WindowStatus) -> bool) -> WindowStatus {
    let since = Instant::now();
    loop {
        let window = router.status().window;
        if is_so(&window) {
            return window;
        }
        in_time(since, &format!("{what}: {window:?}"));
        // The watchers ask, whatever this waits for.
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_grows_while_a_replica_stands_still_and_shrinks_after_a_calm_time() {
    let cluster = cluster(1);
    let clock = ManualClock::default();
    let over_last = Duration::from_secs(300);
    let builder = over(&cluster, Router::builder()).clock(clock.clone());
    let router = builder.window(Window::measured().over(over_last));
    let router = router.build().await.expect("a router");
    let start = until(&router, "a first lag", |window| window.samples > 0).await;
    assert_eq!(start.window, Duration::from_secs(5));

    cluster.standby(0).pause_replay().expect("paused");
    let session = router.session();
    set_theme(&session, "dark").await;
    clock.advance(LAG);
    // One more, after which the primary is asked.
    set_theme(&session, "darker").await;
    let grown = until(&router, "growth", |window| window.window >= LAG).await;
    assert!(grown.largest >= Some(LAG), "{grown:?}");
    assert_eq!(grown.clamped, 0);

    cluster.standby(0).resume_replay().expect("resumed");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    let caught_up = |status: diesel_routing::Status| {
        let lags = status.nodes.iter().map(|node| node.lag);
        lags.into_iter().all(|lag| lag < Some(LAG))
    };
    let since = Instant::now();
    while !caught_up(router.status()) {
        in_time(since, "a replica that has caught up");
        tokio::task::yield_now().await;
    }
    assert!(router.status().window.window >= LAG, "calm has just begun");
    clock.advance(over_last + over_last / 10);
    let calm = until(&router, "calm", |window| window.window < LAG).await;
    assert_eq!(calm.window, Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_heartbeat_tells_how_far_a_replica_lags_that_stands_still() {
    let cluster = cluster(1);
    let router = over(&cluster, Router::builder())
        .build()
        .await
        .expect("a router");
    let heartbeat = Heartbeat::new("heartbeat").expect("a table");
    let session = router.session().untracked();
    let mut primary = session.write().await.expect("a connection");
    heartbeat.create(&mut primary).await.expect("created");
    // It is there already.
    heartbeat.create(&mut primary).await.expect("created");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    let url = cluster.standby(0).url();
    let mut replica = <Connection as diesel_async::AsyncConnection>::establish(&url)
        .await
        .expect("a connection");
    let none = heartbeat.lag(&mut replica).await;
    assert_eq!(none, Err(diesel::result::Error::NotFound), "no beat yet");

    for _ in 0..2 {
        heartbeat.beat(&mut primary).await.expect("a beat");
    }
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    let lag = heartbeat.lag(&mut replica).await.expect("a lag");
    assert!(lag < LIMIT, "{lag:?}");
    cluster.standby(0).pause_replay().expect("paused");
    heartbeat.beat(&mut primary).await.expect("a beat");
    let since = Instant::now();
    loop {
        let behind = heartbeat.lag(&mut replica).await.expect("a lag");
        let ahead = heartbeat.lag(&mut primary).await.expect("an age");
        assert!(behind > ahead, "{behind:?} {ahead:?}");
        if behind >= lag + Duration::from_millis(200) {
            break;
        }
        in_time(since, "a lag that grows");
    }
    cluster.standby(0).resume_replay().expect("resumed");
    heartbeat.beat(&mut primary).await.expect("a beat");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    let ahead = heartbeat.lag(&mut primary).await.expect("an age");
    let behind = heartbeat.lag(&mut replica).await.expect("a lag");
    assert!(
        behind < ahead + Duration::from_secs(1),
        "{behind:?} {ahead:?}"
    );
}
