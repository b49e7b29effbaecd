//! The members that a real Galera cluster knows.

#![expect(clippy::unwrap_used, reason = "tests")]

use diesel_routing::Node;
use diesel_routing_discovery::{Discovery, Galera};
use diesel_routing_testkit::{GaleraCluster, MariaCluster};

fn galera(urls: impl IntoIterator<Item = String>) -> Discovery<Galera> {
    Discovery::of(Galera::at(urls, |member| {
        Node::new(format!("{}:{}", member.host, member.port), "url")
    }))
}

async fn names(discovery: &mut Discovery<Galera>) -> Vec<String> {
    let nodes = discovery.ask().await.unwrap();
    let mut names: Vec<_> = nodes.iter().map(|node| node.name().to_owned()).collect();
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_those_of_the_primary_component() {
    let mut builder = GaleraCluster::builder().nodes(3);
    for index in 0..3 {
        let address = format!("10.0.0.{index}:3306");
        builder = builder.node_setting(index, "wsrep_node_incoming_address", address);
    }
    let cluster = builder.start().unwrap();
    let urls = [0, 1, 2].map(|index| cluster.node(index).url());
    let mut of_all = galera(urls.clone());
    let all = ["10.0.0.0:3306", "10.0.0.1:3306", "10.0.0.2:3306"];
    assert_eq!(names(&mut of_all).await, all);

    cluster.isolate(2).unwrap();
    cluster.wait_for_size(0, 2).unwrap();
    assert_eq!(names(&mut of_all).await, all[..2]);

    let [.., isolated] = urls;
    let error = galera([isolated]).ask().await.unwrap_err().to_string();
    assert!(
        error.ends_with("the server is not in the primary component"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_no_member_says_so() {
    let cluster = MariaCluster::builder().start().unwrap();
    let error = galera([cluster.primary().url()])
        .ask()
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("the server is in no Galera cluster"),
        "{error}"
    );
}
