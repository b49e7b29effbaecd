//! PostgreSQL's servers.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use diesel_routing_testkit::{Address, PgCluster, PgNode, Proxy, Target};

use super::{Block, Cluster, REPLICAS};
use crate::counters;

/// The number of the workload's reads, by how they are called in `pg_stat_statements`.
const READS: &str = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements \
                     WHERE query LIKE 'SELECT \"counters\".\"version\"%'";

/// A primary with two standbys, each on an address of its own.
#[derive(Debug)]
pub(crate) struct PgServers {
    cluster: PgCluster,
    block: Block,
}

impl PgServers {
    pub(crate) fn start(block: Block) -> Result<Self> {
        let cluster = PgCluster::builder()
            .standbys(REPLICAS)
            // The most that a peer opens: Pgpool-II, for each client a connection to each server.
            .setting("max_connections", "500")
            .setting("shared_preload_libraries", "pg_stat_statements")
            .start()?;
        for node in cluster.nodes() {
            let host = block.host(number(node.index())?);
            node.set("listen_addresses", &host.to_string())?;
            node.set_access("host all all 127.0.0.0/8 trust")?;
            node.restart()?;
        }
        counters::create(cluster.primary())?;
        Ok(Self { cluster, block })
    }
}

impl Cluster for PgServers {
    fn place(&self, node: usize) -> Result<SocketAddr> {
        Ok(self.block.place(number(node)?, 5432))
    }

    fn proxy(&self, node: usize) -> Result<Arc<Proxy>> {
        Ok(self.cluster.node(node).proxy()?)
    }

    fn way_to(&self, program: SocketAddr) -> Result<Address> {
        Ok(self.cluster.address([Target::postgres("peer", program)])?)
    }

    fn way_to_replicas(&self) -> Result<Address> {
        Ok(self.cluster.address(self.cluster.standbys())?)
    }

    fn settle(&self, limit: Duration) -> Result<()> {
        Ok(self.cluster.wait_until_caught_up(limit)?)
    }

    fn lag(&self, replica: usize, lag: Duration) -> Result<()> {
        Ok(self.cluster.standby(replica).set_apply_delay(lag)?)
    }

    fn pause(&self, replica: usize) -> Result<()> {
        Ok(self.cluster.standby(replica).pause_replay()?)
    }

    fn resume(&self, replica: usize) -> Result<()> {
        Ok(self.cluster.standby(replica).resume_replay()?)
    }

    fn reads(&self, node: usize) -> Result<i64> {
        let count = self.cluster.node(node).admin_value(READS)?;
        Ok(count.unwrap_or_default().parse()?)
    }

    fn pids(&self) -> Vec<u32> {
        let nodes = self.cluster.nodes().iter();
        nodes.filter_map(PgNode::pid).collect()
    }

    fn data_dir(&self) -> &Path {
        self.cluster.primary().data_dir()
    }
}

fn number(node: usize) -> Result<u8> {
    Ok(u8::try_from(node + 1)?)
}
