//! The project's chores, one command each: `cargo xtask test`, `tidy`, `ci`, `check-consistency`,
//! `bench`, `watch`, `compile-time`, `completion`, `compose-check`, `docs-rs`, `guide`, `semver-checks`.
//!
//! A chore is a list of [`step::Step`] values; [`runner::Selection`] carries any such list out.

#![expect(clippy::print_stdout, reason = "a command-line tool speaks on stdout")]

mod api;
mod apt;
mod bench;
mod check_consistency;
mod compile_time;
mod completion;
mod docs;
mod frameworks;
mod need;
mod orms;
mod project;
mod report;
mod runner;
mod sources;
mod step;
mod tally;
mod test;
mod tidy;
mod tool;
mod watch;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::runner::Selection;
use crate::workspace::Workspace;

/// The chores of diesel-routing: CI runs nothing that these commands don't.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
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
    Bench(bench::Options),
    /// Compare the instructions of the hot paths with those in benches/baselines.txt; `test` does it too.
    ///
    /// Fails when one takes more than 2 % more; 10 % with another compiler, C library or valgrind than the file's.
    Watch(watch::Options),
    /// Compare `cargo check` times of one sample crate with plain Diesel and with diesel-routing.
    CompileTime(compile_time::Options),
    /// Ask rust-analyzer for completions in functions under `#[consistency(..)]` that are half written.
    ///
    /// Needs the component `rust-analyzer`; takes a minute or two, and a build of its own.
    Completion(Selection),
    /// Build the published libraries' docs as docs.rs does, and look for the labels of their features; `tidy` has the same as data.
    DocsRs(Selection),
    /// Check docker-compose.yml, where a compose client is installed; `tidy` does it too.
    ComposeCheck(Selection),
    /// Build the guide with mdBook, into target/guide.
    Guide(Selection),
    /// Compare the public API with that of an older revision (cargo-semver-checks).
    SemverChecks {
        /// The git revision to compare with: a release's tag, or the branch that this one left.
        #[arg(long, default_value = "main", value_name = "REVISION")]
        baseline: String,
        #[command(flatten)]
        selection: Selection,
    },
}

fn main() -> ExitCode {
    match carry_out(Command::parse()) {
        Ok(code) => code,
        // One line of causes: a backtrace through this program tells a user nothing.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command) -> Result<ExitCode> {
    let workspace = &Workspace::load()?;
    match command {
        Command::Test(options) => {
            let (command, steps) = options.steps(workspace);
            options.selection.carry_out(&command, workspace, steps)
        }
        Command::Tidy(selection) => selection.carry_out("tidy", workspace, tidy::steps(workspace)),
        Command::Ci(selection) => {
            let steps = tidy::steps(workspace)
                .into_iter()
                .chain(test::steps(workspace));
            selection.carry_out("ci", workspace, steps.collect())
        }
        Command::CheckConsistency(options) => Ok(check_consistency::run(workspace, &options)),
        Command::Bench(options) => {
            let (command, steps) = options.steps(workspace)?;
            options.selection.carry_out(&command, workspace, steps)
        }
        Command::Watch(options) => {
            let (command, steps) = options.steps(workspace);
            options.selection.carry_out(&command, workspace, steps)
        }
        Command::CompileTime(options) => compile_time::run(workspace, &options),
        Command::Completion(selection) => {
            selection.carry_out("completion", workspace, vec![completion::step()])
        }
        Command::DocsRs(selection) => {
            selection.carry_out("docs-rs", workspace, vec![docs::as_docs_rs(workspace)])
        }
        Command::ComposeCheck(selection) => {
            selection.carry_out("compose-check", workspace, vec![tidy::compose(workspace)])
        }
        Command::Guide(selection) => {
            selection.carry_out("guide", workspace, vec![tidy::guide(workspace)])
        }
        Command::SemverChecks {
            baseline,
            selection,
        } => {
            let steps = vec![tidy::semver_checks(workspace, &baseline)];
            let command = format!("semver-checks --baseline {baseline}");
            selection.carry_out(&command, workspace, steps)
        }
    }
}
