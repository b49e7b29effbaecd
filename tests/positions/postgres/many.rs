//! Routers of many nodes.

use std::time::{Duration, Instant};

use diesel_routing::Node;
use diesel_routing_testkit::PgCluster;

use super::flavours::Router;

#[test]
fn building_a_router_of_fifty_nodes_takes_little_longer_than_one_of_two() {
    let cluster = PgCluster::builder()
        .standbys(1)
        .setting("max_connections", "300")
        .start()
        .expect("a cluster");
    let [primary, standby] =
        [cluster.primary(), cluster.standby(0)].map(|node| node.proxy().expect("a proxy"));
    for proxy in [&primary, &standby] {
        proxy.set_delay(Duration::from_millis(20));
    }
    let primary = Node::new("primary", primary.url());
    let replicas: Vec<_> = (1..50)
        .map(|index| Node::new(format!("replica-{index}"), standby.url()))
        .collect();
    let times = |replicas: &[Node]| -> Vec<_> {
        let mut since = Instant::now();
        let built = Router::build_both_of_all(&primary, replicas).map(|router| {
            let took = since.elapsed();
            drop(router.expect("a router"));
            since = Instant::now();
            took
        });
        built.collect()
    };
    for (two, fifty) in std::iter::zip(times(&replicas[..1]), times(&replicas)) {
        println!("2 nodes: {two:?}, 50 nodes: {fifty:?}");
        assert!(fifty < 8 * two, "2 nodes: {two:?}, 50 nodes: {fifty:?}");
    }
}
