//! The standbys that real servers stream to.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use diesel_routing::Node;
use diesel_routing_discovery::{Discovery, Streaming};
use diesel_routing_testkit::PgCluster;

/// The time that whatever a test waits for may take: on a busy machine, too.
const LIMIT: Duration = Duration::from_secs(20);

/// Makes nodes of the kit's standbys, which are called `node1` and so on.
fn streaming(cluster: &PgCluster, seed: Node) -> Discovery<Streaming> {
    let urls: Vec<_> = (0..cluster.nodes().len())
        .map(|index| cluster.node(index).url_for("postgres", "postgres"))
        .collect();
    Discovery::of(Streaming::from([seed], move |standby| {
        let name = &*standby.application_name;
        let index: usize = name.strip_prefix("node")?.parse().ok()?;
        Some(Node::new(name, urls.get(index)?))
    }))
}

async fn names(discovery: &mut Discovery<Streaming>) -> Vec<String> {
    let nodes = discovery.ask().await.unwrap();
    nodes.iter().map(|node| node.name().to_owned()).collect()
}

async fn names_become(discovery: &mut Discovery<Streaming>, expected: &[&str]) {
    let since = Instant::now();
    loop {
        let names = names(discovery).await;
        if names == expected {
            return;
        }
        assert!(since.elapsed() < LIMIT, "{names:?}, not {expected:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn standbys_come_and_go_and_stay_while_their_primary_is_away() {
    let cluster = PgCluster::builder().standbys(2).start().unwrap();
    let primary = Node::new("primary", cluster.primary().url_for("postgres", "postgres"));
    let mut discovery = streaming(&cluster, primary);
    names_become(&mut discovery, &["primary", "node1", "node2"]).await;
    cluster.standby(1).kill().unwrap();
    names_become(&mut discovery, &["primary", "node1"]).await;
    cluster.standby(1).start().unwrap();
    names_become(&mut discovery, &["primary", "node1", "node2"]).await;

    cluster.primary().kill().unwrap();
    assert_eq!(names(&mut discovery).await, ["primary", "node1", "node2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_answer_there_is_one_error_that_names_the_server() {
    let cluster = PgCluster::builder().start().unwrap();
    let primary = Node::new("primary", cluster.primary().url_for("postgres", "postgres"));
    let mut discovery = streaming(&cluster, primary);
    cluster.primary().kill().unwrap();
    let error = discovery.ask().await.unwrap_err().to_string();
    assert!(
        error.starts_with("the server `primary` cannot be asked: "),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_not_see_standbys_is_told_the_grant() {
    let cluster = PgCluster::builder().standbys(1).start().unwrap();
    cluster
        .primary()
        .admin_execute("CREATE ROLE reader LOGIN")
        .unwrap();
    let url = cluster.primary().url_for("reader", "postgres");
    let mut discovery = streaming(&cluster, Node::new("primary", url));
    let error = discovery.ask().await.unwrap_err().to_string();
    assert!(
        error.ends_with("the account may not see its standbys: GRANT pg_monitor to it"),
        "{error}"
    );
    cluster
        .primary()
        .admin_execute("GRANT pg_monitor TO reader")
        .unwrap();
    assert_eq!(names(&mut discovery).await, ["primary", "node1"]);
}
