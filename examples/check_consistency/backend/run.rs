//! Lets sessions work while faults are injected.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::client::World;
use crate::kept::Kept;
use crate::options::Options;
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::schedule::Episode;
use crate::timelines;

use super::nodes::{self, Routers};
use super::{Cluster, asynchronous, blocking, faults, table};

/// How often the live line is drawn.
const TICK: Duration = Duration::from_millis(100);
/// Long enough to replay a run's writes from the first.
const CATCH_UP: Duration = Duration::from_secs(60);
/// Every so many-th client is a blocking one.
const BLOCKING: u32 = 4;

/// `None` if a signal ended it.
pub(crate) fn run(
    options: &Options,
    episodes: &[Episode],
    stop: &Arc<AtomicBool>,
) -> Result<Option<Outcome>> {
    let cluster = nodes::start()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let routers = Arc::new(runtime.block_on(Routers::start(&cluster, options.strategy))?);
    let over = Arc::new(AtomicBool::new(false));
    let world = Arc::new(World::new(options.strategy, options.seed(), over));

    let tasks: Vec<_> = (0..options.clients)
        .filter(|number| number % BLOCKING != BLOCKING - 1)
        .map(|number| asynchronous::run(Arc::clone(&world), Arc::clone(&routers), number))
        .map(|client| runtime.spawn(client))
        .collect();
    let threads: Vec<_> = (0..options.clients)
        .filter(|number| number % BLOCKING == BLOCKING - 1)
        .map(|number| {
            let (world, routers) = (Arc::clone(&world), Arc::clone(&routers));
            thread::spawn(move || blocking::run(world, routers, number))
        })
        .collect();

    let faults = supervise(options, episodes, stop, &cluster, &world);
    world.end();
    for task in tasks {
        runtime.block_on(task).context("a client panicked")?;
    }
    for thread in threads {
        thread.join().unwrap_or_else(|panic| resume_unwind(panic));
    }
    let Some(faults) = faults? else {
        return Ok(None);
    };
    // Every fault is undone; one that was not would have left less to check than is reported.
    cluster.wait_until_caught_up(CATCH_UP)?;
    let mut records = world.history.take();
    let mut kept = table::kept(&cluster)?;
    let last = super::history(cluster.primary())?;
    let timeline = timelines::count(&mut records, &mut kept, last);
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
    world: &World,
) -> Result<Option<BTreeMap<&'static str, u64>>> {
    let progress = Progress::new(options.length())?;
    let start = Instant::now();
    thread::scope(|scope| {
        let injector = scope.spawn(|| {
            let injected = faults::inject(episodes, cluster, world);
            if injected.is_err() {
                world.end();
            }
            injected
        });
        while start.elapsed() < options.length()
            && !stop.load(Ordering::Relaxed)
            && !world.is_over()
        {
            progress.show(start.elapsed(), world.history.len());
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
