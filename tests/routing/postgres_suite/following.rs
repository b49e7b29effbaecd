//! Node sets that a router follows.

use std::time::Instant;

use diesel_routing::DiscoveryStatus;

use super::node_sets::followed;
use super::states::{status, until_read_from, until_written_to};
use super::*;

fn node(cluster: &Cluster, index: usize) -> Node {
    Node::new(format!("node-{index}"), cluster.node(index).url())
        .read_pool_size(2)
        .write_pool_size(2)
}

async fn router(cluster: &Cluster) -> Router {
    wait!(builder().primary(node(cluster, 0)).build()).unwrap()
}

/// Waits for a state of the source.
fn until_discovery(router: &Router, is_so: impl Fn(&DiscoveryStatus) -> bool) -> DiscoveryStatus {
    let since = Instant::now();
    loop {
        // None before its thread has begun.
        let status = router.status().discoveries.pop();
        if let Some(status) = status.clone()
            && is_so(&status)
        {
            return status;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{status:?}");
        std::thread::yield_now();
    }
}

fn until_names(router: &Router, names: &[&str]) {
    let since = Instant::now();
    loop {
        let mut present = router.nodes().names();
        // Those of one set come in any order.
        present.sort_unstable();
        if present == names {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{present:?}");
        std::thread::yield_now();
    }
}

#[test]
fn nodes_come_and_go_with_the_sets_and_configured_ones_stay() {
    run(async {
        let cluster = Cluster::start(2);
        let router = router(&cluster).await;
        let tell = followed(&router);
        tell.send(Ok(vec![node(&cluster, 1)])).unwrap();
        until_names(&router, &["node-0", "node-1"]);
        until_read_from(&router, "node-1").await;
        tell.send(Ok(vec![node(&cluster, 2)])).unwrap();
        until_names(&router, &["node-0", "node-2"]);
        until_read_from(&router, "node-2").await;
        until_written_to(&router, "node-0").await;
        until_discovery(&router, |state| {
            state.age.is_some() && state.problem.is_none()
        });
    });
}

#[test]
fn no_failure_of_a_source_takes_a_node_away() {
    run(async {
        let cluster = Cluster::start(1);
        let router = router(&cluster).await;
        let tell = followed(&router);
        assert_eq!(until_discovery(&router, |_| true).age, None);
        tell.send(Ok(vec![node(&cluster, 1)])).unwrap();
        until_names(&router, &["node-0", "node-1"]);
        for (told, words) in [
            (Err("no route to host".to_owned()), "no route to host"),
            (Ok(Vec::new()), "the set has no node"),
        ] {
            tell.send(told).unwrap();
            let said = |state: &DiscoveryStatus| {
                let problem = state.problem.as_deref();
                problem.is_some_and(|problem| problem.starts_with(words))
            };
            until_discovery(&router, said);
            assert_eq!(router.nodes().names(), ["node-0", "node-1"]);
        }
        drop(tell);
        let ended = until_discovery(&router, |state| state.has_ended);
        assert!(ended.age.is_some());
        until_read_from(&router, "node-1").await;
    });
}

#[test]
fn a_node_that_has_changed_is_replaced_and_one_that_has_not_keeps_its_pools() {
    run(async {
        let cluster = Cluster::start(1);
        let router = router(&cluster).await;
        let tell = followed(&router);
        let sizes = || {
            let pools = status(&router, "node-1").pools;
            pools.iter().map(|pool| pool.max_size).collect::<Vec<_>>()
        };
        tell.send(Ok(vec![node(&cluster, 1)])).unwrap();
        until_names(&router, &["node-0", "node-1"]);
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert_eq!(conn.route().node, "node-1");
        tell.send(Ok(vec![node(&cluster, 1)])).unwrap();
        tell.send(Ok(vec![node(&cluster, 1).read_pool_size(3)]))
            .unwrap();
        let since = Instant::now();
        while !sizes().contains(&3) {
            assert!(since.elapsed() < Duration::from_secs(20), "{:?}", sizes());
            std::thread::yield_now();
        }
        // What was lent before goes on.
        let counted: i64 = wait!(users::table.count().get_result(&mut conn)).unwrap();
        assert_eq!(counted, 2);
    });
}

#[test]
fn a_node_that_belongs_to_another_cluster_is_told_and_the_rest_is_done() {
    run(async {
        let (cluster, other) = (Cluster::start(1), Cluster::foreign());
        let router = router(&cluster).await;
        let tell = followed(&router);
        let stranger = Node::new("stranger", other.node(0).url());
        tell.send(Ok(vec![stranger, node(&cluster, 1)])).unwrap();
        let state = until_discovery(&router, |state| state.problem.is_some());
        let problem = state.problem.unwrap();
        assert!(problem.contains("`stranger`"), "{problem}");
        until_names(&router, &["node-0", "node-1"]);
    });
}

/// The same server under two names is one server: it is no split brain, and either name may go.
#[test]
fn a_server_under_two_names_is_one_server() {
    run(async {
        let cluster = Cluster::start(1);
        let router = router(&cluster).await;
        let tell = followed(&router);
        let twin = Node::new("twin", cluster.node(1).url());
        tell.send(Ok(vec![node(&cluster, 1), twin])).unwrap();
        until_names(&router, &["node-0", "node-1", "twin"]);
        until_written_to(&router, "node-0").await;
        until_read_from(&router, "twin").await;
        tell.send(Ok(vec![node(&cluster, 1)])).unwrap();
        until_names(&router, &["node-0", "node-1"]);
        until_read_from(&router, "node-1").await;
    });
}

#[test]
fn a_source_keeps_no_router_alive() {
    run(async {
        let cluster = Cluster::start(0);
        let router = router(&cluster).await;
        let tell = followed(&router);
        drop(router);
        let since = Instant::now();
        // It ends with the first set that comes then.
        while tell.send(Ok(vec![node(&cluster, 0)])).is_ok() {
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
    });
}
