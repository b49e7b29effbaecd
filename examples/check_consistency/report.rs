//! What is printed.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;
use std::io::{Result, Write};

use crate::options::Options;
use crate::outcome::Outcome;
use diesel_routing_verify::oracle::Fate;
use diesel_routing_verify::oracle::{Event, Read};
use diesel_routing_verify::oracle::{Findings, Violation};

pub(crate) fn introduce(out: &mut impl Write, options: &Options) -> Result<()> {
    writeln!(
        out,
        "seed {}: {} clients for {:?} on {}, pool {}, topology {}, strategy {}",
        options.seed(),
        options.clients,
        options.length(),
        options.backend.name(),
        options.pool.name(),
        options.topology.name(),
        options.strategy.name()
    )
}

pub(crate) fn summary(out: &mut impl Write, outcome: &Outcome, found: &Findings) -> Result<()> {
    let count = Count::of(outcome);
    writeln!(
        out,
        "operations  {} ({} reads, {} writes acknowledged, {} of unknown outcome, {} tokens taken over)",
        count.reads.len() + count.acknowledged + count.unknown + count.tokens,
        count.reads.len(),
        count.acknowledged,
        count.unknown,
        count.tokens,
    )?;
    let off_primary = count.reads.iter().filter(|read| !read.is_primary).count();
    writeln!(
        out,
        "reads       {} kept off the primary",
        share(off_primary, count.reads.len())
    )?;
    shares(out, "by node", count.reads.iter().map(|read| &read.node))?;
    shares(out, "by reason", count.reads.iter().map(|read| read.reason))?;
    counts(out, "faults", &outcome.faults)?;
    counts(out, "errors", &outcome.errors)?;
    writeln!(
        out,
        "failovers   lost {} acknowledged versions: the database's loss, since it replicates asynchronously",
        count.lost
    )?;
    writeln!(
        out,
        "early       {} reads from the primary lacked a commit that a standby had shown before it was acknowledged",
        found.early
    )?;
    writeln!(out, "violations  {}", found.violations.len())
}

/// Counts the reads that were checked against a promise.
pub(crate) fn promised(outcome: &Outcome) -> usize {
    let reads = outcome
        .records
        .iter()
        .flat_map(|record| match &record.event {
            Event::Reads(reads) => reads.as_slice(),
            _ => &[],
        });
    reads.filter(|read| read.promised).count()
}

/// Returns why a run without a violation shows nothing; `None` if it shows something.
pub(crate) fn is_void(outcome: &Outcome) -> Option<&'static str> {
    let count = Count::of(outcome);
    let off_primary = |read: &&&Read| read.promised && !read.is_primary;
    if count.acknowledged == 0 {
        Some("no write was acknowledged")
    } else if count.reads.iter().filter(off_primary).count() == 0 {
        Some("no replica served a read that was promised anything")
    } else {
        None
    }
}

pub(crate) fn by_guarantee(out: &mut impl Write, violations: &[Violation]) -> Result<()> {
    let mut counted = BTreeMap::new();
    for violation in violations {
        *counted.entry(violation.guarantee).or_default() += 1;
    }
    counts(out, "of which", &counted)
}

struct Count<'a> {
    reads: Vec<&'a Read>,
    acknowledged: usize,
    unknown: usize,
    tokens: usize,
    lost: usize,
}

impl<'a> Count<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let mut count = Self {
            reads: Vec::new(),
            acknowledged: 0,
            unknown: 0,
            tokens: 0,
            lost: 0,
        };
        let mut open = HashSet::new();
        for record in &outcome.records {
            match &record.event {
                Event::Reads(reads) => count.reads.extend(reads),
                Event::Sends { writer } => {
                    open.insert(*writer);
                }
                Event::Wrote(row) => {
                    count.acknowledged += usize::from(open.remove(&row.writer));
                    count.lost += usize::from(matches!(outcome.kept.fate(row), Fate::Lost(_)));
                }
                Event::RolledBack { writer } => {
                    open.remove(writer);
                }
                Event::Absorbs { .. } => count.tokens += 1,
                Event::Issues { .. } | Event::Ends { .. } | Event::Fault(_) => {}
            }
        }
        count.unknown = open.len();
        count
    }
}

fn shares<T: Ord + Display>(
    out: &mut impl Write,
    title: &str,
    items: impl Iterator<Item = T>,
) -> Result<()> {
    let mut counted = BTreeMap::new();
    for item in items {
        *counted.entry(item).or_insert(0) += 1;
    }
    let whole = counted.values().sum();
    let shares = counted
        .iter()
        .map(|(item, count)| format!("{item} {}", share(*count, whole)));
    writeln!(
        out,
        "  {title:<9} {}",
        shares.collect::<Vec<_>>().join(", ")
    )
}

fn counts<T: Ord + Display>(
    out: &mut impl Write,
    title: &str,
    counted: &BTreeMap<T, u64>,
) -> Result<()> {
    let whole: u64 = counted.values().sum();
    writeln!(out, "{title:<11} {whole}")?;
    for (item, count) in counted {
        writeln!(out, "  {count:>8} {item}")?;
    }
    Ok(())
}

fn share(part: usize, whole: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let share = 100.0 * part as f64 / whole.max(1) as f64;
    format!("{share:.1} %")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::table::Row;
    use diesel_routing_verify::oracle::{Moment, Record};

    fn outcome(events: &[Event]) -> Outcome {
        let at = Duration::ZERO;
        let record = |event: &Event| Record {
            at,
            session: 1,
            event: event.clone(),
        };
        Outcome {
            records: events.iter().map(record).collect(),
            kept: diesel_routing_verify::oracle::Kept::default(),
            faults: BTreeMap::new(),
            errors: BTreeMap::new(),
        }
    }

    fn reads(promised: bool, is_primary: bool) -> Event {
        let (at, records) = (Duration::ZERO, 0);
        Event::Reads(vec![Read {
            rows: Vec::new(),
            began: Moment { at, records },
            promised,
            everyones: None,
            node: "ro".to_owned(),
            is_primary,
            reason: "caught_up",
        }])
    }

    #[test]
    fn a_run_without_a_write_or_a_promised_read_from_a_replica_shows_nothing() {
        let sends = Event::Sends { writer: 1 };
        let row = Row {
            version: 1,
            writer: 1,
            ..Row::before_all(1)
        };
        let writes = [sends, Event::Wrote(row)];
        let run = |read| outcome(&[&writes[..], &[read]].concat());
        assert!(is_void(&outcome(&[reads(true, false)])).is_some());
        assert!(is_void(&run(reads(true, true))).is_some());
        assert!(is_void(&run(reads(false, false))).is_some());
        let full = run(reads(true, false));
        assert_eq!((is_void(&full), promised(&full)), (None, 1));
    }
}
