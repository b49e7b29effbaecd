//! On MariaDB.

mod replay;
mod table;
mod update;

#[path = "backend/asynchronous.rs"]
mod asynchronous;
#[path = "backend/blocking.rs"]
mod blocking;
#[path = "backend/faults.rs"]
mod faults;
#[path = "backend/nodes.rs"]
mod nodes;
#[path = "backend/run.rs"]
mod run;

pub(crate) use run::run;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use diesel_routing::testkit::{MariaCluster as Cluster, MariaNode as Node};
use diesel_routing::{mysql as handles, sync::mysql as blocking_handles};

/// A replica whose connection was cut tries again after a second.
const LIMIT: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(5);

fn start(replicas: usize) -> Result<Cluster> {
    let builder = Cluster::builder().replicas(replicas);
    Ok(builder.setting("binlog_format", "ROW").start()?)
}

/// What tells the histories apart that failovers begin: the id of the server that writes. The kit gives
/// a rebuilt server another one, so none is promoted twice.
fn history(primary: &Node) -> Result<i32> {
    let id = primary.query_value("SELECT @@server_id")?;
    id.context("a server without an id")?
        .parse()
        .context("a server id that is no number")
}

/// Makes a cut-off replica follow the one that was promoted. One that has what that one lacks is refused
/// (`gtid_strict_mode`), and built anew.
fn rejoin(cluster: &Cluster, index: usize, promoted: usize) -> Result<()> {
    cluster.repoint(index, promoted)?;
    cluster.restore_replication(index)?;
    let (node, start) = (cluster.node(index), Instant::now());
    while start.elapsed() < LIMIT {
        if node.is_receiving()? {
            return Ok(());
        }
        if node
            .receive_error()?
            .is_some_and(|error| error.contains("binlog"))
        {
            return Ok(cluster.rebuild(index)?);
        }
        std::thread::sleep(TICK);
    }
    bail!("{} does not follow the new primary", node.name());
}
