//! What watching costs: routers of one process, which watch the same servers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel_routing::Node;
use diesel_routing::pg::Router;
use diesel_routing_testkit::PgCluster;
use tokio::task::JoinSet;

use crate::checkouts::Checkouts;
use crate::process::processor_time;
use crate::{Options, Outcome};

/// The time in which watchers that need no connection of their own close it.
const SETTLE: Duration = Duration::from_secs(13);
/// The time between two checkouts of a router in use.
const BEAT: Duration = Duration::from_millis(300);

/// The most connections that a router opens to one node: its pools, one question out of turn, its watcher.
const CONNECTIONS: usize = 5;

/// Prints what so many nodes cost, by the number of routers, in use and idle; returns whether every checkout succeeded.
pub(crate) async fn run(nodes: usize, options: &Options) -> Outcome<bool> {
    let most = options.routers.iter().max().copied().unwrap_or_default();
    let cluster = PgCluster::builder()
        .standbys(nodes - 1)
        .setting("max_wal_senders", (nodes + 10).to_string())
        // For all of them, so that no checkout has a reason to fail.
        .setting("max_connections", (most * CONNECTIONS + 100).to_string())
        .setting("shared_preload_libraries", "pg_stat_statements")
        .timeout(Duration::from_secs(600))
        .start()?;
    let primary = cluster.primary();
    primary.admin_execute("CREATE EXTENSION pg_stat_statements")?;
    cluster.wait_until_caught_up(Duration::from_secs(60))?;
    println!(
        "\n{:<6} {:>8} {:<7} {:>18} {:>13} {:>15} {:>15}",
        "nodes", "routers", "use", "processor ms/s", "connections", "primary /s", "replica /s"
    );
    let mut failed = 0;
    for &count in &options.routers {
        let checkouts = Arc::new(Checkouts::default());
        let mut routers = Vec::new();
        for _ in 0..count {
            routers.push(router(&cluster).await?);
        }
        for in_use in [true, false] {
            let mut tasks = JoinSet::new();
            if in_use {
                for router in &routers {
                    tasks.spawn(touch(router.clone(), Arc::clone(&checkouts)));
                }
            }
            tokio::time::sleep(SETTLE).await;
            let (before, since) = (statements(&cluster)?, Instant::now());
            let processor = processor_time()?;
            tokio::time::sleep(Duration::from_secs(options.seconds)).await;
            let processor = (processor_time()? - processor).as_secs_f64();
            let seconds = since.elapsed().as_secs_f64();
            let after = statements(&cluster)?;
            let connections = connections(&cluster)?;
            let rates: Vec<_> = before
                .iter()
                .zip(&after)
                .map(|(before, after)| (after - before) as f64 / seconds)
                .collect();
            let (primary, replicas) = rates.split_first().ok_or("no node")?;
            println!(
                "{nodes:<6} {count:>8} {:<7} {:>18.2} {connections:>13} {primary:>15.1} {:>15.1}",
                if in_use { "in use" } else { "idle" },
                processor * 1e3 / seconds,
                replicas.iter().sum::<f64>() / replicas.len() as f64,
            );
        }
        print!("{checkouts}");
        failed += checkouts.failed();
    }
    Ok(failed == 0)
}

async fn router(cluster: &PgCluster) -> Outcome<Router> {
    let builder = Router::builder().primary(Node::new("primary", cluster.primary().url()));
    let standbys = cluster.standbys().iter();
    let builder = standbys.fold(builder, |builder, node| {
        builder.replica(Node::new(format!("replica-{}", node.index()), node.url()))
    });
    Ok(builder.build().await?)
}

/// Uses the router now and then, without a statement.
async fn touch(router: Router, checkouts: Arc<Checkouts>) {
    loop {
        checkouts.note(router.read_eventual().await);
        tokio::time::sleep(BEAT).await;
    }
}

/// Returns the statements of each server so far.
fn statements(cluster: &PgCluster) -> Outcome<Vec<i64>> {
    let sql = "SELECT sum(calls)::bigint FROM pg_stat_statements";
    let count = |node: &diesel_routing_testkit::PgNode| {
        let value = node.admin_value(sql)?.ok_or("no statistics")?;
        Ok(value.trim().parse()?)
    };
    cluster.nodes().iter().map(count).collect()
}

/// Returns the connections to all servers but the one that asks.
fn connections(cluster: &PgCluster) -> Outcome<i64> {
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let mut all = 0;
    for node in cluster.nodes() {
        // As the superuser, for whom a server that has no connection left keeps some.
        let value = node.admin_value(sql)?.ok_or("no activity")?;
        all += value.trim().parse::<i64>()?;
    }
    Ok(all)
}
