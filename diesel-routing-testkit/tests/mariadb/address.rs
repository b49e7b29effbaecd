//! Addresses in front of several servers, and what their proxies do to traffic.

use std::time::{Duration, Instant};

use diesel_routing_testkit::{Address, GaleraCluster, Target};
use mysql_async::Conn;
use mysql_async::prelude::{FromValue, Queryable};

use crate::{A_WHILE, SOON, cluster, read};

#[test]
fn each_new_connection_is_led_to_the_next_server() {
    let cluster = cluster(2);
    let address = cluster.address(cluster.replicas()).unwrap();
    run(async {
        let mut conns = Vec::new();
        for expected in [2, 3, 2] {
            let mut conn = connect(&address).await;
            assert_eq!(server(&mut conn).await, expected);
            conns.push(conn);
        }
    });
    assert_eq!(address.connections_to(cluster.replica(0)), 2);
    assert_eq!(address.connections_to(cluster.replica(1)), 1);
}

#[test]
fn an_address_that_moves_keeps_open_connections_where_they_are() {
    let cluster = cluster(1);
    let address = cluster.address([cluster.primary()]).unwrap();
    run(async {
        let mut old = connect(&address).await;
        address.lead_to([cluster.replica(0)]).unwrap();
        let mut new = connect(&address).await;
        assert_eq!(server(&mut new).await, 2);
        assert_eq!(server(&mut old).await, 1);
    });
}

#[test]
fn an_address_may_lead_to_every_node_of_galera_and_to_another_cluster() {
    let galera = GaleraCluster::builder().nodes(2).start().unwrap();
    let other = cluster(0);
    let address = galera.address(galera.nodes()).unwrap();
    run(async {
        let mut names = Vec::new();
        let mut conns = Vec::new();
        for _ in 0..2 {
            let mut conn = connect(&address).await;
            names.push(value::<String>(&mut conn, "SELECT @@wsrep_node_name").await);
            conns.push(conn);
        }
        assert_ne!(names[0], names[1]);
        address.lead_to([other.primary()]).unwrap();
        assert_eq!(
            value::<u32>(&mut connect(&address).await, "SELECT n FROM n").await,
            1
        );
    });
    assert_eq!(address.connections_to(other.primary()), 1);
}

#[test]
fn an_address_leads_to_a_program_that_the_kit_did_not_start() {
    let cluster = cluster(0);
    // The proxy stands for a load balancer: something at a port of its own.
    let balancer = cluster.primary().proxy().unwrap();
    let place = balancer.url();
    let (_, place) = place.split_once('@').unwrap();
    let place = place.split('/').next().unwrap().parse().unwrap();
    let target = Target::mariadb("balancer", place);
    let address = cluster.address([target]).unwrap();
    run(async {
        let mut conn = connect(&address).await;
        assert_eq!(server(&mut conn).await, 1);
        assert_eq!(address.proxy().connections()[0].node, "balancer");
    });
}

#[test]
fn a_delay_is_added_each_way_and_each_question_is_a_round_trip() {
    const DELAY: Duration = Duration::from_millis(50);
    let cluster = cluster(0);
    let address = cluster.address([cluster.primary()]).unwrap();
    run(async {
        let mut conn = connect(&address).await;
        let before = address.proxy().round_trips();
        for _ in 0..10 {
            value::<u32>(&mut conn, "SELECT 1").await;
        }
        assert_eq!(address.proxy().round_trips() - before, 10);

        address.proxy().set_delay(DELAY);
        let start = Instant::now();
        value::<u32>(&mut conn, "SELECT 1").await;
        assert!(start.elapsed() >= 2 * DELAY, "{:?}", start.elapsed());
    });
}

#[test]
fn a_statement_whose_answer_is_dropped_is_run_and_never_answered() {
    let cluster = cluster(0);
    let address = cluster.address([cluster.primary()]).unwrap();
    run(async {
        let mut conn = connect(&address).await;
        address.proxy().drop_answers();
        let update = tokio::time::timeout(A_WHILE, conn.query_drop("UPDATE n SET n = 2"));
        assert!(update.await.is_err());
        while read(cluster.primary()) != 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            value::<u32>(&mut connect(&address).await, "SELECT n FROM n").await,
            2
        );
        address.proxy().disconnect();
    });
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(SOON, test).await.unwrap() })
}

async fn connect(address: &Address) -> Conn {
    Conn::from_url(address.url()).await.unwrap()
}

async fn value<T: FromValue + Send + 'static>(conn: &mut Conn, sql: &str) -> T {
    conn.query_first(sql).await.unwrap().unwrap()
}

/// The server id, which is the node's index + 1.
async fn server(conn: &mut Conn) -> u32 {
    value(conn, "SELECT @@server_id").await
}
