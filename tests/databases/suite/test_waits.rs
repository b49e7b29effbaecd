//! Waits under a test: for replicas that have all there is.

use std::time::Instant;

use diesel_routing::{Class, Fallback, MigrationRemains};

use super::world::{count, name, rename};
use super::*;
use crate::steps::Steps;

/// A wait that a test would be ended for.
const LONG: Duration = Duration::from_secs(30);

/// Far less, and far more than what is tested takes.
const SHORT: Duration = Duration::from_secs(10);

#[test]
fn a_read_that_would_wait_for_a_replica_has_what_was_written_at_once() {
    run(async {
        let cluster = Cluster::start(0);
        let class = Class::new().fallback(Fallback::Wait(LONG));
        let builder = builder().wait(LONG).class("patient", class);
        let test = TestRouter::builder(cluster.primary_url()).router(builder);
        let test = wait!(test.build()).unwrap();
        let session = test.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let since = Instant::now();
        for session in [session.waiting(LONG), session.delayed(), session] {
            let mut conn = wait!(session.read()).unwrap();
            // As before a replica has caught up, which none has to: nothing is gained by waiting.
            assert_eq!(conn.route().reason, Reason::RecentWrite);
            assert_eq!(name(&mut conn).await, "anna");
            drop(conn);
            let mut conn = wait!(session.class("patient").read()).unwrap();
            assert_eq!(name(&mut conn).await, "anna");
        }
        // A bound on staleness is kept by a replica that is the same database.
        let session = test.session().waiting(LONG);
        let mut conn = wait!(session.read_bounded(Duration::from_millis(1))).unwrap();
        assert_eq!(
            (conn.route().node, conn.route().reason),
            ("test-replica", Reason::Bounded)
        );
        assert_eq!(name(&mut conn).await, "anna");
        drop(conn);
        assert!(since.elapsed() < SHORT, "{:?}", since.elapsed());
        wait!(test.finish()).unwrap();
    });
}

fn toys() -> Steps {
    let toys = "CREATE TABLE toys (id INTEGER PRIMARY KEY)";
    Steps::new().step("1_toys", toys, "DROP TABLE toys")
}

#[test]
fn migrations_that_wait_for_replicas_are_there_at_once() {
    run(async {
        let cluster = Cluster::start(0);
        let_make_schemas(&cluster);
        let since = Instant::now();
        let empty = TestRouter::with_schema(
            cluster.primary_url(),
            body!(|conn| { wait!(conn.batch_execute(&crate::schema::sql(KEY))) }),
        );
        let mut tests = vec![wait!(empty).unwrap()];
        // MySQL and MariaDB would commit the test's transaction.
        if Cluster::REMAINS == MigrationRemains::Nothing {
            tests.push(wait!(TestRouter::new(cluster.primary_url())).unwrap());
        }
        for test in tests {
            let migrations = test.migrations().wait_for_replicas(LONG);
            let ran = wait!(migrations.run_pending_migrations(toys())).unwrap();
            assert_eq!(ran, ["1".into()]);
            assert!(!wait!(test.has_pending_migration(toys())).unwrap());
            let mut conn = wait!(test.write()).unwrap();
            wait!(conn.batch_execute("INSERT INTO toys VALUES (1)")).unwrap();
            assert_eq!(count(&mut conn).await, 2);
            drop(conn);
            let reverted = wait!(test.revert_last_migration(toys())).unwrap();
            assert_eq!(reverted, "1".into());
            wait!(test.finish()).unwrap();
        }
        assert!(since.elapsed() < SHORT, "{:?}", since.elapsed());
        let outside = wait!(builder().primary(cluster.primary()).build()).unwrap();
        assert!(wait!(outside.has_pending_migration(toys())).unwrap());
    });
}
