//! Every fault of the PostgreSQL test kit does what it says.

#![expect(clippy::unwrap_used, reason = "tests")]

mod address;
mod aurora;
mod cleanup;
mod clients;
mod failover;
mod lag;
mod network;
mod servers;
mod traffic;

use std::time::Duration;

use diesel_routing_testkit::{PgCluster, PgNode, ServerError};

/// For what must happen.
const SOON: Duration = Duration::from_secs(20);
/// For what must not happen; an unhindered standby needs under 0.1 s.
const A_WHILE: Duration = Duration::from_millis(700);

/// A primary with one row, the number 1, and `standbys` standbys that have it.
fn cluster(standbys: usize) -> PgCluster {
    let cluster = PgCluster::builder().standbys(standbys).start().unwrap();
    cluster
        .primary()
        .execute("CREATE TABLE n (n int); INSERT INTO n VALUES (1)")
        .unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    cluster
}

fn write(node: &PgNode, number: u32) {
    node.execute(&format!("UPDATE n SET n = {number}")).unwrap();
}

fn read(node: &PgNode) -> u32 {
    node.query_value("SELECT n FROM n")
        .unwrap()
        .unwrap()
        .parse()
        .unwrap()
}

/// The standby did not catch up, though it had the time.
fn stays_behind(cluster: &PgCluster, standby: &PgNode) {
    match cluster.wait_until_caught_up(A_WHILE) {
        Err(ServerError::Timeout { node, .. }) => assert_eq!(node, standby.name()),
        other => panic!("{} should be behind: {other:?}", standby.name()),
    }
}

/// The row `number` got to every standby.
fn arrives(cluster: &PgCluster, standby: &PgNode, number: u32) {
    cluster.wait_until_caught_up(SOON).unwrap();
    assert_eq!(read(standby), number);
}
