//! Migrations in async code: a caller who stops waiting, a runtime of one thread, and Diesel's harness on a handle.

use std::pin::pin;
use std::sync::{Mutex, mpsc};

use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::MigrationHarness;
use futures_util::future::{Either, select};

use super::migrations::{PETS, instance, pets, pets_and_toys, versions};
use super::*;
use crate::steps::Steps;

#[test]
fn a_caller_who_stops_waiting_leaves_no_lock_and_no_half_migration() {
    run(async {
        let cluster = Cluster::start(1);
        let clock = ManualClock::default();
        let builder = instance(&cluster, "first").clock(clock.clone());
        let router = builder.window_only().build().await.unwrap();
        let (begun, begins) = tokio::sync::oneshot::channel();
        let begun = Mutex::new(Some(begun));
        let (release, released) = mpsc::channel();
        let released = Mutex::new(released);
        let [name, up, down] = PETS;
        let slow = Steps::new().step(name, up, down).first(move || {
            let begun = begun.lock().unwrap().take();
            begun.unwrap().send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
        });
        let slow = slow.step("2_never", "CREATE TABLE never (id INTEGER)", "");
        match select(begins, pin!(router.run_pending_migrations(slow))).await {
            Either::Left((begun, _)) => begun.unwrap(),
            Either::Right(_) => panic!("it has not been released"),
        }
        release.send(()).unwrap();

        let other = instance(&cluster, "other").build().await.unwrap();
        let patient = other.migrations().lock_timeout(Duration::from_secs(20));
        let ran = patient
            .run_pending_migrations(pets_and_toys())
            .await
            .unwrap();
        // The first ran to its end, but on SQLite, whose transaction was the caller's to close.
        let is_kept = Cluster::LOCK_EVENTS == 1;
        let expected: &[&str] = if is_kept { &["2"] } else { &["1", "2"] };
        assert_eq!(versions(&ran), expected);
        let mut conn = other.write().await.unwrap();
        let never = conn.batch_execute("DELETE FROM never").await;
        never.unwrap_err();
        // It may have written: whoever reads through that router is to see it.
        let since = std::time::Instant::now();
        loop {
            let conn = router.session().read().await.unwrap();
            if conn.route().reason == Reason::RecentWrite {
                break;
            }
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "{:?}",
                conn.route()
            );
        }
    });
}

#[test]
fn migrations_run_on_a_runtime_of_one_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let cluster = Cluster::start(0);
        let router = instance(&cluster, "app").build().await.unwrap();
        let task = tokio::spawn(async move { router.run_pending_migrations(pets()).await });
        let ran = task.await.unwrap().unwrap();
        assert_eq!(versions(&ran), ["1"]);
    });
}

#[test]
fn diesels_harness_runs_on_a_write_handle_with_the_same_record() {
    run(async {
        let cluster = Cluster::start(0);
        let router = instance(&cluster, "app").build().await.unwrap();
        let conn = router.write().await.unwrap();
        let ran = tokio::task::spawn_blocking(move || {
            let mut harness: AsyncConnectionWrapper<WriteConn> = conn.into();
            let ran = harness.run_pending_migrations(pets()).unwrap();
            versions(&ran)
        });
        assert_eq!(ran.await.unwrap(), ["1"]);
        let ran = router.run_pending_migrations(pets_and_toys()).await;
        assert_eq!(versions(&ran.unwrap()), ["2"]);
        let conn = router.write().await.unwrap();
        let has_pending = tokio::task::spawn_blocking(move || {
            let mut harness: AsyncConnectionWrapper<WriteConn> = conn.into();
            harness.has_pending_migration(pets_and_toys()).unwrap()
        });
        assert!(!has_pending.await.unwrap());
    });
}
