//! Waiting on the server that will run the read, with blocking connections.

use std::time::{Duration, Instant};

use diesel_routing::Reason;

use super::*;

/// Longer than any test that passes takes.
const CHECKOUT: Duration = Duration::from_secs(20);

/// The wait for the connection was not part of the read's wait: it lasted as long as the pool's own limit.
#[test]
fn a_wait_for_a_replica_whose_pool_is_full_ends_within_its_budget() {
    let cluster = cluster(1);
    let replica = node("standby-0", cluster.replica(0))
        .read_pool_size(1)
        .checkout_timeout(CHECKOUT);
    let router = Router::builder()
        .window(HOUR)
        .primary(node("primary", cluster.primary()))
        .replica(replica)
        .build()
        .expect("a router");
    let only = router.read_eventual().expect("a connection");
    assert_eq!(only.route().node, "standby-0");
    let session = router.session();
    cluster.replica(0).pause_replay().expect("paused");
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq("dark"))
        .execute(&mut session.write().expect("a connection"))
        .expect("a write");
    let since = Instant::now();
    let waiting = session.waiting(Duration::from_millis(50));
    let conn = waiting.read().expect("a connection");
    let took = since.elapsed();
    assert_eq!(
        (conn.route().node, conn.route().reason),
        ("primary", Reason::NotCaughtUp)
    );
    assert!(took < CHECKOUT / 2, "{took:?}");
}
