//! Which node serves a read, and the reason it gives.

use super::world::{World, name, rename};
use super::*;

const WINDOW: Duration = Duration::from_secs(5);

#[test]
fn a_session_reads_its_own_write_while_the_replica_is_behind() {
    run(async {
        let world = World::with_a_paused_replica().await;
        let session = world.router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;

        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(name(&mut conn).await, "anna");
        let route = conn.route();
        assert_eq!((route.node, route.is_primary), ("primary", true));
        assert_eq!(route.reason, Reason::RecentWrite);

        let mut replica = wait!(session.read_eventual()).unwrap();
        assert_eq!(name(&mut replica).await, "ann", "the replica is behind");
    });
}

#[test]
fn a_session_goes_back_to_replicas_when_its_window_closes() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        world.cluster.catch_up();

        world.clock.advance(WINDOW - Duration::from_nanos(1));
        assert!(wait!(session.read()).unwrap().route().is_primary);
        world.clock.advance(Duration::from_nanos(1));
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(conn.route().node, "replica-0");
        assert_eq!(conn.route().reason, Reason::NothingToCatchUp);
        assert_eq!(name(&mut conn).await, "anna");
    });
}

#[test]
fn a_later_write_opens_the_window_again() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        world.clock.advance(WINDOW * 2);
        rename(&mut wait!(session.write()).unwrap(), "anne").await;
        assert!(wait!(session.read()).unwrap().route().is_primary);
    });
}

#[test]
fn the_window_is_the_one_that_was_configured() {
    run(async {
        let window = Duration::from_secs(60);
        let world = World::with(1, |builder| builder.window(window)).await;
        let session = world.router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        world.clock.advance(window - WINDOW);
        assert!(wait!(session.read()).unwrap().route().is_primary);
        world.clock.advance(WINDOW);
        assert!(!wait!(session.read()).unwrap().route().is_primary);
    });
}

#[test]
fn a_session_that_never_wrote_reads_from_a_replica() {
    run(async {
        let world = World::start(1).await;
        let conn = wait!(world.router.session().read()).unwrap();
        assert_eq!(conn.route().to_string(), "replica-0 (nothing_to_catch_up)");
    });
}

#[test]
fn an_eventual_read_goes_to_a_replica_even_right_after_a_write() {
    run(async {
        let world = World::with_a_paused_replica().await;
        let session = world.router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let conn = wait!(session.read_eventual()).unwrap();
        assert_eq!(conn.route().to_string(), "replica-0 (eventual)");
        let conn = wait!(world.router.read_eventual()).unwrap();
        assert_eq!(conn.route().to_string(), "replica-0 (eventual)");
    });
}

#[test]
fn a_strong_read_sees_what_others_wrote_a_moment_ago() {
    run(async {
        let world = World::with_a_paused_replica().await;
        rename(&mut wait!(world.router.session().write()).unwrap(), "anna").await;
        let mut conn = wait!(world.router.session().read_primary()).unwrap();
        assert_eq!(conn.route().to_string(), "primary (strong)");
        assert_eq!(name(&mut conn).await, "anna");
    });
}

#[test]
fn outside_a_session_reads_go_to_the_primary() {
    run(async {
        let world = World::start(1).await;
        let conn = wait!(world.router.read()).unwrap();
        assert_eq!(conn.route().to_string(), "primary (no_session)");
        let conn = wait!(world.router.read_primary()).unwrap();
        assert_eq!(conn.route().to_string(), "primary (strong)");
        let conn = wait!(world.router.write()).unwrap();
        assert_eq!(conn.route().to_string(), "primary (write)");
    });
}

#[test]
fn without_replicas_everything_goes_to_the_primary_and_says_so() {
    run(async {
        let world = World::start(0).await;
        let session = world.router.session();
        let conn = wait!(session.read()).unwrap();
        assert_eq!(conn.route().to_string(), "primary (no_replica)");
        let conn = wait!(session.read_eventual()).unwrap();
        assert_eq!(conn.route().to_string(), "primary (no_replica)");
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        assert_eq!(name(&mut wait!(session.read()).unwrap()).await, "anna");
    });
}

#[test]
fn one_users_write_does_not_keep_another_users_reads_on_the_primary() {
    run(async {
        let world = World::start(1).await;
        let (writer, reader) = (world.router.session(), world.router.session());
        rename(&mut wait!(writer.write()).unwrap(), "anna").await;
        assert!(wait!(writer.read()).unwrap().route().is_primary);
        assert!(!wait!(reader.read()).unwrap().route().is_primary);
    });
}

#[test]
fn a_clone_of_a_session_remembers_the_same_writes() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        rename(&mut wait!(session.clone().write()).unwrap(), "anna").await;
        assert!(wait!(session.read()).unwrap().route().is_primary);
    });
}

#[test]
fn a_write_outside_sessions_is_remembered_by_none() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        rename(&mut wait!(world.router.write()).unwrap(), "anna").await;
        assert!(!wait!(session.read()).unwrap().route().is_primary);
    });
}

#[test]
fn reads_spread_over_all_replicas() {
    run(async {
        let world = World::start(3).await;
        let session = world.router.session();
        let mut served = std::collections::HashMap::<String, u32>::new();
        for _ in 0..150 {
            let conn = wait!(session.read()).unwrap();
            *served.entry(conn.route().node.to_owned()).or_default() += 1;
        }
        // 50 each on average; fewer than 15 is a matter of 1 in 10^11.
        assert_eq!(served.len(), 3, "{served:?}");
        assert!(served.values().all(|&reads| reads >= 15), "{served:?}");
    });
}

#[test]
fn a_replica_that_catches_up_shows_the_new_rows() {
    run(async {
        let world = World::with_a_paused_replica().await;
        let session = world.router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        world.cluster.resume(0);
        world.cluster.catch_up();
        let mut conn = wait!(session.read_eventual()).unwrap();
        assert_eq!(name(&mut conn).await, "anna");
    });
}
