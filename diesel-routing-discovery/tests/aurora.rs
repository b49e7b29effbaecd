//! The instances that servers list which answer as those of Aurora PostgreSQL do. Never run on the real service.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel_routing::{Node, pg};
use diesel_routing_discovery::{Aurora, Discovery};
use diesel_routing_testkit::{PgCluster, PgNode};

/// The time that whatever a test waits for may take: on a busy machine, too.
const LIMIT: Duration = Duration::from_secs(20);

fn cluster() -> PgCluster {
    let cluster = PgCluster::builder().standbys(2).start().unwrap();
    cluster.simulate_aurora().unwrap();
    cluster
}

/// The instances that these servers list, and a place for the last one that was listed as the writer.
fn source(cluster: &PgCluster, endpoints: &[&PgNode]) -> (Aurora, Arc<Mutex<String>>) {
    let urls: Vec<_> = cluster.nodes().iter().map(PgNode::url).collect();
    let writer = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&writer);
    let endpoints = endpoints.iter().map(|node| node.url());
    let source = Aurora::at(endpoints, move |instance| {
        if instance.is_writer {
            seen.lock().unwrap().clone_from(&instance.id);
        }
        let index: usize = instance.id.strip_prefix("node")?.parse().ok()?;
        Some(Node::new(&*instance.id, urls.get(index)?))
    });
    (source, writer)
}

async fn names(discovery: &mut Discovery<Aurora>) -> Vec<String> {
    let nodes = discovery.ask().await.unwrap();
    nodes.iter().map(|node| node.name().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_instance_lists_all_and_one_that_is_listed_no_more_stays_for_a_while() {
    let cluster = cluster();
    let (source, writer) = source(&cluster, &[cluster.primary(), cluster.standby(1)]);
    let mut discovery = Discovery::of(source);
    assert_eq!(names(&mut discovery).await, ["node0", "node1", "node2"]);
    assert_eq!(*writer.lock().unwrap(), "node0");
    // The writer is away: a reader knows the others.
    cluster.primary().kill().unwrap();
    cluster
        .standby(1)
        .set("aurora.instances", "node0,node2")
        .unwrap();
    assert_eq!(names(&mut discovery).await, ["node0", "node1", "node2"]);
    // Another one was promoted, and the former writer is still listed.
    let reader = cluster.standby(1);
    for (setting, value) in [
        ("aurora.instances", "node0,node1,node2"),
        ("aurora.former_writer", "node0"),
        ("aurora.writer", "node1"),
    ] {
        reader.set(setting, value).unwrap();
    }
    assert_eq!(names(&mut discovery).await, ["node0", "node1", "node2"]);
    assert_eq!(*writer.lock().unwrap(), "node1");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lists_no_writer_is_not_believed_and_another_server_is_told() {
    let cluster = cluster();
    let (source, _) = source(&cluster, &[cluster.standby(0)]);
    let mut discovery = Discovery::of(source);
    cluster.standby(0).set("aurora.writer", "").unwrap();
    let error = discovery.ask().await.unwrap_err().to_string();
    assert!(
        error.ends_with("it lists no writer, as during a failover"),
        "{error}"
    );
    // Old rows are of instances that are gone.
    cluster.standby(0).set("aurora.writer", "node0").unwrap();
    cluster.standby(0).set("aurora.reader_age", "400").unwrap();
    assert_eq!(names(&mut discovery).await, ["node0", "node1"]);

    let plain = PgCluster::builder().start().unwrap();
    let url = plain.primary().url();
    let mut discovery = Discovery::of(Aurora::at([url], |_| None));
    let error = discovery.ask().await.unwrap_err().to_string();
    assert!(
        error.contains("function aurora_replica_status() does not exist"),
        "{error}"
    );
    let none: [String; 0] = [];
    let mut discovery = Discovery::of(Aurora::at(none, |_| None));
    let error = discovery.ask().await.unwrap_err().to_string();
    assert!(error.ends_with("no endpoint is given"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_follows_the_list_finds_out_who_the_writer_is() {
    let cluster = cluster();
    let (source, _) = source(&cluster, &[cluster.primary()]);
    let seed = Node::new("node0", cluster.primary().url());
    let router = pg::Router::builder().aurora().node(seed).build();
    let router = router.await.unwrap();
    let sets = Discovery::of(source).into_stream();
    let following = tokio::spawn(router.nodes().follow(sets));
    let since = Instant::now();
    loop {
        let status = router.status();
        let primary = status.nodes.iter().find(|node| node.is_primary);
        let lags = status
            .nodes
            .iter()
            .filter(|node| node.lag.is_some())
            .count();
        if primary.is_some_and(|node| node.name == "node0") && lags == 3 {
            break;
        }
        assert!(since.elapsed() < LIMIT, "{status:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    following.abort();
}
