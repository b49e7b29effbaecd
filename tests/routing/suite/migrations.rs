//! Migrations that a router runs: in order, once, by one instance at a time, and what is said of one that fails.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use diesel_routing::{MigrationError, MigrationRemains};

use super::*;
use crate::heard::Heard;
use crate::steps::Steps;

diesel::table! {
    pets {
        id -> Integer,
    }
}

pub(crate) const PETS: [&str; 3] = [
    "1_pets",
    "CREATE TABLE pets (id INTEGER PRIMARY KEY)",
    "DROP TABLE pets",
];

pub(crate) const TOYS: [&str; 3] = [
    "2_toys",
    "CREATE TABLE toys (id INTEGER PRIMARY KEY)",
    "DROP TABLE toys",
];

pub(crate) fn pets() -> Steps {
    let [name, up, down] = PETS;
    Steps::new().step(name, up, down)
}

pub(crate) fn pets_and_toys() -> Steps {
    let [name, up, down] = TOYS;
    pets().step(name, up, down)
}

/// An instance of the application, whose nodes have names of their own.
pub(crate) fn instance(cluster: &Cluster, name: &str) -> Builder {
    let node = |node: &str, url: &str| {
        Node::new(format!("{name}-{node}"), url)
            .read_pool_size(3)
            .write_pool_size(2)
            .checkout_timeout(Duration::from_secs(10))
    };
    let url = &*cluster.primary_url().to_owned();
    let primary = builder().primary(node("primary", url));
    match cluster.replicas() {
        0 => primary,
        _ => {
            let url = &*cluster.replica_url().to_owned();
            primary.replica(node("replica", url))
        }
    }
}

pub(crate) fn versions(ran: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    ran.iter().map(ToString::to_string).collect()
}

async fn has(router: &Router, table: &str) -> bool {
    let mut conn = wait!(router.write()).unwrap();
    let delete = format!("DELETE FROM {table}");
    let deleted = wait!(conn.batch_execute(&delete));
    deleted.is_ok()
}

#[test]
fn migrations_run_once_and_in_order_and_are_reverted_from_the_last_one_on() {
    run(async {
        let cluster = Cluster::start(0);
        let name = format!("{}-once", module_path!());
        let heard = Heard::of(&name);
        let router = wait!(instance(&cluster, &name).build()).unwrap();
        // Nothing is written by asking.
        assert!(wait!(router.has_pending_migration(pets())).unwrap());
        assert!(!has(&router, "__diesel_schema_migrations").await);

        let ran = wait!(router.run_next_migration(pets_and_toys())).unwrap();
        assert_eq!(ran, Some("1".into()));
        let pending = wait!(router.pending_migrations(pets_and_toys())).unwrap();
        let pending: Vec<_> = pending.iter().map(|step| step.name().to_string()).collect();
        assert_eq!(pending, ["2_toys"]);
        let ran = wait!(router.run_pending_migrations(pets_and_toys())).unwrap();
        assert_eq!(versions(&ran), ["2"]);
        let ran = wait!(router.run_pending_migrations(pets_and_toys())).unwrap();
        assert_eq!(versions(&ran), [""; 0]);
        assert!(!wait!(router.has_pending_migration(pets_and_toys())).unwrap());
        let applied = wait!(router.applied_migrations()).unwrap();
        assert_eq!(versions(&applied), ["2", "1"]);
        assert!(has(&router, "pets").await && has(&router, "toys").await);

        // A release that does not know the last one reverts nothing.
        let error = wait!(router.revert_last_migration(pets())).unwrap_err();
        assert_eq!(error.code(), "migration_unknown_version");
        assert!(error.to_string().contains("is 2, which"), "{error}");
        let reverted = wait!(router.revert_last_migration(pets_and_toys())).unwrap();
        assert_eq!(reverted, "2".into());
        assert!(!has(&router, "toys").await);
        let reverted = wait!(router.revert_all_migrations(pets_and_toys())).unwrap();
        assert_eq!(versions(&reverted), ["1"]);
        assert!(!has(&router, "pets").await);
        let error = wait!(router.revert_last_migration(pets())).unwrap_err();
        assert_eq!(error.code(), "migration_nothing_to_revert");
        for told in ["INFO migration_ran", "INFO migration_reverted"] {
            let lines = heard.lines(told);
            assert_eq!(lines.len(), 2, "{told}: {lines:?}");
        }
    });
}

/// A rolling start of two instances.
#[test]
fn two_instances_at_once_run_each_migration_once() {
    let cluster = &Cluster::start(0);
    let together = &Barrier::new(2);
    let inside = Arc::new(AtomicU32::new(0));
    let instance = |name: &'static str| {
        let inside = Arc::clone(&inside);
        let alone = move || {
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "both run");
            // As long as a change of a table takes.
            thread::sleep(Duration::from_millis(50));
            inside.fetch_sub(1, Ordering::SeqCst);
        };
        let [first, up, down] = PETS;
        let steps = Steps::new().step(first, up, down).first(alone.clone());
        let [second, up, down] = TOYS;
        let steps = steps.step(second, up, down).first(alone);
        move || {
            let mut ran = Vec::new();
            run(async {
                let router = wait!(instance(cluster, name).build()).unwrap();
                together.wait();
                ran = versions(&wait!(router.run_pending_migrations(steps)).unwrap());
                // Whoever ran them.
                assert!(!wait!(router.has_pending_migration(pets_and_toys())).unwrap());
            });
            ran
        }
    };
    let mut ran = thread::scope(|scope| {
        let [one, other] = ["a", "another"].map(|name| scope.spawn(instance(name)));
        [one.join().unwrap(), other.join().unwrap()].concat()
    });
    ran.sort();
    assert_eq!(ran, ["1", "2"]);
}

#[test]
fn an_instance_that_waits_too_long_is_told_who_runs_migrations() {
    let cluster = &Cluster::start(0);
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let released = std::sync::Mutex::new(released);
    let slow = pets().first(move || {
        begun.send(()).unwrap();
        released.lock().unwrap().recv().unwrap();
    });
    thread::scope(|scope| {
        let first = scope.spawn(move || {
            run(async {
                let router = wait!(instance(cluster, "first").build()).unwrap();
                let ran = wait!(router.run_pending_migrations(slow)).unwrap();
                assert_eq!(versions(&ran), ["1"]);
            });
        });
        begins.recv().unwrap();
        run(async {
            let name = format!("{}-second", module_path!());
            let heard = Heard::of(&name);
            let router = wait!(instance(cluster, &name).build()).unwrap();
            let impatient = router.migrations().lock_timeout(Duration::from_millis(200));
            let error = wait!(impatient.run_pending_migrations(pets())).unwrap_err();
            assert_eq!(error.code(), "migration_locked", "{error}");
            let primary = format!("{name}-primary");
            assert_eq!(error.node(), Some(&*primary));
            let Error::Migration(error) = error else {
                panic!("{error:?}");
            };
            let MigrationError::Locked { waited, holder, .. } = &*error else {
                panic!("{error:?}");
            };
            assert!(*waited >= Duration::from_millis(200), "{waited:?}");
            assert!(holder.contains(Cluster::LOCK_HOLDER), "{holder}");
            let told = heard.lines("INFO migration_waits");
            assert_eq!(told.len(), Cluster::LOCK_EVENTS, "{told:?}");
            // What asks without the lock does not wait.
            assert!(wait!(router.has_pending_migration(pets())).unwrap());

            release.send(()).unwrap();
            let ran = wait!(router.run_pending_migrations(pets())).unwrap();
            assert_eq!(versions(&ran), [""; 0]);
            assert!(has(&router, "pets").await);
        });
        first.join().unwrap();
    });
}

#[test]
fn a_migration_that_fails_says_which_where_and_what_is_left() {
    run(async {
        let cluster = Cluster::start(0);
        let name = format!("{}-failing", module_path!());
        let heard = Heard::of(&name);
        let router = wait!(instance(&cluster, &name).build()).unwrap();
        let twice = "CREATE TABLE toys (id INTEGER PRIMARY KEY); CREATE TABLE toys (id INTEGER)";
        let steps = pets().step("2_toys", twice, "").step("3_more", "", "");
        let error = wait!(router.run_pending_migrations(steps)).unwrap_err();
        assert_eq!(error.code(), "migration_failed", "{error}");
        let words = error.to_string();
        let Error::Migration(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(versions(error.ran()), ["1"]);
        let MigrationError::Failed {
            node,
            migration,
            version,
            remains,
            left,
            reverts: false,
            ..
        } = &*error
        else {
            panic!("{error:?}");
        };
        assert_eq!(*node, format!("{name}-primary"));
        assert_eq!(&**migration, "2_toys");
        assert_eq!(*version, "2".into());
        assert_eq!(**left, ["3_more"]);
        assert_eq!(*remains, Cluster::REMAINS);
        assert!(
            words.contains("already exists") && words.contains("3_more"),
            "{words}"
        );
        assert_eq!(heard.lines("ERROR migration_failed").len(), 1);
        assert_eq!(heard.lines("INFO migration_ran").len(), 1);
        // As it says.
        let is_kept = *remains != MigrationRemains::Nothing;
        assert_eq!(has(&router, "toys").await, is_kept);

        // The lock is free, and what is mended runs.
        let mended = pets().step("2_toys", "CREATE TABLE IF NOT EXISTS toys (id INTEGER)", "");
        let other = wait!(instance(&cluster, "other").build()).unwrap();
        let other = other.migrations().lock_timeout(Duration::from_secs(5));
        let ran = wait!(other.run_pending_migrations(mended)).unwrap();
        assert_eq!(versions(&ran), ["2"]);
    });
}

#[test]
fn a_migration_outside_a_transaction_says_that_what_it_did_is_kept() {
    run(async {
        let cluster = Cluster::start(0);
        let router = wait!(instance(&cluster, "app").build()).unwrap();
        let steps = pets().step("2_no", "CREATE TABLE pets (id INTEGER)", "");
        let steps = steps.outside_a_transaction();
        let error = wait!(router.run_pending_migrations(steps)).unwrap_err();
        let words = error.to_string();
        assert!(
            words.contains("run again; or do the rest by hand"),
            "{words}"
        );
        assert!(words.contains("__diesel_schema_migrations"), "{words}");
    });
}

#[test]
fn a_migration_that_panics_leaves_no_lock() {
    let cluster = &Cluster::start(0);
    thread::scope(|scope| {
        let panics = scope.spawn(|| {
            run(async {
                let router = wait!(instance(cluster, "first").build()).unwrap();
                let steps = pets().first(|| panic!("a bug in a migration"));
                let _ = wait!(router.run_pending_migrations(steps));
            });
        });
        panics.join().unwrap_err();
    });
    run(async {
        let router = wait!(instance(cluster, "second").build()).unwrap();
        let patient = router.migrations().lock_timeout(Duration::from_secs(20));
        let ran = wait!(patient.run_pending_migrations(pets())).unwrap();
        assert_eq!(versions(&ran), ["1"]);
    });
}

#[test]
fn what_cannot_be_read_is_an_error_of_the_source() {
    struct Missing;

    impl<DB: diesel::backend::Backend> diesel::migration::MigrationSource<DB> for Missing {
        fn migrations(
            &self,
        ) -> diesel::migration::Result<Vec<Box<dyn diesel::migration::Migration<DB>>>> {
            Err("no such directory".into())
        }
    }

    run(async {
        let cluster = Cluster::start(0);
        let router = wait!(instance(&cluster, "app").build()).unwrap();
        let error = wait!(router.run_pending_migrations(Missing)).unwrap_err();
        assert_eq!(error.code(), "migration_unreadable");
        assert!(error.to_string().contains("no such directory"), "{error}");
        let error = wait!(router.has_pending_migration(Missing)).unwrap_err();
        assert_eq!(error.code(), "migration_unreadable");
    });
}

#[test]
fn sessions_count_as_having_written_what_was_migrated() {
    run(async {
        let cluster = Cluster::start(1);
        let clock = ManualClock::default();
        let builder = instance(&cluster, "app").clock(clock.clone()).window_only();
        let router = wait!(builder.build()).unwrap();
        let before = router.session();
        assert!(!wait!(before.read()).unwrap().route().is_primary);
        cluster.pause(0);
        wait!(router.run_pending_migrations(pets())).unwrap();
        for session in [before, router.session()] {
            let mut conn = wait!(session.read()).unwrap();
            assert_eq!(conn.route().reason, Reason::RecentWrite);
            let count = wait!(pets::table.count().get_result::<i64>(&mut conn));
            assert_eq!(count, Ok(0));
        }
        // Where there are no positions, for the window.
        clock.advance(Duration::from_secs(60));
        let session = router.session();
        assert!(!wait!(session.read()).unwrap().route().is_primary);
        // One that had nothing to run needs what others ran.
        wait!(router.run_pending_migrations(pets())).unwrap();
        let conn = wait!(session.read()).unwrap();
        assert_eq!(conn.route().reason, Reason::RecentWrite);
    });
}

#[test]
fn each_migration_counts_once_it_has_run_while_the_next_one_does() {
    let cluster = &Cluster::start(1);
    let (gives, given) = mpsc::channel();
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let released = std::sync::Mutex::new(released);
    let steps = pets_and_toys().first(move || {
        begun.send(()).unwrap();
        released.lock().unwrap().recv().unwrap();
    });
    thread::scope(|scope| {
        scope.spawn(move || {
            run(async {
                let builder = instance(cluster, "app").clock(ManualClock::default());
                let router = wait!(builder.window_only().build()).unwrap();
                let before = wait!(router.session().read()).unwrap().route().is_primary;
                assert!(!before);
                gives.send(router.clone()).unwrap();
                wait!(router.run_pending_migrations(steps)).unwrap();
            });
        });
        // With `release`, whose end lets the other one go, also if this fails.
        run(async move {
            let router = given.recv().unwrap();
            begins.recv().unwrap();
            let conn = wait!(router.session().read()).unwrap();
            assert_eq!(conn.route().reason, Reason::RecentWrite);
            drop(conn);
            release.send(()).unwrap();
        });
    });
}
