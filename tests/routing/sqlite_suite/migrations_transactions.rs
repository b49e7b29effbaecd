//! Transactions around migrations on SQLite, and what it cannot tell.

use diesel_routing::ConfigError;

use super::migrations::{pets, versions};
use super::*;

#[test]
fn a_migration_that_asks_for_no_transaction_gets_none() {
    run(async {
        let cluster = Cluster::start(0);
        let router = wait!(builder().primary(cluster.primary()).build()).unwrap();
        let steps = pets().step("2_vacuum", "VACUUM", "VACUUM");
        let error = wait!(router.run_pending_migrations(steps.clone())).unwrap_err();
        assert!(error.to_string().contains("VACUUM"), "{error}");
        let ran = wait!(router.run_pending_migrations(steps.outside_a_transaction()));
        assert_eq!(versions(&ran.unwrap()), ["2"]);
    });
}

#[test]
fn a_migration_that_fails_at_its_commit_is_pending_again() {
    run(async {
        let cluster = Cluster::start(0);
        let router = wait!(builder().primary(cluster.primary()).build()).unwrap();
        // Looked at as the transaction ends.
        let toys = "CREATE TABLE toys (pet INTEGER REFERENCES pets (id) DEFERRABLE INITIALLY DEFERRED); \
                    INSERT INTO toys VALUES (7)";
        let steps = pets().step("2_checks", "PRAGMA foreign_keys = ON", "");
        let steps = steps.outside_a_transaction().step("3_toys", toys, "");
        let error = wait!(router.run_pending_migrations(steps)).unwrap_err();
        assert!(error.to_string().contains("FOREIGN KEY"), "{error}");
        let applied = wait!(router.applied_migrations()).unwrap();
        assert_eq!(versions(&applied), ["2", "1"]);
    });
}

#[test]
fn replicas_are_not_waited_for_where_nothing_tells_whether_they_have_it() {
    run(async {
        let cluster = Cluster::start(1);
        let nodes = builder().primary(cluster.primary());
        let router = wait!(nodes.replica(cluster.replica(0)).build()).unwrap();
        let waiting = router
            .migrations()
            .wait_for_replicas(Duration::from_secs(1));
        let error = wait!(waiting.run_pending_migrations(pets())).unwrap_err();
        assert!(
            matches!(error, Error::Config(ConfigError::WithoutPositions)),
            "{error:?}"
        );
        assert!(wait!(router.has_pending_migration(pets())).unwrap());
        // Without replicas there is nothing to wait for.
        let router = wait!(builder().primary(cluster.primary()).build()).unwrap();
        let waiting = router
            .migrations()
            .wait_for_replicas(Duration::from_secs(1));
        let ran = wait!(waiting.run_pending_migrations(pets())).unwrap();
        assert_eq!(versions(&ran), ["1"]);
    });
}
