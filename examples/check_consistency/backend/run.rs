//! Lets sessions work while faults are injected.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::client::World;
use crate::options::{Options, Strategy};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::schedule::Episode;
use diesel_routing_verify::oracle::{self, Kept};

use super::network::Network;
use super::nodes::{self, Routers};
use super::{Cluster, asynchronous, blocking, changes, faults, table};

/// The time between two drawings of the live line.
const TICK: Duration = Duration::from_millis(100);
/// Long enough to replay a run's writes from the first.
const CATCH_UP: Duration = Duration::from_secs(300);

/// Runs the episodes; `None` if a signal ended it.
pub(crate) fn run(
    options: &Options,
    episodes: &[Episode],
    stop: &Arc<AtomicBool>,
) -> Result<Option<Outcome>> {
    let cluster = nodes::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let network = nodes::start_network(&cluster, options)?;
    let routers = Routers::start(&cluster, network.as_ref(), options);
    let routers = Arc::new(runtime.block_on(routers)?);
    let over = Arc::new(AtomicBool::new(false));
    let world = Arc::new(World::new(options.strategy, options.seed(), over));

    let tasks: Vec<_> = (0..options.clients)
        .filter(|&number| !options.pool.is_blocking(number))
        .map(|number| asynchronous::run(Arc::clone(&world), Arc::clone(&routers), number))
        .map(|client| runtime.spawn(client))
        .collect();
    let threads: Vec<_> = (0..options.clients)
        .filter(|&number| options.pool.is_blocking(number))
        .map(|number| {
            let (world, routers) = (Arc::clone(&world), Arc::clone(&routers));
            thread::spawn(move || blocking::run(world, routers, number))
        })
        .collect();

    // Where roles are as configured, nobody would find another primary.
    let changes = (options.strategy != Strategy::Window).then(|| {
        let (world, routers) = (Arc::clone(&world), Arc::clone(&routers));
        let handle = runtime.handle().clone();
        thread::spawn(move || changes::change(&routers.changing, &handle, &world))
    });

    // If that fails, a fault may last, and hold clients up for ever: nobody waits for them.
    let faults = supervise(options, episodes, stop, &cluster, network.as_ref(), &world)?;
    for task in tasks {
        runtime.block_on(task).context("a client panicked")?;
    }
    for thread in threads {
        let ended = thread.join();
        ended.map_err(|_| anyhow!("a client panicked"))?;
    }
    let changes = changes.map(thread::JoinHandle::join).transpose();
    let changes = changes.map_err(|_| anyhow!("what changes nodes panicked"))?;
    let Some(mut faults) = faults else {
        return Ok(None);
    };
    faults.extend(changes.into_iter().flatten());
    // Every fault is undone; one that was not would have left less to check than is reported.
    cluster.wait_until_caught_up(CATCH_UP)?;
    let mut records = world.history.take();
    let mut kept = table::kept(&cluster)?;
    let last = super::history(cluster.primary())?;
    let timeline = oracle::count_timelines(&mut records, &mut kept, last);
    Ok(Some(Outcome {
        records,
        kept: Kept::new(kept, timeline),
        faults,
        errors: world.take_errors(),
    }))
}

/// Waits for the end, or for a signal, while another thread injects faults.
fn supervise(
    options: &Options,
    episodes: &[Episode],
    stop: &AtomicBool,
    cluster: &Cluster,
    network: Option<&Network>,
    world: &World,
) -> Result<Option<BTreeMap<&'static str, u64>>> {
    let mut progress = Progress::new(options.length())?;
    let start = Instant::now();
    thread::scope(|scope| {
        let injector = scope.spawn(|| {
            let injected = faults::inject(episodes, cluster, network, world);
            if injected.is_err() {
                world.end();
            }
            injected
        });
        while start.elapsed() < options.length()
            && !stop.load(Ordering::Relaxed)
            && !world.is_over()
        {
            progress.show(start.elapsed(), world.history.len(), world.errors());
            thread::sleep(TICK);
        }
        world.end();
        progress.waits();
        let injected = injector
            .join()
            .unwrap_or_else(|panic| resume_unwind(panic))
            .context("a fault could not be injected")?;
        Ok((!stop.load(Ordering::Relaxed)).then_some(injected))
    })
}
