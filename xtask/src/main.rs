//! The project's chores, one command each: `cargo xtask test`, `tidy`, `ci`, `check-consistency`,
//! `bench`, `compile-time`, `compose-check`.
//!
//! A chore is a list of [`step::Step`] values; [`runner::run`] carries any such list out.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on stdout")]

mod apt;
mod bench;
mod check_consistency;
mod compile_time;
mod compose_check;
mod docker;
mod invocation;
mod msrv;
mod mysql;
mod need;
mod report;
mod runner;
mod server;
mod sources;
mod step;
mod tally;
mod test;
mod tidy;
mod tool;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::step::Step;
use crate::workspace::Workspace;

/// The chores of diesel-routing: CI runs nothing that these commands don't.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every test: unit, integration, ui cases, doctests, the quickstart and the consistency check.
    ///
    /// Installs what a bare Debian or Ubuntu machine lacks (as root or with passwordless sudo);
    /// elsewhere it names the packages and stops.
    Test(test::Options),
    /// Check formatting, lints, docs, spelling, licences, MSRV and feature combinations.
    Tidy(Selection),
    /// Do what CI does: `tidy`, then `test`, with one summary.
    Ci(Selection),
    /// Check what sessions promise, on PostgreSQL or MariaDB nodes that lag, hang, crash and are promoted.
    CheckConsistency(check_consistency::Options),
    /// Run the benchmarks, those that count instructions (`benches/instructions*.rs`) under valgrind.
    Bench(Selection),
    /// Compare `cargo check` times of one sample crate with plain Diesel and with diesel-routing.
    CompileTime(compile_time::Options),
    /// Check docker-compose.yml, where a compose client is installed; `tidy` does it too.
    ComposeCheck(Selection),
}

/// Which of a command's steps to run.
#[derive(Debug, Args)]
struct Selection {
    /// Run only these steps (see `--list`).
    #[arg(long, value_name = "STEP", value_delimiter = ',')]
    only: Vec<String>,
    /// Stop at the first step that fails; by default the others still run.
    #[arg(long)]
    fail_fast: bool,
    /// Print the steps and their commands, and run nothing.
    #[arg(long)]
    list: bool,
}

impl Selection {
    fn carry_out(&self, chore: &str, workspace: &Workspace, steps: Vec<Step>) -> Result<ExitCode> {
        let steps = step::select(steps, &self.only)?;
        if self.list {
            for step in &steps {
                println!(
                    "{:<14} {}\n{:<14} $ {}",
                    step.name, step.why, "", step.action
                );
            }
            return Ok(ExitCode::SUCCESS);
        }
        let report = runner::run(chore, workspace, steps, self.fail_fast)?;
        print!("{report}");
        Ok(report.exit_code())
    }
}

fn main() -> ExitCode {
    match carry_out(Cli::parse().command) {
        Ok(code) => code,
        // One line of causes: a backtrace through this program tells a user nothing.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    match command {
        Command::Test(options) => {
            let steps = options.steps(&workspace)?;
            options
                .selection
                .carry_out(&options.command(), &workspace, steps)
        }
        Command::Tidy(selection) => selection.carry_out("tidy", &workspace, tidy::steps()),
        Command::Ci(selection) => {
            let steps = tidy::steps().into_iter().chain(test::steps());
            selection.carry_out("ci", &workspace, steps.collect())
        }
        Command::CheckConsistency(options) => match check_consistency::run(&workspace, options)? {},
        Command::Bench(selection) => {
            selection.carry_out("bench", &workspace, bench::steps(&workspace))
        }
        Command::CompileTime(options) => compile_time::run(&workspace, &options),
        Command::ComposeCheck(selection) => {
            selection.carry_out("compose-check", &workspace, vec![compose_check::step()])
        }
    }
}
