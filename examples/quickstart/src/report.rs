//! What is printed.

use std::io::{Result, Write};

use comfy_table::{CellAlignment, Table, presets};
use humantime::format_duration;

use crate::board::{Sample, Tally};
use crate::options::{Options, READ_AFTER};
use crate::round::Round;
use crate::strategy::Strategy;

/// The verdict on a run: whether it has shown what it is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Naive reads were stale, session reads were not.
    Shown,
    /// So many session reads were stale.
    StaleSessions(u32),
    /// No naive read was stale.
    NothingStale,
}

impl Verdict {
    pub(crate) fn of(naive: &Round, sessions: &Round) -> Self {
        let stale = |round: &Round| round.tallies.iter().map(|tally| tally.stale).sum();
        match (stale(naive), stale(sessions)) {
            (0, 0) => Self::NothingStale,
            (_, 0) => Self::Shown,
            (_, stale) => Self::StaleSessions(stale),
        }
    }

    /// Explains what went wrong, and what to do.
    pub(crate) fn explain(self, options: &Options) -> String {
        let (lag, window) = (
            format_duration(options.lag),
            format_duration(options.window),
        );
        match self {
            Self::Shown => String::new(),
            Self::StaleSessions(stale) if options.window <= options.lag => format!(
                "{stale} session reads were stale: the window of {window} ends before replicas that are {lag} \
                 behind have the write; give a --window longer than the --lag"
            ),
            Self::StaleSessions(stale) => format!(
                "{stale} session reads were stale: the replicas fell further behind than the window of \
                 {window}; this machine is busy, so give a longer --window"
            ),
            Self::NothingStale => format!(
                "no read was stale, so this run shows nothing: every read came later than the lag of {lag}; \
                 give a longer --lag or more --users"
            ),
        }
    }
}

pub(crate) fn introduce(out: &mut impl Write, options: &Options) -> Result<()> {
    let Options {
        users, replicas, ..
    } = options;
    writeln!(
        out,
        "A primary and {replicas} replica{}, {} behind. {users} user{} for {}, twice: each views pages,\n\
         changes a setting once, and reads it again {READ_AFTER:?} later.",
        plural(*replicas),
        format_duration(options.lag),
        plural(*users),
        format_duration(options.visit()),
    )
}

/// Prints the reads of one user, with their routes.
pub(crate) fn samples(out: &mut impl Write, round: &Round, strategy: Strategy) -> Result<()> {
    for tally in &round.tallies {
        let Tally { reads, stale, .. } = tally;
        writeln!(
            out,
            "   {}: {reads} reads, {stale} stale",
            tally.strategy.name()
        )?;
    }
    writeln!(
        out,
        "   One user's reads, timed from the change ({}):",
        strategy.name()
    )?;
    let change = round.change.as_secs_f64();
    let of_strategy = |sample: &&Sample| sample.strategy == strategy;
    for Sample {
        due,
        page,
        is_stale,
        ..
    } in round.samples.iter().filter(of_strategy)
    {
        let after = due.as_secs_f64() - change;
        let stale = if *is_stale { "  <- stale" } else { "" };
        writeln!(
            out,
            "   {after:+6.1} s  {:<9}  {:<19}  {}{stale}",
            page.node, page.reason, page.theme
        )?;
    }
    Ok(())
}

pub(crate) fn table(out: &mut impl Write, rounds: &[&Round]) -> Result<()> {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN);
    table.set_header(["strategy", "reads", "stale reads", "served by replicas"]);
    for tally in rounds.iter().flat_map(|round| &round.tallies) {
        table.add_row([
            tally.strategy.name().to_owned(),
            tally.reads.to_string(),
            tally.stale.to_string(),
            share(tally.by_replicas, tally.reads),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "\n{table}")
}

pub(crate) fn conclude(out: &mut impl Write, options: &Options) -> Result<()> {
    writeln!(
        out,
        "\nNo session read was stale: after a write, a session reads from the primary for {}.\n\
         A window shorter than the lag lets stale reads through; see it with --window {}",
        format_duration(options.window),
        // Without the space in `1s 500ms`, to be pasted into a shell.
        format_duration(options.lag / 2)
            .to_string()
            .replace(' ', ""),
    )
}

fn share(part: u32, whole: u32) -> String {
    format!("{:.0} %", 100.0 * f64::from(part) / f64::from(whole.max(1)))
}

fn plural(count: u16) -> &'static str {
    if count == 1 { "" } else { "s" }
}
