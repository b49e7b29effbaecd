//! `cargo xtask compile-time`: what the types cost whoever compiles against them.

mod minimal;
mod sample;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::Value;
use xshell::cmd;

use crate::need::{self, HYPERFINE};
use crate::workspace::Workspace;
use sample::FLAVOURS;

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
    /// The ratio of the medians of processor time that fails the command when exceeded.
    #[arg(long, default_value_t = 1.10)]
    max_ratio: f64,
    /// The same for the crate whose functions are annotated with `#[consistency(..)]`.
    #[arg(long, default_value_t = 1.15)]
    max_annotated_ratio: f64,
    /// Check the crate with plain Diesel only.
    #[arg(long, conflicts_with = "clean")]
    plain_only: bool,
    /// Check the smallest applications instead, from nothing and with all that they depend on: one with diesel-async and bb8, and
    /// the same with this crate.
    #[arg(long)]
    clean: bool,
    /// The ratio of the medians of processor time that fails `--clean` when exceeded.
    #[arg(long, default_value_t = 1.15)]
    max_clean_ratio: f64,
}

/// Writes the sample crates and has hyperfine time the check of each, without its dependencies.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<ExitCode> {
    let most = [1.0, options.max_ratio, options.max_annotated_ratio];
    ensure!(
        most.iter()
            .chain([&options.max_clean_ratio])
            .all(|ratio| *ratio > 0.0),
        "a largest ratio must be a positive number"
    );
    need::satisfy(workspace, &[HYPERFINE])?;
    if options.clean {
        let dir = workspace.target("compile-time");
        let times = minimal::time(workspace, &dir, options.rounds)?;
        let most = [1.0, options.max_clean_ratio];
        return report(workspace, &times, minimal::PACKAGES.into_iter().zip(most));
    }
    let count = if options.plain_only { 1 } else { 3 };
    let flavours = &FLAVOURS[..count];

    let sh = &workspace.sh;
    let dir = workspace.target("compile-time");
    sample::write(workspace, &dir, flavours, options.tables, options.queries)?;
    let results = dir.join("times.json");
    // The first check of each, which builds its dependencies, is the warm-up.
    let mut hyperfine = cmd!(sh, "hyperfine --warmup 1 --export-json {results} --runs")
        .arg(options.rounds.to_string())
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_TARGET_DIR", dir.join("target"));
    for flavour in flavours {
        let package = flavour.package;
        let clean = format!("cargo clean --quiet --package {package}");
        let check = format!("cargo check --quiet --package {package}");
        hyperfine = hyperfine.args(["--command-name", package, "--prepare", &clean, &check]);
    }
    let in_dir = sh.push_dir(&dir);
    hyperfine.run()?;
    drop(in_dir);

    let packages = flavours.iter().map(|flavour| flavour.package);
    report(workspace, &results, packages.zip(most))
}

/// Prints the ratio of each package, and checks that it is within its bounds.
fn report(
    workspace: &Workspace,
    results: &Path,
    packages: impl Iterator<Item = (&'static str, f64)>,
) -> Result<ExitCode> {
    let times: Value = serde_json::from_str(&workspace.sh.read_file(results)?)?;
    let mut within = true;
    for (number, (package, most)) in packages.enumerate() {
        let [median, best] = ["median", "min"].map(|which| ratio(&times, number, which));
        let (median, best) = (median?, best?);
        within &= median <= most;
        println!(
            "{package}: {median:.3} of the first's processor time (at most {most:.2}); {best:.3} by best"
        );
    }
    Ok(ExitCode::from(u8::from(!within)))
}

/// Returns the processor time of one crate over that of the first; what else the machine does changes it least.
fn ratio(times: &Value, number: usize, which: &str) -> Result<f64> {
    let time = |number: usize| {
        let path = format!("/results/{number}/summary/time_cpu/{which}");
        let time = times.pointer(&path).and_then(Value::as_f64);
        time.with_context(|| format!("hyperfine's report has no {path}"))
    };
    Ok(time(number)? / time(0)?)
}
