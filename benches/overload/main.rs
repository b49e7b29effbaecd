//! Measures what writes take after all replicas are lost, under several times the reads that the primary can serve: with a breaker
//! and without one.
//!
//! The breaker is told how much of the processors the primary uses, as a service's monitoring would. What the primary can serve is
//! measured first. Then there is light load, reads on two replicas; then these are killed, and reads
//! come five times as fast as the primary could serve them, whether or not the earlier ones are done.
//!
//! ```text
//! cargo bench --all-features --bench overload -- --seconds 20
//! ```

#![expect(clippy::print_stdout, reason = "the table is the result")]

mod load;
mod processor;

use std::error::Error;
use std::time::{Duration, Instant};

use clap::Parser;
use diesel_routing::pg::Router;
use diesel_routing::{Breaker, Node};
use diesel_routing_testkit::PgCluster;

use load::{Tally, read, under};
use processor::Processor;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// Writes a second.
const WRITES: f64 = 50.0;
/// The part of what the primary can serve that is read at first, and how many times that much is read after the loss.
const LIGHT: f64 = 0.3;
const HEAVY: f64 = 5.0;
/// The time for which it is measured what the primary can serve.
const MEASURED: Duration = Duration::from_secs(3);

#[derive(Debug, Parser)]
struct Options {
    /// The seconds that each phase runs.
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// The connections of the primary for reads without a replica.
    #[arg(long, value_name = "N", default_value_t = 20)]
    fallback: u32,
    /// The share of the processors by the primary from which on it counts as strained.
    #[arg(long, value_name = "SHARE", default_value_t = 0.4)]
    load: f64,
    /// Run without a breaker alone, or with one alone.
    #[arg(long, value_name = "on|off")]
    only: Option<String>,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

pub(crate) mod schema {
    diesel::table! {
        counters (id) {
            id -> Integer,
            n -> BigInt,
        }
    }
}

fn main() -> Outcome {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    println!(
        "{:<10} {:<8} {:>9} {:>9} {:>9} {:>8} {:>8} {:>8} {:>8}",
        "breaker",
        "phase",
        "write p50",
        "write p99",
        "write max",
        "writes",
        "failed",
        "reads",
        "refused"
    );
    // The servers and the load share a machine: half of it is all that the primary can have.
    let breaker = Breaker::new().load(options.load, options.load + 0.2);
    for breaker in [None, Some(breaker)] {
        let name = if breaker.is_some() { "on" } else { "off" };
        if options.only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        runtime.block_on(measure(breaker, &options))?;
    }
    Ok(())
}

async fn measure(breaker: Option<Breaker>, options: &Options) -> Outcome {
    // What the read costs is to be the same from the first one on.
    let cluster = PgCluster::builder()
        .standbys(2)
        .setting("jit", "off")
        .setting("max_parallel_workers_per_gather", "0")
        .start()?;
    let primary = cluster.primary();
    primary.execute("CREATE TABLE counters (id int PRIMARY KEY, n bigint NOT NULL)")?;
    primary.execute("INSERT INTO counters SELECT g, 0 FROM generate_series(0, 99) g")?;
    primary.admin_execute("ANALYZE counters")?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    let sized = |name: &str, url| {
        Node::new(name, url)
            .read_pool_size(4)
            .write_pool_size(4)
            .fallback_pool_size(options.fallback)
            .checkout_timeout(Duration::from_millis(500))
    };
    let mut builder = Router::builder()
        .primary(sized("primary", primary.url()))
        .replica(sized("replica-0", cluster.standby(0).url()))
        .replica(sized("replica-1", cluster.standby(1).url()));
    let processor = Processor::of(primary.pid().ok_or("the primary's process")?);
    let name = if breaker.is_some() { "on" } else { "off" };
    if let Some(breaker) = breaker {
        builder = builder.breaker(breaker).load_with(processor.share());
    }
    let router = builder.build().await?;
    let capacity = capacity(&router).await?;
    let phase = Duration::from_secs(options.seconds);
    // Long enough to know what is usual.
    let before = under(&router, WRITES, capacity * LIGHT, phase).await?;
    row(name, "before", &before);
    for standby in cluster.standbys() {
        standby.kill()?;
    }
    let after = under(&router, WRITES, capacity * HEAVY, phase).await?;
    row(name, "after", &after);
    let ratio = after.p99().as_secs_f64() / before.p99().as_secs_f64();
    println!(
        "{name:<10} slowest write of each second after, ms: {:?}",
        after.slowest()
    );
    println!(
        "{name:<10} write p99 after is {ratio:.2} times that before; the primary serves {capacity:.0} reads a second"
    );
    if let Some(status) = router.status().breaker {
        println!("{name:<10} {status:?}");
    }
    Ok(())
}

/// Returns how many of the reads the primary serves in a second.
async fn capacity(router: &Router) -> Outcome<f64> {
    let since = Instant::now();
    let reader = || async {
        let mut count = 0;
        while since.elapsed() < MEASURED {
            let mut conn = router.read_primary().await?;
            read(&mut conn).await?;
            count += 1;
        }
        Ok::<u32, diesel_routing::Error>(count)
    };
    let counts = tokio::try_join!(reader(), reader(), reader(), reader())?;
    let count = counts.0 + counts.1 + counts.2 + counts.3;
    Ok(f64::from(count) / since.elapsed().as_secs_f64())
}

fn row(breaker: &str, phase: &str, tally: &Tally) {
    println!("{breaker:<10} {phase:<8} {tally}");
}
