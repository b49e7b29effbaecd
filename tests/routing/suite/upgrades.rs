//! From a replica's connection to one that sees what the session wrote.

use super::world::{World, name, nodes, rename};
use super::*;

#[test]
fn a_session_that_never_wrote_keeps_the_replica_it_has() {
    run(async {
        // With one connection per pool, a second one could not be had: it is the same connection.
        let world = World::sized(1, 1, |builder| builder).await;
        let session = world.router.session();
        let conn = wait!(session.read_eventual()).unwrap();
        assert_eq!(conn.route().reason, Reason::Eventual);
        let mut conn = wait!(conn.upgrade(&session)).unwrap();
        assert_eq!(conn.route().to_string(), "replica-0 (nothing_to_catch_up)");
        assert_eq!(name(&mut conn).await, "ann");
    });
}

#[test]
fn after_a_write_an_upgrade_goes_to_the_primary_and_gives_the_replica_back() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        world.cluster.pause(0);
        let session = world.router.session();
        let mut replica = wait!(session.read_eventual()).unwrap();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        assert_eq!(name(&mut replica).await, "ann");

        let mut conn = wait!(replica.upgrade(&session)).unwrap();
        assert_eq!(conn.route().to_string(), "primary (recent_write)");
        assert_eq!(name(&mut conn).await, "anna");
        drop(wait!(session.read_eventual()).expect("the replica's one connection is back"));
    });
}

#[test]
fn an_upgrade_asks_the_session_it_is_given() {
    run(async {
        let world = World::start(1).await;
        let (writer, reader) = (world.router.session(), world.router.session());
        rename(&mut wait!(writer.write()).unwrap(), "anna").await;
        let conn = wait!(wait!(reader.read_eventual()).unwrap().upgrade(&writer)).unwrap();
        assert!(conn.route().is_primary);
        let conn = wait!(wait!(writer.read_eventual()).unwrap().upgrade(&reader)).unwrap();
        assert!(!conn.route().is_primary);
    });
}

#[test]
fn without_replicas_an_upgrade_stays_on_the_primary() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let session = world.router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let conn = wait!(session.read_eventual()).unwrap();
        let mut conn = wait!(conn.upgrade(&session)).unwrap();
        assert!(conn.route().is_primary);
        assert_eq!(name(&mut conn).await, "anna");
    });
}

// Node indices and clocks of two routers have nothing to do with each other.
#[test]
fn an_upgrade_never_keeps_a_connection_of_another_router() {
    run(async {
        let ours = World::start(1).await;
        let theirs = World::start(0).await;
        rename(
            &mut wait!(theirs.router.write()).unwrap(),
            "someone else's ann",
        )
        .await;
        for wrote in [false, true] {
            let session = ours.router.session();
            if wrote {
                rename(&mut wait!(session.write()).unwrap(), "ann").await;
            }
            let foreign = wait!(theirs.router.read_eventual()).unwrap();
            let mut conn = wait!(foreign.upgrade(&session)).unwrap();
            assert_eq!(name(&mut conn).await, "ann", "after a write: {wrote}");
        }
    });
}

#[test]
fn a_clone_of_the_router_is_the_same_router() {
    run(async {
        let world = World::sized(1, 1, |builder| builder).await;
        let foreign = wait!(world.router.clone().read_eventual()).unwrap();
        let conn = wait!(foreign.upgrade(&world.router.session())).unwrap();
        assert_eq!(conn.route().reason, Reason::NothingToCatchUp);
    });
}

#[test]
fn two_routers_over_one_cluster_keep_their_sessions_apart() {
    run(async {
        let world = World::start(1).await;
        let other = wait!(nodes(&world.cluster, 1).build()).unwrap();
        let session = other.session();
        rename(&mut wait!(world.router.session().write()).unwrap(), "anna").await;
        assert!(!wait!(session.read()).unwrap().route().is_primary);
    });
}
