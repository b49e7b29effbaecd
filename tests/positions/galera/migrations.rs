//! Migrations on a cluster whose nodes all take writes, and have locks of their own.

use std::sync::{Arc, Barrier};
use std::thread;

use diesel_routing::sync::mysql::Router;
use diesel_routing::{Error, MigrationError};
use diesel_routing_testkit::GaleraCluster;

use super::{cluster, node};
use crate::steps::Steps;

/// A router that writes to one of the nodes.
fn writes_to(cluster: &GaleraCluster, index: usize) -> Router {
    let primary = node(index, cluster.node(index));
    Router::builder()
        .primary(primary)
        .build()
        .expect("a router")
}

fn pets() -> Steps {
    let pets = "CREATE TABLE pets (id INTEGER PRIMARY KEY)";
    Steps::new().step("1_pets", pets, "DROP TABLE pets")
}

/// Runs the same migration on two routers that both have found it pending.
fn at_once(
    routers: [&Router; 2],
    steps: impl Fn(&Arc<Barrier>) -> Steps,
) -> [Result<usize, Error>; 2] {
    let both = Arc::new(Barrier::new(2));
    thread::scope(|scope| {
        let runs = routers.map(|router| {
            let steps = steps(&both);
            scope.spawn(move || router.run_pending_migrations(steps).map(|ran| ran.len()))
        });
        runs.map(|run| run.join().expect("no panic"))
    })
}

#[test]
fn instances_that_write_to_one_node_take_turns_and_with_two_one_fails_and_nothing_is_recorded_twice()
 {
    let cluster = cluster(2);
    let (first, second) = (writes_to(&cluster, 0), writes_to(&cluster, 1));
    let same = writes_to(&cluster, 0);
    let ran = at_once([&first, &same], |_| pets());
    let ran: Vec<usize> = ran.into_iter().map(|ran| ran.expect("it ran")).collect();
    assert_eq!(ran.iter().sum::<usize>(), 1);

    // Each node has its own lock: both are inside at once, or they would wait here for ever.
    let ran = at_once([&first, &second], |both| {
        let both = Arc::clone(both);
        let toys = "CREATE TABLE toys (id INTEGER PRIMARY KEY)";
        let steps = pets().step("2_toys", toys, "DROP TABLE toys");
        steps.first(move || {
            both.wait();
        })
    });
    let (done, failed): (Vec<_>, Vec<_>) = ran.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), failed.len()), (1, 1), "{failed:?}");
    let Some(Err(Error::Migration(error))) = failed.into_iter().next() else {
        panic!("no error of a migration");
    };
    assert!(
        matches!(&*error, MigrationError::Failed { .. }),
        "{error:?}"
    );
    let applied = first.applied_migrations().expect("applied");
    assert_eq!(applied, ["2".into(), "1".into()]);
}
