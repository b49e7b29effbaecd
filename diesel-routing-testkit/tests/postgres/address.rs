use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use diesel_routing_testkit::{Address, AddressPolicy, PgCluster, PgNode, ServerError, Target};
use tokio_postgres::{Client, NoTls};

use crate::{A_WHILE, SOON, cluster};

#[test]
fn each_new_connection_is_led_to_the_next_server() {
    let cluster = cluster(2);
    let address = cluster.address(cluster.standbys()).unwrap();
    run(async {
        let mut clients = Vec::new();
        for expected in ["node1", "node2", "node1"] {
            let client = connect(&address.url()).await;
            assert_eq!(server(&client).await, expected);
            clients.push(client);
        }
    });
    assert_eq!(address.connections_to(cluster.standby(0)), 2);
    assert_eq!(address.connections_to(cluster.standby(1)), 1);
    assert_eq!(address.connections_to(cluster.primary()), 0);
}

#[test]
fn an_address_leads_to_a_program_that_the_kit_did_not_start_and_delays_it() {
    let cluster = cluster(0);
    // The proxy stands for a pooler: something at a port of its own.
    let pooler = cluster.primary().proxy().unwrap();
    let place = pooler.url();
    let (_, place) = place.split_once('@').unwrap();
    let place = place.split('/').next().unwrap().parse().unwrap();
    let address = cluster
        .address([Target::postgres("pooler", place)])
        .unwrap();
    assert_eq!(address.proxy().connections().len(), 0);
    run(async {
        let client = connect(&address.url()).await;
        assert_eq!(server(&client).await, "node0");
        assert_eq!(address.proxy().connections()[0].node, "pooler");
        address.proxy().set_delay(Duration::from_millis(50));
        let since = Instant::now();
        assert_eq!(server(&client).await, "node0");
        assert!(since.elapsed() >= Duration::from_millis(100));
    });
}

#[test]
fn a_seed_leads_connections_the_same_way_again() {
    let cluster = cluster(2);
    let sequence = || -> Vec<String> {
        let address = cluster.address(cluster.nodes()).unwrap();
        address.set_policy(AddressPolicy::Random { seed: 7 });
        run(async {
            let mut servers = Vec::new();
            for _ in 0..12 {
                servers.push(server(&connect(&address.url()).await).await);
            }
            servers
        })
    };
    let first = sequence();
    assert_eq!(sequence(), first);
    for node in cluster.nodes() {
        assert!(first.iter().any(|name| name == node.name()), "{first:?}");
    }
}

#[test]
fn an_address_that_moves_keeps_open_connections_where_they_are() {
    let cluster = cluster(1);
    let address = cluster.address([cluster.primary()]).unwrap();
    run(async {
        let old = connect(&address.url()).await;
        assert_eq!(server(&old).await, "node0");
        address.lead_to([cluster.standby(0)]).unwrap();
        let new = connect(&address.url()).await;
        assert_eq!(server(&new).await, "node1");
        assert_eq!(server(&old).await, "node0");
        assert_eq!(nodes(&address), ["node0", "node1"]);
    });
}

#[test]
fn an_address_may_lead_to_a_server_of_another_cluster() {
    let (ours, theirs) = (cluster(0), PgCluster::builder().start().unwrap());
    theirs
        .primary()
        .execute("CREATE TABLE n AS SELECT 99 AS n")
        .unwrap();
    let address = ours.address([ours.primary(), theirs.primary()]).unwrap();
    run(async {
        let mut numbers = Vec::new();
        for _ in 0..2 {
            let client = connect(&address.url()).await;
            let row = client.query_one("SELECT n FROM n", &[]).await.unwrap();
            numbers.push(row.get::<_, i32>(0));
        }
        assert_eq!(numbers, [1, 99]);
    });
    assert_eq!(address.connections_to(theirs.primary()), 1);
}

#[test]
fn one_target_can_hang_while_the_others_answer() {
    let cluster = cluster(2);
    let proxies = [0, 1].map(|index| cluster.standby(index).proxy().unwrap());
    let address = cluster.address(&proxies).unwrap();
    proxies[0].hang().unwrap();
    run(async {
        let stalled = tokio::time::timeout(A_WHILE, connect(&address.url())).await;
        assert!(stalled.is_err());
        assert_eq!(server(&connect(&address.url()).await).await, "node2");
    });
    assert_eq!(address.connections_to(&proxies[0]), 1);
}

#[test]
fn a_connection_to_a_target_that_is_down_is_closed_and_counts() {
    let cluster = cluster(1);
    let address = cluster.address(cluster.nodes()).unwrap();
    cluster.primary().kill().unwrap();
    run(async {
        assert!(
            tokio_postgres::connect(&address.url(), NoTls)
                .await
                .is_err()
        );
        assert_eq!(server(&connect(&address.url()).await).await, "node1");
    });
    assert_eq!(address.connections_to(cluster.primary()), 1);
}

#[test]
fn an_address_that_is_cut_refuses_until_it_is_restored() {
    let cluster = cluster(0);
    let address = cluster.address([cluster.primary()]).unwrap();
    run(async {
        let client = connect(&address.url()).await;
        address.proxy().cut().unwrap();
        assert!(client.simple_query("SELECT 1").await.is_err());
        assert!(
            tokio_postgres::connect(&address.url(), NoTls)
                .await
                .is_err()
        );
        address.proxy().restore().unwrap();
        assert_eq!(server(&connect(&address.url()).await).await, "node0");
    });
}

#[test]
fn an_address_without_targets_is_refused_and_changes_nothing() {
    let cluster = cluster(0);
    let none: [&PgNode; 0] = [];
    assert!(matches!(
        cluster.address(none),
        Err(ServerError::Refused { .. })
    ));

    let address = cluster.address([cluster.primary()]).unwrap();
    let error = address.lead_to(none).unwrap_err().to_string();
    assert!(error.starts_with(&address.url()), "{error}");
    assert!(error.contains("there is none; give it a node"), "{error}");
    run(async { assert_eq!(server(&connect(&address.url()).await).await, "node0") });
}

#[test]
fn a_dropped_address_closes_its_connections_and_its_port() {
    let cluster = cluster(0);
    let address = cluster.address([cluster.primary()]).unwrap();
    let url = address.url();
    let place = url.split(['@', '/']).nth(3).unwrap();
    let mut open = TcpStream::connect(place).unwrap();
    open.set_read_timeout(Some(SOON)).unwrap();
    drop(address);
    assert_eq!(open.read(&mut [0]).unwrap_or(0), 0, "closed");
    let refused = TcpStream::connect(place).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

/// The nodes that open connections lead to.
fn nodes(address: &Address) -> Vec<String> {
    let connections = address.proxy().connections().into_iter();
    connections.map(|connection| connection.node).collect()
}

pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(SOON, test).await.unwrap() })
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The name of the node that `client` is connected to.
async fn server(client: &Client) -> String {
    let row = client.query_one("SHOW cluster_name", &[]).await.unwrap();
    let name = row.get::<_, String>(0);
    name.split_once('.').unwrap().1.to_owned()
}
