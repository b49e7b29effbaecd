//! Counts the instructions of each hot path with valgrind, and prints one line for each: its name, and how many a step takes.
//!
//! `cargo xtask watch` compares them with `benches/baselines.txt`. A path runs in processes of its own.
//!
//! ```text
//! cargo run --profile watch --package watch -- --rounds 5 --spread
//! ```

#![expect(clippy::print_stdout, reason = "the lines are the result")]

mod callgrind;
mod edge;
mod path;
#[path = "../../support/mod.rs"]
mod support;
mod token;

use std::hint::black_box;

use clap::Parser;
use support::{Outcome, Steps};

use crate::path::Path;

/// The steps before the count starts, enough to warm every cache.
const WARM_UP: u64 = 50;

#[derive(Debug, Parser)]
struct Options {
    /// Only the paths whose names start so.
    path: Option<String>,
    /// How often each path runs; the least count is taken. Defaults to 2, and 5 for async paths, which other threads disturb.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Print how far apart the counts of a path were, too, in percent.
    #[arg(long)]
    spread: bool,
    /// Take this many steps of the path: what valgrind runs.
    #[arg(long, hide = true, requires = "path")]
    steps: Option<u64>,
}

fn main() -> Outcome {
    let options = Options::parse();
    let filter = options.path.unwrap_or_default();
    if let Some(times) = options.steps {
        let path = Path::all().find(|path| path.to_string() == filter);
        let mut steps = path.ok_or("no such path")?.steps()?;
        steps(WARM_UP)?;
        return counted_steps(&mut steps, times);
    }
    let paths: Vec<_> = Path::all()
        .filter(|path| path.to_string().starts_with(&filter))
        .collect();
    if paths.is_empty() {
        return Err(format!("no path's name starts with `{filter}`").into());
    }
    for path in paths {
        let rounds = 0..options.rounds.unwrap_or(path.rounds());
        // One after the other: a busy machine wakes the tasks of async paths more often.
        // It also lets connections time out, valgrind being as slow as it is: then once more.
        let counts =
            rounds.map(|_| callgrind::per_step(path).or_else(|_| callgrind::per_step(path)));
        let counts = counts.collect::<Outcome<Vec<_>>>()?;
        let least = counts.iter().copied().min().unwrap_or(0);
        if options.spread {
            let most = counts.iter().copied().max().unwrap_or(0);
            let apart = 100.0 * (most - least) as f64 / least as f64;
            println!("{path} {least} {apart:.2} %");
        } else {
            println!("{path} {least}");
        }
    }
    Ok(())
}

/// Takes the steps that are counted: valgrind counts while a thread is in here, and knows it by its name.
#[inline(never)]
fn counted_steps(steps: &mut Steps, times: u64) -> Outcome {
    let outcome = steps(times);
    // Not a tail call, which would leave this function before its work is done.
    black_box(outcome)
}
