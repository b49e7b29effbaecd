//! A router for one test, on a schema of its own.

use std::thread;

use super::world::{count, name, rename};
use super::*;

/// Starts a test on a schema of its own, with the usual rows.
async fn start(cluster: &Cluster) -> TestRouter {
    let test = TestRouter::with_schema(
        cluster.primary_url(),
        body!(|conn| { wait!(conn.batch_execute(&crate::schema::sql(KEY))) }),
    );
    wait!(test).unwrap()
}

#[test]
fn code_that_needs_two_connections_has_a_schema_of_its_own_which_is_dropped_also_by_a_panic() {
    let cluster = Cluster::start(0);
    let_make_schemas(&cluster);
    run(async {
        let (test, other) = (start(&cluster).await, start(&cluster).await);
        assert_eq!(schemas(&cluster).await, 2);
        let (one, another) = (test.session(), test.session());
        {
            let mut write = wait!(one.write()).unwrap();
            let mut read = wait!(another.read()).unwrap();
            assert_eq!(read.route().node, "test-replica");
            rename(&mut write, "anna").await;
            assert_eq!(name(&mut read).await, "anna", "it is committed");
            // So is what a reset connection of the pool leads to.
            wait!(write.batch_execute(CHANGES)).unwrap();
        }
        assert_eq!(count(&mut wait!(test.write()).unwrap()).await, 2);
        let mut elsewhere = wait!(other.read_eventual()).unwrap();
        assert_eq!(name(&mut elsewhere).await, "ann");
        drop(elsewhere);
        let (late, later) = (test.router().clone(), other.router().clone());
        wait!(test.finish()).unwrap();
        assert_eq!(schemas(&cluster).await, 1);
        drop(other);
        assert_eq!(schemas(&cluster).await, 0);
        // Nobody makes anything in it afterwards.
        for router in [late, later] {
            assert!(wait!(router.write()).is_err());
        }
    });

    let failed = thread::scope(|scope| {
        let failing = scope.spawn(|| {
            run(async {
                let test = start(&cluster).await;
                let _held = wait!(test.write()).unwrap();
                panic!("on purpose");
            });
        });
        failing.join()
    });
    failed.unwrap_err();
    run(async { assert_eq!(schemas(&cluster).await, 0) });
}

#[test]
fn what_killed_tests_and_failed_preparations_leave_is_removed_and_what_others_use_is_not() {
    let cluster = Cluster::start(0);
    let_make_schemas(&cluster);
    run(async {
        let test = start(&cluster).await;
        leave_behind(&cluster);
        assert_eq!(schemas(&cluster).await, 2);
        let other = start(&cluster).await;
        assert_eq!(schemas(&cluster).await, 2, "the one that was left is gone");
        assert_eq!(name(&mut wait!(test.write()).unwrap()).await, "ann");
        drop(other);

        let failed = TestRouter::with_schema(
            cluster.primary_url(),
            body!(|conn| {
                wait!(conn.batch_execute("CREATE TABLE twice (id INTEGER)"))?;
                wait!(conn.batch_execute("CREATE TABLE twice (id INTEGER)"))
            }),
        );
        let failed = wait!(failed);
        let error = failed.map(drop).unwrap_err();
        assert_eq!(error.step(), Some(Step::SetUp));
        assert!(error.to_string().contains("twice"), "{error}");
        drop(test);
        assert_eq!(schemas(&cluster).await, 0);
    });
}
