//! How many reads stay off the primary, and how many are stale, under several strategies.
//!
//! The workload is the same for all: users with a session each, keys of a Zipf distribution, one act in
//! ten a write, replicas 50 ms behind with spikes. A read is stale if it does not show the user's last
//! write, or an older version of a row than the user has seen. The oracle asks the nodes for their
//! positions before each read; no router can keep more reads off the primary without guessing.
//!
//! With `--close`, the replicas are as close behind as they come, about a millisecond, and the users' thinking time
//! varies from none to 100 ms: where a watcher's word is always older than what it would have to prove.
//!
//! ```text
//! cargo bench --all-features --bench offload -- --seconds 20 --users 50
//! cargo bench --all-features --bench offload -- --seconds 8 --users 16 --close
//! ```

#![expect(clippy::print_stdout, reason = "the table is the result")]

mod lag;
mod nodes;
mod statements;
mod strategy;
mod users;

// What the bench `peers` has as well.
#[path = "../support/counters.rs"]
mod counters;
#[path = "../support/oracle/mod.rs"]
mod oracle;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;

use nodes::Questions;
use strategy::{Reader, Strategy};
use users::Tally;

/// The result of everything here.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The thinking times of `--close`, in milliseconds.
const GAPS: [u64; 5] = [0, 1, 5, 20, 100];

#[derive(Debug, Clone, Copy, Parser)]
struct Options {
    /// How long each strategy runs.
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How many users there are.
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    users: u32,
    /// The mean time between two acts of a user, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=60_000))]
    gap: u64,
    /// Replicas about a millisecond behind, and users who think for 0, 1, 5, 20 and 100 ms.
    #[arg(long, conflicts_with = "gap")]
    close: bool,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

const STRATEGIES: [Strategy; 6] = [
    Strategy::Oracle,
    Strategy::Random,
    Strategy::Window(Duration::from_secs(5)),
    Strategy::Window(Duration::from_secs(2)),
    Strategy::Session(Duration::ZERO),
    Strategy::Session(Duration::from_millis(20)),
];

fn main() -> Outcome {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let kept = if options.close {
        println!(
            "{} users, 10 % writes; replicas as close behind as they come; {} s each",
            options.users, options.seconds
        );
        let mut kept = true;
        for gap in GAPS {
            println!("\nan act every {gap} ms each:");
            let strategies = [Strategy::Oracle, Strategy::Session(Duration::ZERO)];
            kept &= compare(&runtime, &strategies, &Options { gap, ..options })?;
        }
        kept
    } else {
        println!(
            "{} users, an act every {} ms each, 10 % writes; replicas {:?} behind, with spikes; {} s each",
            options.users,
            options.gap,
            lag::USUAL,
            options.seconds
        );
        compare(&runtime, &STRATEGIES, &options)?
    };
    if kept {
        Ok(())
    } else {
        Err("a read through a session was stale".into())
    }
}

/// Runs each strategy and prints its line; returns whether no read through a session was stale.
fn compare(
    runtime: &tokio::runtime::Runtime,
    strategies: &[Strategy],
    options: &Options,
) -> Outcome<bool> {
    println!(
        "{:<20} {:>7} {:>7} {:>12} {:>10} {:>10}",
        "strategy", "reads", "stale", "off primary", "of oracle", "median"
    );
    let mut oracle = None;
    let mut promise_kept = true;
    for &strategy in strategies {
        let (tally, asked) = run(runtime, strategy, options)?;
        let off = tally.off_primary();
        let of_oracle = off / *oracle.get_or_insert(off);
        println!(
            "{:<20} {:>7} {:>7} {:>11.1}% {:>10.3} {:>8} us",
            strategy.to_string(),
            tally.reads,
            tally.stale,
            100.0 * off,
            of_oracle,
            tally.median_micros(),
        );
        if let Strategy::Session(_) = strategy {
            println!("{:<20} {}", "", tally.reasons());
            let reads = f64::from(tally.reads.max(1));
            println!(
                "{:<20} questions for a position, a read: {:.3} to the primary, {:.3} to replicas",
                "",
                f64::from(asked.primary) / reads,
                f64::from(asked.replicas) / reads,
            );
            promise_kept &= tally.stale == 0;
        }
    }
    Ok(promise_kept)
}

fn run(
    runtime: &tokio::runtime::Runtime,
    strategy: Strategy,
    options: &Options,
) -> Outcome<(Tally, Questions)> {
    // New for each: whatever one strategy leaves behind must not be the next one's.
    let cluster = nodes::start()?;
    let reader = Arc::new(runtime.block_on(Reader::new(&cluster, strategy))?);
    let length = Duration::from_secs(options.seconds);
    let gap = Duration::from_millis(options.gap);
    std::thread::scope(|scope| {
        let lag = scope.spawn(|| match options.close {
            true => Ok(()),
            false => lag::vary(&cluster, length),
        });
        let tally = runtime.block_on(users::work(reader, options.users, length, gap));
        lag.join().map_err(|_| "the lag's thread panicked")??;
        Ok((tally?, Questions::of(&cluster)?))
    })
}
