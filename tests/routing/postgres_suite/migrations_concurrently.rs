//! Migrations on PostgreSQL: `CREATE INDEX CONCURRENTLY`, which waits for every snapshot in the database, also for one of somebody who waits
//! for the lock; and connections that are lost.

use std::thread;

use diesel_routing::{MigrationError, MigrationRemains};

use super::migrations::{PETS, instance, versions};
use super::*;
use crate::heard::Heard;
use crate::steps::Steps;

#[test]
fn an_index_is_created_concurrently_while_another_instance_waits() {
    let cluster = &Cluster::start(0);
    let name = format!("{}-second", module_path!());
    let (begun, begins) = std::sync::mpsc::channel();
    let heard = Heard::of(&name);
    let steps = move || {
        let [pets, up, down] = PETS;
        let index = "CREATE INDEX CONCURRENTLY pets_by_id ON pets (id)";
        let steps = Steps::new().step(pets, up, down);
        let index = ["2_index", index, "DROP INDEX CONCURRENTLY pets_by_id"];
        (steps, index)
    };
    thread::scope(|scope| {
        let first = scope.spawn(move || {
            let (steps, [name, up, down]) = steps();
            let steps = steps.first(move || {
                begun.send(()).unwrap();
                // The second one waits from here on.
                heard.first("INFO migration_waits");
            });
            let steps = steps.step(name, up, down).outside_a_transaction();
            run(async {
                let router = wait!(instance(cluster, "first").build()).unwrap();
                let ran = wait!(router.run_pending_migrations(steps)).unwrap();
                assert_eq!(versions(&ran), ["1", "2"]);
            });
        });
        begins.recv().unwrap();
        let (steps, [index, up, down]) = steps();
        let steps = steps.step(index, up, down).outside_a_transaction();
        run(async {
            let router = wait!(instance(cluster, &name).build()).unwrap();
            let ran = wait!(router.run_pending_migrations(steps.clone())).unwrap();
            assert_eq!(versions(&ran), [""; 0]);
            let reverted = wait!(router.revert_last_migration(steps)).unwrap();
            assert_eq!(reverted, "2".into());
        });
        first.join().unwrap();
    });
}

#[test]
fn a_migration_whose_connection_is_lost_is_there_as_a_whole_or_not_at_all() {
    run(async {
        let cluster = Cluster::start(0);
        let router = wait!(instance(&cluster, "app").build()).unwrap();
        let [pets, up, _] = PETS;
        let steps = Steps::new().step(pets, up, "");
        let steps = steps.step(
            "2_lost",
            "SELECT pg_terminate_backend(pg_backend_pid())",
            "",
        );
        let error = wait!(router.run_pending_migrations(steps)).unwrap_err();
        let Error::Migration(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(versions(error.ran()), ["1"]);
        let MigrationError::Failed { remains, .. } = &*error else {
            panic!("{error:?}");
        };
        assert_eq!(*remains, MigrationRemains::NothingOrAll);
    });
}
