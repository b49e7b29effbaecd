//! Every fault of the MariaDB test kit does what it says. `MARIADB_BINDIR` may name a MySQL server instead.

#![expect(clippy::unwrap_used, reason = "tests")]

mod address;
mod cleanup;
mod clients;
mod failover;
mod galera;
mod lag;
mod network;
mod servers;
mod settings;

use std::time::{Duration, Instant};

use diesel_routing_testkit::{MariaCluster, MariaNode, ServerError};

/// For what must happen.
const SOON: Duration = Duration::from_secs(20);
/// For what must not happen; an unhindered replica needs under 0.1 s.
const A_WHILE: Duration = Duration::from_millis(700);

/// A primary with one row, the number 1, and `replicas` replicas that have it.
fn cluster(replicas: usize) -> MariaCluster {
    let cluster = MariaCluster::builder().replicas(replicas).start().unwrap();
    cluster
        .primary()
        .execute("CREATE TABLE n (n INT); INSERT INTO n VALUES (1)")
        .unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    cluster
}

fn write(node: &MariaNode, number: u32) {
    node.execute(&format!("UPDATE n SET n = {number}")).unwrap();
}

fn read(node: &MariaNode) -> u32 {
    node.query_value("SELECT n FROM n")
        .unwrap()
        .unwrap()
        .parse()
        .unwrap()
}

/// The replica did not catch up, though it had the time.
fn stays_behind(cluster: &MariaCluster, replica: &MariaNode) {
    match cluster.wait_until_caught_up(A_WHILE) {
        Err(ServerError::Timeout { node, .. }) => assert_eq!(node, replica.name()),
        other => panic!("{} should be behind: {other:?}", replica.name()),
    }
}

/// The row `number` got to every replica.
fn arrives(cluster: &MariaCluster, replica: &MariaNode, number: u32) {
    cluster.wait_until_caught_up(SOON).unwrap();
    assert_eq!(read(replica), number);
}

/// The two products differ in what some faults look like.
fn is_mariadb(node: &MariaNode) -> bool {
    let version = node.query_value("SELECT VERSION()").unwrap().unwrap();
    version.contains("MariaDB")
}

fn wait_until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < SOON, "it took too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}
