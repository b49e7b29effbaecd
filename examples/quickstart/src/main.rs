//! Users change a setting and read it back while the replicas are behind: first routed naively, then
//! through sessions.
//!
//! ```text
//! cargo run -p quickstart
//! cargo run -p quickstart -- --help
//! ```
//!
//! Needs no database server: the primary and its replicas are SQLite files in a temporary directory.
//! Exits with 1 if a read through a session was stale, or if no naive read was: then it shows nothing.
//!
//! Where to look first: `settings.rs` has the queries and the handles they ask for, `strategy.rs` the
//! three ways to get a handle, `nodes.rs` the router. The rest makes users, counts and prints.

mod board;
mod nodes;
mod options;
mod progress;
mod report;
mod round;
mod settings;
mod stop;
mod strategy;
mod visit;

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;

use options::Options;
use report::Verdict;
use stop::{Interrupted, Stop};
use strategy::Strategy;

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    match run(&options) {
        Ok(Verdict::Shown) => ExitCode::SUCCESS,
        Ok(verdict) => fail(1, verdict.explain(&options)),
        // The shells' convention for a program that a Ctrl-C ended.
        Err(error) if error.is::<Interrupted>() => fail(130, error),
        Err(error) => fail(1, format_args!("{error:#}")),
    }
}

fn run(options: &Options) -> Result<Verdict> {
    let stop = Stop::on_signals()?;
    let mut out = stdout();
    report::introduce(&mut out, options)?;

    writeln!(out, "\n1. Without sessions")?;
    let without = [Strategy::RandomReplica, Strategy::AlwaysPrimary];
    let naive = round::run(&without, options, &stop)?;
    report::samples(&mut out, &naive, Strategy::RandomReplica)?;

    writeln!(out, "\n2. Through sessions")?;
    let sessions = round::run(&[Strategy::Session], options, &stop)?;
    report::samples(&mut out, &sessions, Strategy::Session)?;

    report::table(&mut out, &[&naive, &sessions])?;
    let verdict = Verdict::of(&naive, &sessions);
    if verdict == Verdict::Shown {
        report::conclude(&mut out, options)?;
    }
    Ok(verdict)
}

fn fail(code: u8, why: impl std::fmt::Display) -> ExitCode {
    // Nothing is left to be done if the terminal is gone, too.
    let _ = writeln!(std::io::stderr(), "quickstart: {why}");
    ExitCode::from(code)
}
