//! Tells how a violation came about.

use std::io::{Result, Write};

use crate::options::Options;
use crate::outcome::Outcome;
use crate::table::Row;
use diesel_routing_verify::oracle::Violation;
use diesel_routing_verify::oracle::{Event, Read, Record};

/// Events of the session that are told, before the violation.
const MOST: usize = 30;

pub(crate) fn tell(
    out: &mut impl Write,
    options: &Options,
    outcome: &Outcome,
    violation: &Violation,
) -> Result<()> {
    let records = &outcome.records;
    let at = &records[violation.at];
    writeln!(
        out,
        "\nThe first one: {}, session {}, {}",
        violation.guarantee,
        at.session,
        time(at)
    )?;
    writeln!(out, "  shown    {}", row(&violation.found))?;
    let needed = violation.needed.as_ref();
    if let Some(needed) = needed {
        let since = &records[needed.since];
        writeln!(
            out,
            "  missing  {}, known from session {}, {}",
            row(&needed.row),
            since.session,
            time(since)
        )?;
    }
    writeln!(out, "\nIts history, with the faults:")?;
    for record in chosen(records, violation) {
        writeln!(out, "{}  {}", time(record), line(record))?;
    }
    writeln!(
        out,
        "\nThe same faults again: cargo xtask check-consistency --seconds {} --seed {} --clients {} --backend {} --pool {} --topology {} --strategy {}",
        options.length().as_secs(),
        options.seed(),
        options.clients,
        options.backend.name(),
        options.pool.name(),
        options.topology.name(),
        options.strategy.name()
    )
}

/// Chooses what the session did last, who made and who told of the versions, and what failed meanwhile.
fn chosen<'a>(records: &'a [Record], violation: &Violation) -> Vec<&'a Record> {
    let session = records[violation.at].session;
    let mut writers = vec![violation.found.writer];
    writers.extend(violation.needed.map(|needed| needed.row.writer));
    let is_made = |event: &Event| match event {
        Event::Sends { writer } => writers.contains(writer),
        Event::Wrote(row) => writers.contains(&row.writer),
        Event::Ends { .. } => true,
        _ => false,
    };
    let until = &records[..=violation.at];
    let recent = until
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, record)| record.session == session)
        .take(MOST)
        .map(|(index, _)| index);
    let since = violation.needed.map(|needed| needed.since);
    let from = recent.clone().chain(since).min().unwrap_or(violation.at);
    let mut indexes: Vec<_> = until
        .iter()
        .enumerate()
        .filter(|(index, record)| {
            is_made(&record.event) || *index >= from && matches!(record.event, Event::Fault(_))
        })
        .map(|(index, _)| index)
        .chain(recent)
        .chain(since)
        .collect();
    indexes.sort_unstable();
    indexes.dedup();
    indexes.into_iter().map(|index| &records[index]).collect()
}

fn line(record: &Record) -> String {
    let session = record.session;
    match &record.event {
        Event::Sends { writer } => format!("session {session:<5} sends write {writer}"),
        Event::Wrote(written) => format!("session {session:<5} wrote {}", row(written)),
        Event::RolledBack { writer } => {
            format!("session {session:<5} rolled write {writer} back")
        }
        Event::Reads(reads) => {
            let reads: Vec<_> = reads.iter().map(read).collect();
            format!("session {session:<5} read  {}", reads.join(", and "))
        }
        Event::Issues { token } => format!("session {session:<5} gives token {token}"),
        Event::Absorbs { token } => format!("session {session:<5} takes token {token}"),
        Event::Ends { timeline } => format!("** timeline {timeline} ends"),
        Event::Fault(text) => format!("** {text}"),
    }
}

fn read(read: &Read) -> String {
    let rows: Vec<_> = read.rows.iter().map(row).collect();
    let level = if read.promised { "" } else { ", eventual" };
    let role = if read.is_primary { ", the primary" } else { "" };
    format!(
        "{} from {}{role} ({}{level})",
        rows.join(" "),
        read.node,
        read.reason
    )
}

fn row(row: &Row) -> String {
    format!(
        "[key {} v{} by {} on t{}]",
        row.key, row.version, row.writer, row.timeline
    )
}

fn time(record: &Record) -> String {
    format!("{:>9.4} s", record.at.as_secs_f64())
}
