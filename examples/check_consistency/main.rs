//! Does every session see what it wrote, and never less than it has seen, whatever fails?
//!
//! ```text
//! cargo xtask check-consistency --seconds 30 --seed 1
//! cargo xtask check-consistency --help
//! ```
//!
//! Starts a PostgreSQL primary and two standbys, and three routers to them that share token keys, as
//! three processes of one service would. Sessions write and read at random and move between the
//! routers by token, while faults are injected from a schedule that the seed gives. What every session
//! wrote and read is then checked, with pure code: see `check.rs` for the rules.
//!
//! Exits with 0 if all is well, with 1 if a session's guarantee was violated, with 2 for an option
//! that makes no sense, with 130 after Ctrl-C.

mod act;
mod asynchronous;
mod blocking;
mod check;
mod client;
mod faults;
mod floor;
mod history;
mod kept;
mod nodes;
mod options;
mod progress;
mod report;
mod run;
mod schedule;
mod story;
mod table;

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use options::Options;

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(options) => options,
        Err(exit) => return exit,
    };
    let (code, text) = match work(&options) {
        Ok(Some(true)) => return ExitCode::SUCCESS,
        Ok(Some(false)) => return ExitCode::from(1),
        // The shells' convention for a program that a Ctrl-C ended.
        Ok(None) => (130, "interrupted; the servers are gone".to_owned()),
        Err(error) => (1, format!("seed {}: {error:#}", options.seed())),
    };
    // Nothing is left to be done if the terminal is gone, too.
    let _ = writeln!(stderr(), "check-consistency: {text}");
    ExitCode::from(code)
}

/// Whether every guarantee held; `None` if a signal ended it.
fn work(options: &Options) -> Result<Option<bool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let on_signal = Arc::clone(&stop);
    ctrlc::set_handler(move || on_signal.store(true, Ordering::Relaxed))
        .context("could not watch Ctrl-C")?;

    let mut out = stdout();
    report::introduce(&mut out, options)?;
    let Some(outcome) = run::run(options, &stop)? else {
        return Ok(None);
    };
    let violations = check::check(&outcome.records, &outcome.kept);
    report::summary(&mut out, &outcome, violations.len())?;
    if let Some(first) = violations.first() {
        report::by_guarantee(&mut out, &violations)?;
        story::tell(&mut out, options, &outcome, first)?;
    }
    Ok(Some(violations.is_empty()))
}
