//! The program as users run it, on clusters of real servers.

#![expect(clippy::unwrap_used, reason = "tests")]

mod config;
mod failover;
mod help;
mod picture;
mod program;
mod status;
mod token;
mod verify;
mod watch;

use std::time::Duration;

use diesel_routing_testkit::PgCluster;

/// For what must happen.
const SOON: Duration = Duration::from_secs(20);

/// A primary and its standbys, which have all that it has.
fn postgres(standbys: usize) -> PgCluster {
    let cluster = PgCluster::builder().standbys(standbys).start().unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    cluster
}

/// The options that name a cluster's nodes: `db-0`, `db-1` ..
fn nodes(cluster: &PgCluster) -> Vec<String> {
    let nodes = (0..).zip(cluster.nodes());
    let nodes = nodes.map(|(index, node)| format!("--node=db-{index}={}", node.url()));
    nodes.collect()
}

/// Lets the primary log every statement.
fn log_all(cluster: &PgCluster) {
    let primary = cluster.primary();
    primary
        .admin_execute("ALTER SYSTEM SET log_statement = 'all'")
        .unwrap();
    primary.restart().unwrap();
}
