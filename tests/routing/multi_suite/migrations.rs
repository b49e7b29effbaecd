//! Migrations of one program for several databases.

use std::sync::Barrier;
use std::thread;

use diesel_routing::{Error, MigrationError};

use super::Cluster;
use super::world::World;
use crate::multi::connection::Router;
use crate::steps::Steps;

fn steps() -> Steps {
    Steps::new()
        .step(
            "1_pets",
            "CREATE TABLE pets (id INTEGER PRIMARY KEY)",
            "DROP TABLE pets",
        )
        .step(
            "2_toys",
            "CREATE TABLE toys (id INTEGER PRIMARY KEY)",
            "DROP TABLE toys",
        )
}

#[test]
fn migrations_run_and_are_reverted_and_one_that_fails_says_what_this_database_keeps_of_it() {
    let world = World::start();
    let router = &world.router;
    assert!(router.has_pending_migration(steps()).unwrap());
    let ran = router.run_pending_migrations(steps()).unwrap();
    assert_eq!(ran, ["1".into(), "2".into()]);
    assert_eq!(
        router.applied_migrations().unwrap(),
        ["2".into(), "1".into()]
    );
    assert_eq!(router.revert_last_migration(steps()).unwrap(), "2".into());

    let twice = "CREATE TABLE toys (id INTEGER); CREATE TABLE toys (id INTEGER)";
    let failing = Steps::new().step("2_toys", twice, "");
    let error = router.run_pending_migrations(failing).unwrap_err();
    let Error::Migration(error) = error else {
        panic!("{error:?}");
    };
    let MigrationError::Failed { remains, .. } = &*error else {
        panic!("{error:?}");
    };
    assert_eq!(*remains, Cluster::REMAINS);
}

#[test]
fn two_instances_at_once_run_each_migration_once() {
    let cluster = &Cluster::start(0);
    let together = &Barrier::new(2);
    let instance = || {
        let router = Router::builder()
            .primary(cluster.primary())
            .build()
            .unwrap();
        together.wait();
        router.run_pending_migrations(steps()).unwrap()
    };
    let mut ran = thread::scope(|scope| {
        let [one, other] = [scope.spawn(instance), scope.spawn(instance)];
        let mut ran = one.join().unwrap();
        ran.extend(other.join().unwrap());
        ran
    });
    ran.sort();
    assert_eq!(ran, ["1".into(), "2".into()]);
}
