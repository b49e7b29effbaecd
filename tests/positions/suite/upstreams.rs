//! Where replicas replicate from.

use std::time::Instant;

use diesel_routing::NodeStatus;

use super::world::router;
use super::*;

/// Waits until a node's status is as it should be.
async fn until(router: &Router, node: &str, is_so: impl Fn(&NodeStatus) -> bool) {
    let since = Instant::now();
    loop {
        let status = router.status();
        let found = status.nodes.iter().find(|found| found.name == node);
        let found = found.expect("a node");
        if is_so(found) {
            return;
        }
        assert!(since.elapsed() < LIMIT, "{found:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_replica_shows_the_node_that_it_replicates_from() {
    let cluster = cascade();
    let behind = router(&cluster).await;
    let upstream = |node: &NodeStatus| node.upstream.clone();
    // Behind the address of something that no node is reached by.
    for standby in ["standby-0", "standby-1"] {
        until(&behind, standby, |node| {
            upstream(node).is_some_and(|upstream| upstream.node.is_none())
        })
        .await;
    }
    drop(behind);
    repoint(&cluster, 2, 1);
    let router = router(&cluster).await;
    until(&router, "standby-1", |node| {
        upstream(node).is_some_and(|upstream| upstream.node.as_deref() == Some("standby-0"))
    })
    .await;
    let status = router.status();
    assert_eq!(status.nodes[0].upstream, None, "the primary has none");
}
