//! What building a router costs in round trips, those of its connections' set-up (TCP, login, the driver's settings) apart.

use std::time::{Duration, Instant};

use diesel_routing::Node;
use diesel_routing_testkit::Proxy;

use super::flavours::Router;
use super::*;

/// The delay either way.
const DELAY: Duration = Duration::from_millis(20);

/// Returns the round trips of setting one connection up, by the async driver and by the blocking one.
fn set_up(proxy: &Proxy) -> [u64; 2] {
    let url = proxy.url();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let in_async = most_of_three(proxy, || {
        runtime
            .block_on(async {
                <Connection as diesel_async::AsyncConnection>::establish(&url).await
            })
            .expect("a connection")
    });
    let blocking = most_of_three(proxy, || {
        <sync::Connection as diesel::Connection>::establish(&url).expect("a connection")
    });
    [in_async, blocking]
}

/// Returns the round trips of what `open` opens. The driver closes the statements by which it set a connection up: nobody waits
/// for that, and it may share its way with another question, so one connection alone may seem to cost less.
fn most_of_three<C>(proxy: &Proxy, open: impl Fn() -> C) -> u64 {
    let trips = (0..3).map(|_| {
        let before = proxy.round_trips();
        let _open = open();
        settled(proxy) - before
    });
    trips.max().expect("three")
}

/// Returns the round trips so far, once there were no more for ten delays.
fn settled(proxy: &Proxy) -> u64 {
    let mut trips = proxy.round_trips();
    let mut since = Instant::now();
    while since.elapsed() < 10 * DELAY {
        std::thread::sleep(DELAY / 4);
        let now = proxy.round_trips();
        if now != trips {
            trips = now;
            since = Instant::now();
        }
    }
    trips
}

#[test]
fn building_a_router_asks_little_and_all_nodes_at_once() {
    let cluster = cluster(1);
    let proxies =
        [cluster.primary(), cluster.standby(0)].map(|node| node.proxy().expect("a proxy"));
    for proxy in &proxies {
        proxy.set_delay(DELAY);
    }
    let set_up = set_up(&proxies[0]);
    let [primary, replica] = &proxies;
    let primary = Node::new("primary", primary.url());
    let replica = Node::new("replica", replica.url());
    let mut before = proxies.each_ref().map(|proxy| proxy.round_trips());
    let mut since = Instant::now();
    let routers = Router::build_both_of_all(&primary, std::slice::from_ref(&replica));
    let expected = std::iter::zip(set_up, BUILD_QUESTIONS);
    for (router, (set_up, at_most)) in std::iter::zip(routers, expected) {
        let after = proxies.each_ref().map(|proxy| proxy.round_trips());
        let took = since.elapsed();
        let router = router.expect("a router");
        for (before, after) in std::iter::zip(before, after) {
            let questions = after - before - u64::from(BUILD_CONNECTIONS) * set_up;
            println!(
                "{SERVER}, {router:?}: {questions} and {BUILD_CONNECTIONS} times {set_up}, in {took:?}"
            );
            assert!(
                questions <= at_most,
                "{router:?}, beside {set_up} for a connection"
            );
        }
        // One node after the other would take twice as long.
        let trips = u64::from(BUILD_CONNECTIONS) * set_up + at_most;
        let most = u32::try_from(trips * 7 / 4).expect("a few");
        assert!(
            took < most * 2 * DELAY,
            "{router:?} took {took:?}, for {trips} round trips"
        );
        drop(router);
        // Its watchers close their connections.
        before = proxies.each_ref().map(|proxy| settled(proxy));
        since = Instant::now();
    }
}
