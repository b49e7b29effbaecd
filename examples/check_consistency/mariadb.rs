//! On MariaDB.

mod replay;
mod table;
mod update;

#[path = "backend/asynchronous.rs"]
mod asynchronous;
#[path = "backend/blocking.rs"]
mod blocking;
#[path = "backend/changes.rs"]
mod changes;
#[path = "backend/faults.rs"]
mod faults;
#[path = "backend/network.rs"]
mod network;
#[path = "backend/nodes.rs"]
mod nodes;
#[path = "backend/run.rs"]
mod run;

pub(crate) use run::run;

use anyhow::{Context, Result};
use diesel_routing::{MariaDbPosition, mysql as handles, sync::mysql as blocking_handles};
use diesel_routing_testkit::{MariaCluster as Cluster, MariaNode as Node};

fn start(replicas: usize) -> Result<Cluster> {
    let builder = Cluster::builder().replicas(replicas);
    Ok(builder.setting("binlog_format", "ROW").start()?)
}

/// Returns what tells the histories apart that failovers begin: the id of the server that writes. The kit
/// gives a rebuilt server another one, so none is promoted twice.
fn history(primary: &Node) -> Result<i32> {
    let id = primary.query_value("SELECT @@server_id")?;
    id.context("a server without an id")?
        .parse()
        .context("a server id that is no number")
}

/// Makes a cut-off replica follow the one that was promoted, and says how. One that has what that one
/// lacks would be refused (`gtid_strict_mode`): it is built anew.
fn rejoin(cluster: &Cluster, index: usize, promoted: usize) -> Result<&'static str> {
    let node = cluster.node(index);
    let there = cluster
        .node(promoted)
        .query_value("SELECT @@global.gtid_binlog_state")?;
    let there: MariaDbPosition = there.unwrap_or_default().parse()?;
    for here in [node.received()?, node.position()?] {
        if !there.covers(&here.parse()?) {
            cluster.rebuild(index)?;
            return Ok("was built anew");
        }
    }
    cluster.repoint(index, promoted)?;
    cluster.restore_replication(index)?;
    Ok("follows it")
}
