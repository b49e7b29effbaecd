//! diesel-routing side by side with what people would use instead: see the package's README for the rules.
//!
//! ```text
//! cargo bench --package peers -- --help
//! cargo bench --package peers -- --clients 8,32,128 --charts ../../docs/charts
//! cargo bench --package peers -- --servers mariadb --charts ../../docs/charts
//! ```

mod backend;
mod chart;
mod options;
mod peers;
mod processor_time;
mod program;
mod raw;
mod round;
mod routed;
mod servers;
mod side;
mod statements;
mod summary;
mod table;
mod tally;
mod targets;
mod turn;
mod workload;

// What the bench `offload` has as well.
#[path = "../../support/counters.rs"]
mod counters;
#[path = "../../support/oracle/mod.rs"]
mod oracle;

use std::fs;
use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use options::Options;
use round::Outcome;
use side::Side;
use summary::Summary;

/// Runs the comparison that the command line asks for.
#[must_use]
pub fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("peers: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    let mut out = stdout();
    if options.list {
        for side in Side::all(options) {
            writeln!(out, "{}", side.name)?;
        }
        return Ok(());
    }
    let outcome = match options.from.as_slice() {
        [] => measured(options)?,
        files => {
            let mut outcome = Outcome::default();
            for file in files {
                let text = fs::read(file).with_context(|| file.display().to_string())?;
                let turns: Vec<turn::Turn> =
                    serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
                outcome.turns.extend(turns);
            }
            outcome
        }
    };
    // First, so that whatever fails below does not lose it.
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec(&outcome.turns)?)?;
    }
    let summary = Summary::of(&outcome.turns);
    write!(out, "{}", table::all(&summary))?;
    for (why, sides) in &outcome.left_out {
        writeln!(out, "Left out: {}: {why}", sides.join("; "))?;
    }
    writeln!(out, "\n{}", targets::all(&summary))?;
    if let Some(dir) = &options.charts {
        fs::create_dir_all(dir)?;
        for file in chart::draw(&summary, dir)? {
            say(&format!("drawn: {}", file.display()));
        }
    }
    let stale = outcome
        .turns
        .iter()
        .filter(|turn| Side::is_ours(&turn.side));
    match stale.map(|turn| turn.stale).sum::<u64>() {
        0 => Ok(()),
        count => bail!("{count} reads through sessions lacked their user's last write"),
    }
}

fn measured(options: &Options) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name(processor_time::CLIENT)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut ends = signal(SignalKind::terminate())?;
        // Either way, what was started is dropped, and so ended.
        tokio::select! {
            outcome = round::measure(options, say) => outcome,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = ends.recv() => bail!("terminated"),
        }
    })
}

/// Tells whoever waits how far it is.
fn say(line: &str) {
    // Nothing is left to be done if the terminal is gone.
    let _ = writeln!(stderr(), "{line}");
}
