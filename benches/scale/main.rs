//! What many nodes, many routers and many sessions cost.
//!
//! ```text
//! cargo bench --features __bench,bb8,postgres --bench scale
//! cargo bench --features __bench,bb8,postgres --bench scale -- --only watchers --nodes 50
//! ```

#![expect(clippy::print_stdout, reason = "the tables are the result")]

mod checkouts;
mod fleet;
mod process;
mod sessions;
mod snapshots;
mod watchers;

use std::error::Error;

use clap::{Parser, ValueEnum};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The time of a new snapshot, from 3 to 1,000 nodes.
    Snapshots,
    /// A simulation of a service of many instances.
    Fleet,
    /// Bytes of a session.
    Sessions,
    /// Processor time, connections and questions of watchers.
    Watchers,
}

#[derive(Debug, Parser)]
struct Options {
    /// The parts to run; all if none is given.
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// The numbers of nodes that routers watch.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [2, 10])]
    nodes: Vec<usize>,
    /// The numbers of routers.
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1, 20, 200])]
    routers: Vec<usize>,
    /// Seconds of each measurement of watchers.
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// The instances of the simulated service.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    instances: u32,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome {
    let options = Options::parse();
    let runs = |part| options.only.is_empty() || options.only.contains(&part);
    let (mut within, mut succeeded) = (true, true);
    if runs(Part::Snapshots) {
        snapshots::run();
    }
    if runs(Part::Fleet) {
        within &= fleet::run(options.instances);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if runs(Part::Sessions) {
        runtime.block_on(sessions::run())?;
    }
    if runs(Part::Watchers) {
        for &nodes in &options.nodes {
            succeeded &= runtime.block_on(watchers::run(nodes, &options))?;
        }
    }
    if !succeeded {
        return Err("a checkout failed, and the servers had connections for all".into());
    }
    if !within {
        return Err("an instance asks more often than it may".into());
    }
    Ok(())
}
