//! Migrations and replicas that do not have them yet, where positions show what a replica has.

use std::sync::Arc;
use std::time::Instant;

use diesel_routing::{MigrationError, MigrationRemains};

use super::migrations::{TOYS, instance, pets, pets_and_toys, versions};
use super::*;
use crate::heard::Heard;

/// What comes from a replica within an hour of a write was proved.
const HOUR: Duration = Duration::from_secs(3600);
const LIMIT: Duration = Duration::from_secs(20);

/// Reads the new table; returns whether that was on the primary, and why.
async fn count(session: &Session) -> (bool, Reason) {
    let mut conn = wait!(session.read()).unwrap();
    let count = wait!(pets::table.count().get_result::<i64>(&mut conn));
    assert_eq!(count, Ok(0), "{:?}", conn.route());
    let route = conn.route();
    (route.is_primary, route.reason)
}

#[test]
fn sessions_read_a_new_table_from_the_primary_until_the_replica_has_it() {
    run(async {
        let cluster = Cluster::start(1);
        let builder = instance(&cluster, "app").window(HOUR);
        let builder = builder.wait(Duration::from_millis(100));
        let router = wait!(builder.build()).unwrap();
        let before = router.session();
        assert!(!wait!(before.read()).unwrap().route().is_primary);
        cluster.pause(0);
        wait!(router.run_pending_migrations(pets())).unwrap();
        for session in [&before, &router.session(), &router.session()] {
            for _ in 0..3 {
                let (is_primary, reason) = count(session).await;
                assert!(is_primary, "{reason:?}");
            }
        }
        // Reads of any state are none of that.
        assert!(!wait!(router.read_eventual()).unwrap().route().is_primary);

        cluster.resume(0);
        let since = Instant::now();
        // In the end, sessions are as they were: they require nothing.
        while count(&router.session()).await != (false, Reason::NothingToCatchUp) {
            assert!(since.elapsed() < LIMIT, "the replica serves no session");
        }
        while count(&before).await.0 {
            assert!(
                since.elapsed() < LIMIT,
                "the replica does not serve the session"
            );
        }
    });
}

#[test]
fn replicas_are_waited_for_and_those_that_lack_the_migrations_are_named() {
    run(async {
        let cluster = Cluster::start(1);
        let name = format!("{}-waiting", module_path!());
        let heard = Heard::of(&name);
        let router = wait!(instance(&cluster, &name).window(HOUR).build()).unwrap();
        cluster.pause(0);
        let limit = Duration::from_millis(300);
        let migrations = router.migrations().wait_for_replicas(limit);
        let error = wait!(migrations.run_pending_migrations(pets())).unwrap_err();
        assert_eq!(error.code(), "migration_not_on_replicas", "{error}");
        let words = error.to_string();
        let Error::Migration(error) = error else {
            panic!("{error:?}");
        };
        // They have run.
        assert_eq!(versions(error.ran()), ["1"]);
        assert!(!wait!(router.has_pending_migration(pets())).unwrap());
        let MigrationError::NotOnReplicas {
            waited, missing, ..
        } = &*error
        else {
            panic!("{error:?}");
        };
        assert!(*waited >= limit, "{waited:?}");
        let [missing] = missing.as_slice() else {
            panic!("{missing:?}");
        };
        assert_eq!(missing.node, format!("{name}-replica"));
        assert!(words.contains(&missing.node), "{words}");
        let told = heard.lines("INFO replicas_lack_migrations");
        assert!(
            told.len() == 1 && told[0].contains("is behind"),
            "once, and not in every round: {told:?}"
        );

        cluster.resume(0);
        let patient = router.migrations().wait_for_replicas(LIMIT);
        let ran = wait!(patient.run_pending_migrations(pets())).unwrap();
        assert_eq!(versions(&ran), [""; 0]);
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert!(!conn.route().is_primary, "{:?}", conn.route());
        let count = wait!(pets::table.count().get_result::<i64>(&mut conn));
        assert_eq!(count, Ok(0));
    });
}

#[test]
fn a_replica_that_is_down_is_waited_for_and_named() {
    run(async {
        let cluster = Cluster::start(1);
        let name = format!("{}-down", module_path!());
        let router = wait!(instance(&cluster, &name).build()).unwrap();
        cluster.kill_replica();
        let limit = Duration::from_millis(300);
        let migrations = router.migrations().wait_for_replicas(limit);
        let error = wait!(migrations.run_pending_migrations(pets_and_toys())).unwrap_err();
        assert_eq!(error.code(), "migration_not_on_replicas", "{error}");
        assert!(error.to_string().contains("-down-replica"), "{error}");
        cluster.start_replica();
        let patient = router.migrations().wait_for_replicas(LIMIT);
        wait!(patient.run_pending_migrations(pets_and_toys())).unwrap();
    });
}

/// Between the statements of a migration and the record of it.
#[test]
fn a_primary_that_is_lost_in_the_middle_is_named_and_a_second_run_after_the_failover_finishes() {
    run(async {
        let cluster = Arc::new(Cluster::start(1));
        let name = format!("{}-lost", module_path!());
        let heard = Heard::of(&name);
        let router = wait!(instance(&cluster, &name).build()).unwrap();
        wait!(router.run_pending_migrations(pets())).unwrap();
        cluster.catch_up();
        let [toys, up, down] = TOYS;
        let dies = Arc::clone(&cluster);
        let steps = pets().step(toys, up, down);
        let steps = steps.last(move || dies.kill_primary());
        let steps = steps.step("3_more", "CREATE TABLE more (id INTEGER)", "");
        let error = wait!(router.run_pending_migrations(steps)).unwrap_err();
        assert_eq!(error.code(), "migration_failed", "{error}");
        let primary = format!("{name}-primary");
        assert_eq!(error.node(), Some(&*primary));
        let words = error.to_string();
        let Error::Migration(error) = error else {
            panic!("{error:?}");
        };
        let MigrationError::Failed {
            migration,
            remains,
            left,
            ..
        } = &*error
        else {
            panic!("{error:?}");
        };
        assert_eq!(
            (&**migration, &**left),
            ("2_toys", &["3_more".to_owned()][..])
        );
        let keeps_nothing = Cluster::REMAINS == MigrationRemains::Nothing;
        let (expected, remedy) = match keeps_nothing {
            true => (
                MigrationRemains::NothingOrAll,
                "Run again, once there is a primary",
            ),
            // The server has committed the table by itself.
            false => (
                MigrationRemains::Unknown,
                "if not, undo what it did, and run again",
            ),
        };
        assert_eq!(*remains, expected);
        for part in [
            &*primary,
            "`2_toys` failed",
            "The connection was lost",
            remedy,
            "3_more",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert_eq!(heard.lines("ERROR migration_failed").len(), 1);

        cluster.promote_replica();
        let mended = match keeps_nothing {
            // Nothing is there of it, or this would fail.
            true => pets().step(toys, up, down),
            false => pets().step(
                toys,
                "CREATE TABLE IF NOT EXISTS toys (id INTEGER PRIMARY KEY)",
                down,
            ),
        };
        let mended = mended.step("3_more", "CREATE TABLE more (id INTEGER)", "");
        let since = Instant::now();
        let ran = loop {
            match wait!(router.run_pending_migrations(mended.clone())) {
                Ok(ran) => break ran,
                // Until the router knows of the failover.
                Err(error) => assert!(
                    !matches!(error, Error::Migration(_)) && since.elapsed() < LIMIT,
                    "{error}"
                ),
            }
        };
        assert_eq!(versions(&ran), ["2", "3"]);
        let applied = wait!(router.applied_migrations()).unwrap();
        assert_eq!(versions(&applied), ["3", "2", "1"]);
    });
}

/// `diesel migration run`, by hand or in a pipeline.
#[test]
fn what_another_program_has_changed_is_required_of_all_sessions() {
    run(async {
        let cluster = Cluster::start(1);
        let router = wait!(instance(&cluster, "app").window(HOUR).build()).unwrap();
        cluster.pause(0);
        let other = wait!(instance(&cluster, "cli").build()).unwrap();
        wait!(other.run_pending_migrations(pets())).unwrap();
        let session = router.session();
        assert!(!wait!(session.read()).unwrap().route().is_primary);
        wait!(router.require_now());
        for session in [&session, &router.session()] {
            let (is_primary, reason) = count(session).await;
            // The question has been answered.
            assert!(is_primary && reason != Reason::CapturePending, "{reason:?}");
        }
    });
}
