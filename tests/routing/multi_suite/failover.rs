//! Watchers of the enum ask as its database is asked: a failover is followed.

use std::time::{Duration, Instant};

use super::world::{World, name, rename};

#[test]
fn a_failover_is_followed() {
    let world = World::start();
    world.cluster.kill_primary();
    world.cluster.promote_replica();
    let session = world.router.session();
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut conn = loop {
        match session.write() {
            Ok(conn) => break conn,
            Err(error) => assert!(Instant::now() < deadline, "{error:?}"),
        }
    };
    assert_eq!(conn.route().node, "replica-0");
    rename(&mut conn, "eve");
    drop(conn);
    assert_eq!(name(&mut session.read().unwrap()), "eve");
}
