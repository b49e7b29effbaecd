//! Lag that a function of the application's tells, where servers do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use diesel_routing::WindowStatus;

use super::world::{World, rename};
use super::*;

/// What the function tells, in milliseconds.
type Told = Arc<AtomicU64>;

/// The value for which the function fails.
const UNKNOWN: u64 = u64::MAX;

async fn world(told: &Told) -> World {
    let told = Arc::clone(told);
    World::with(1, |builder| {
        builder
            .watch_interval(Duration::from_millis(10))
            .lag_with(tells!(told, |node| {
                assert_eq!(node, "replica-0", "the primary does not lag");
                match AtomicU64::load(&told, Ordering::Relaxed) {
                    UNKNOWN => Err("nobody knows".into()),
                    millis => Ok(Duration::from_millis(millis)),
                }
            }))
    })
    .await
}

/// Waits until the window is as it should be.
fn until(world: &World, is_so: impl Fn(&WindowStatus) -> bool) -> WindowStatus {
    let since = Instant::now();
    loop {
        let window = world.router.status().window;
        if is_so(&window) {
            return window;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{window:?}");
        std::thread::yield_now();
    }
}

#[test]
fn the_window_follows_the_lag_that_a_function_tells() {
    run(async {
        let told = Told::default();
        let world = world(&told).await;
        until(&world, |window| window.samples > 0);
        let session = world.router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        told.store(8_000, Ordering::Relaxed);
        let grown = until(&world, |window| {
            window.largest >= Some(Duration::from_secs(8))
        });
        assert!(grown.window >= Duration::from_secs(8), "{grown:?}");
        // Past the window that it was, and not the one that it is.
        world.clock.advance(Duration::from_secs(6));
        let conn = wait!(session.read()).unwrap();
        assert_eq!(conn.route().reason, Reason::RecentWrite);
    });
}

#[test]
fn a_replica_whose_lag_is_told_serves_bounded_reads_and_nothing_past_the_limit() {
    run(async {
        let told = Told::default();
        let world = world(&told).await;
        until(&world, |window| window.samples > 0);
        let session = world.router.session();
        let bound = Duration::from_secs(2);
        let conn = wait!(session.read_bounded(bound)).unwrap();
        assert_eq!(conn.route().to_string(), "replica-0 (bounded)");
        drop(conn);
        let lag = |world: &World| world.router.status().nodes[1].lag;
        told.store(70_000, Ordering::Relaxed);
        let since = Instant::now();
        while lag(&world) < Some(Duration::from_secs(70)) {
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "{:?}",
                lag(&world)
            );
            std::thread::yield_now();
        }
        let conn = wait!(session.read_bounded(bound)).unwrap();
        assert_eq!(conn.route().reason, Reason::TooStale);
        drop(conn);
        let conn = wait!(session.read_eventual()).unwrap();
        assert_eq!(conn.route().reason, Reason::Fallback);
        // What serves nothing does not count.
        assert!(world.router.status().window.largest < Some(Duration::from_secs(60)));
    });
}

#[test]
fn a_replica_that_is_known_to_lag_more_than_the_window_serves_no_session() {
    run(async {
        let told = Told::default();
        let told_too = Arc::clone(&told);
        let world = World::with(1, |builder| {
            builder
                .watch_interval(Duration::from_millis(10))
                .window(Duration::from_secs(5))
                .lag_with(tells!(told_too, |_node| {
                    let millis = AtomicU64::load(&told_too, Ordering::Relaxed);
                    Ok(Duration::from_millis(millis))
                }))
        })
        .await;
        told.store(6_000, Ordering::Relaxed);
        let since = Instant::now();
        while world.router.status().nodes[1].lag < Some(Duration::from_secs(6)) {
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::yield_now();
        }
        let session = world.router.session();
        let conn = wait!(session.read()).unwrap();
        assert_eq!(conn.route().reason, Reason::Fallback);
        drop(conn);
        let conn = wait!(session.read_eventual()).unwrap();
        assert_eq!(conn.route().to_string(), "replica-0 (eventual)");
    });
}

#[test]
fn while_the_function_fails_a_replica_counts_as_ever_further_behind() {
    run(async {
        let told = Told::default();
        let world = world(&told).await;
        until(&world, |window| window.samples > 0);
        told.store(UNKNOWN, Ordering::Relaxed);
        // What was under way may still tell.
        let mut samples = world.router.status().window.samples;
        let since = Instant::now();
        loop {
            std::thread::sleep(Duration::from_millis(50));
            let now = world.router.status().window.samples;
            if std::mem::replace(&mut samples, now) == now {
                break;
            }
            assert!(since.elapsed() < Duration::from_secs(20));
        }
        world.clock.advance(Duration::from_secs(61));
        let conn = wait!(world.router.session().read_eventual()).unwrap();
        assert_eq!(conn.route().reason, Reason::Fallback);
        drop(conn);
        told.store(0, Ordering::Relaxed);
        until(&world, |window| window.samples > samples);
        let conn = wait!(world.router.session().read_eventual()).unwrap();
        assert_eq!(conn.route().to_string(), "replica-0 (eventual)");
    });
}
