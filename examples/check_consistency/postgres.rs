//! On PostgreSQL.

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

use anyhow::Result;
use diesel_routing::{pg as handles, sync::pg as blocking_handles};
use diesel_routing_testkit::{PgCluster as Cluster, PgNode as Node};

fn start(replicas: usize) -> Result<Cluster> {
    Ok(Cluster::builder().standbys(replicas).start()?)
}

/// Returns what tells the histories apart that failovers begin: the timeline.
fn history(primary: &Node) -> Result<i32> {
    Ok(primary.timeline()?.try_into()?)
}

/// Makes a cut-off standby follow the one that was promoted, and says how.
fn rejoin(cluster: &Cluster, index: usize, promoted: usize) -> Result<&'static str> {
    cluster.repoint(index, promoted)?;
    cluster.restore_replication(index)?;
    Ok("follows it")
}
