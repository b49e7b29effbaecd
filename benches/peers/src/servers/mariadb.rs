//! MariaDB's servers.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use diesel_routing_testkit::{Address, MariaCluster, MariaNode, Proxy, Target};

use super::{Block, Cluster, REPLICAS, place_of};
use crate::counters::KEYS;

/// The number of the workload's reads: of the rows that were read in the table, those that were not read to be changed.
///
/// `Com_select` counts questions and pings as well, and `performance_schema` does not know statements by their text that
/// were prepared. Here, a read reads one row, and a change one, on replicas too: a test compares.
const READS: &str = "SELECT coalesce(sum(CAST(rows_read AS SIGNED) - CAST(rows_changed AS SIGNED)), 0) \
                     FROM information_schema.table_statistics WHERE table_schema = 'app' AND table_name = 'counters'";

/// Accounts of the peers' programs, with the privileges that their documentation asks for.
const ACCOUNTS: [&str; 8] = [
    // HAProxy's check says hello.
    "CREATE USER haproxy",
    "CREATE USER monitor IDENTIFIED BY 'monitor'",
    "GRANT REPLICA MONITOR, BINLOG MONITOR ON *.* TO monitor",
    "CREATE USER reader IDENTIFIED BY 'reader'",
    "GRANT REPLICATION SLAVE, REPLICA MONITOR, BINLOG MONITOR ON *.* TO reader",
    // MaxScale reads who may log in, and watches replication.
    "CREATE USER maxscale IDENTIFIED BY 'maxscale'",
    "GRANT SELECT ON mysql.* TO maxscale",
    "GRANT SHOW DATABASES, REPLICA MONITOR, BINLOG MONITOR ON *.* TO maxscale",
];

/// A primary with two replicas, each on a port of its own.
#[derive(Debug)]
pub(crate) struct MariaServers {
    cluster: MariaCluster,
}

impl MariaServers {
    pub(crate) fn start(_block: Block) -> Result<Self> {
        let cluster = MariaCluster::builder()
            .replicas(REPLICAS)
            // The most that a peer opens: MaxScale, for each client a connection to each server.
            .setting("max_connections", "500")
            // Counts the rows that are read of each table.
            .setting("userstat", "ON")
            // The default and the last position, without which programs learn of no write.
            .setting(
                "session_track_system_variables",
                "autocommit,character_set_client,character_set_connection,character_set_results,time_zone,last_gtid",
            )
            .start()?;
        let primary = cluster.primary();
        let version = primary.query_value("SELECT VERSION()")?.unwrap_or_default();
        ensure!(
            version.contains("MariaDB"),
            "the server says that it is {version}, and the bench counts its reads as MariaDB does"
        );
        for sql in ACCOUNTS {
            primary.admin_execute(sql)?;
        }
        primary
            .execute("CREATE TABLE counters (`key` INT PRIMARY KEY, version BIGINT NOT NULL)")?;
        primary.execute(&format!(
            "INSERT INTO counters SELECT seq, 0 FROM seq_0_to_{}",
            KEYS - 1
        ))?;
        Ok(Self { cluster })
    }
}

impl Cluster for MariaServers {
    fn place(&self, node: usize) -> Result<SocketAddr> {
        place_of(&self.cluster.node(node).url())
    }

    fn proxy(&self, node: usize) -> Result<Arc<Proxy>> {
        Ok(self.cluster.node(node).proxy()?)
    }

    fn way_to(&self, program: SocketAddr) -> Result<Address> {
        Ok(self.cluster.address([Target::mariadb("peer", program)])?)
    }

    fn way_to_replicas(&self) -> Result<Address> {
        Ok(self.cluster.address(self.cluster.replicas())?)
    }

    fn settle(&self, limit: Duration) -> Result<()> {
        Ok(self.cluster.wait_until_caught_up(limit)?)
    }

    /// Delays the network between the two, as a replica's own delay is in whole seconds.
    fn lag(&self, replica: usize, lag: Duration) -> Result<()> {
        Ok(self.cluster.delay_replication(replica + 1, lag)?)
    }

    fn pause(&self, replica: usize) -> Result<()> {
        Ok(self.cluster.replica(replica).pause_replay()?)
    }

    fn resume(&self, replica: usize) -> Result<()> {
        Ok(self.cluster.replica(replica).resume_replay()?)
    }

    fn reads(&self, node: usize) -> Result<i64> {
        let count = self.cluster.node(node).admin_value(READS)?;
        Ok(count.context("no count of reads")?.parse()?)
    }

    fn pids(&self) -> Vec<u32> {
        let nodes = self.cluster.nodes().iter();
        nodes.filter_map(MariaNode::pid).collect()
    }

    fn data_dir(&self) -> &Path {
        self.cluster.primary().data_dir()
    }
}
