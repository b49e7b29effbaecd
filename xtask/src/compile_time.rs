//! `cargo xtask compile-time`: what the types cost whoever compiles against them.

mod crates;
mod queries;
mod table;
mod timing;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;

use crate::workspace::Workspace;
use crates::{Flavour, SampleCrates};
use timing::median;

/// How large the sample is and how often it is checked.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Tables in the sample crate; at least 3.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(3..))]
    tables: u16,
    /// Query functions in the sample crate, spread over the tables.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..))]
    queries: u16,
    /// Timed checks of each crate; the median counts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// The ratio of the medians that fails the command when exceeded.
    #[arg(long, default_value_t = 1.10)]
    max_ratio: f64,
    /// The same for the crate whose functions are annotated with `#[consistency(..)]`.
    #[arg(long, default_value_t = 1.15)]
    max_annotated_ratio: f64,
    /// Check the crate with plain Diesel only.
    #[arg(long)]
    plain_only: bool,
}

/// Write the sample crates, then check them in turns so that both see the same machine.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    for ratio in [options.max_ratio, options.max_annotated_ratio] {
        ensure!(
            ratio.is_finite() && ratio > 0.0,
            "a largest ratio must be a positive number"
        );
    }
    let flavours: &[Flavour] = if options.plain_only {
        &[Flavour::Plain]
    } else {
        &[Flavour::Plain, Flavour::Routed, Flavour::Annotated]
    };
    let crates = SampleCrates::write(workspace, flavours, options.tables, options.queries)?;
    println!(
        "sample: {} tables, {} queries, in {}",
        options.tables,
        options.queries,
        crates.dir().display()
    );
    for flavour in flavours {
        crates.check(workspace, *flavour)?;
    }

    let mut times = vec![Vec::new(); flavours.len()];
    for round in 1..=options.rounds {
        for (flavour, times) in flavours.iter().zip(&mut times) {
            let time = crates.time_clean_check(workspace, *flavour)?;
            println!(
                "round {round}: {:<14} {:>7.2} s",
                flavour.name(),
                time.as_secs_f64()
            );
            times.push(time);
        }
    }
    let mut results = Vec::new();
    for (flavour, times) in flavours.iter().zip(times) {
        // Other work on the machine only ever adds time, so the best round is the least disturbed one.
        let (Some(best), Some(median)) = (times.iter().min().copied(), median(times)) else {
            continue;
        };
        let seconds = (median.as_secs_f64(), best.as_secs_f64());
        println!(
            "{:<15} median {:>7.2} s, best {:>7.2} s",
            flavour.name(),
            seconds.0,
            seconds.1
        );
        results.push(seconds);
    }
    let Some((plain, others)) = results.split_first() else {
        return Ok(ExitCode::SUCCESS);
    };
    let most = [options.max_ratio, options.max_annotated_ratio];
    let mut within = true;
    for ((flavour, times), most) in flavours.iter().skip(1).zip(others).zip(most) {
        let ratio = times.0 / plain.0;
        within &= ratio <= most;
        println!(
            "{}: ratio of the medians {ratio:.3} (at most {most:.2}); of the best {:.3}",
            flavour.name(),
            times.1 / plain.1
        );
    }
    Ok(if within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
