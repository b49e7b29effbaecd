//! The rules. Pure: a history and what the database has kept in, violations out.
//!
//! A session's *floor* is what every state it is shown must have, per key: what it wrote, what it read,
//! and what the sessions whose writes it saw had written and read before them. So the four session
//! guarantees (Terry et al., 1994) are one comparison, and a violation is named by how the missing version
//! got into the floor:
//!
//! | guarantee | a state lacks |
//! |---|---|
//! | read your writes | what the session wrote |
//! | monotonic reads | what the session read |
//! | monotonic writes | what a session had written before a write that is seen |
//! | writes follow reads | what a session had read before a write that is seen |
//!
//! A read at a level that promises the writes of everyone (`strong`, `bounded`) is also compared with what was acknowledged by
//! then.
//!
//! What counts and what does not:
//!
//! - A write of unknown outcome may be there or not; whoever has seen it must go on seeing it.
//! - A read at level `eventual` promises nothing, but what it has shown must not vanish.
//! - Versions that a failover lost bind reads until the standby is promoted. From then on, they are the
//!   database's loss; what was kept below them still binds.
//! - A version of a timeline that ended must not be shown to who has seen a later timeline.
//! - A commit is shown on a standby as soon as that has replayed it, which can be a moment before the
//!   primary shows it itself: the committing process must still be given the processor. (MariaDB sends it
//!   once it is in the binary log, and then commits it.) So a read
//!   from the primary may lack a version that a standby has shown, while its commit is not acknowledged.
//!   No router can know; such reads are counted as *early*, and are no violation. The next version of the
//!   row cannot be written before the primary shows this one, so at most one is missing.
//! - A version that nobody has committed, or that vanished without a failover, is a violation too.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use super::floor::{Floor, Known, Why};
use super::history::{Event, Read, Record};
use super::kept::{Fate, Kept};
use super::row::Row;

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The promise.
    pub guarantee: Guarantee,
    /// The record of the read or write that shows it.
    pub at: usize,
    /// The row that was shown.
    pub found: Row,
    /// The version that should have been there.
    pub needed: Option<Known>,
}

/// A promise about what reads show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "recorders and reports know them all"
)]
pub enum Guarantee {
    /// A session sees what it wrote.
    ReadYourWrites,
    /// A session sees no less than it has seen.
    MonotonicReads,
    /// Who sees a write sees what its session had written before.
    MonotonicWrites,
    /// Who sees a write sees what its session had read before.
    WritesFollowReads,
    /// A read at a level that promises the writes of everyone, or those up to some age, shows what was acknowledged by then.
    Acknowledged,
    /// Only what was committed is shown, and what was acknowledged stays.
    Committed,
}

/// The findings in a history.
#[derive(Debug, Default)]
pub struct Findings {
    /// The promises that were not kept, in the order of the records that show it.
    pub violations: Vec<Violation>,
    /// Reads from the primary that lack what a standby has shown early.
    pub early: usize,
}

/// A commit whose acknowledgement never came is over by then: all that it waits for is the processor.
const EARLY: Duration = Duration::from_secs(1);

/// Checks a history against what the database has kept of it.
#[must_use]
pub fn check(records: &[Record], kept: &Kept) -> Findings {
    let mut checker = Checker {
        records,
        kept,
        acknowledged: HashMap::new(),
        versions: HashMap::new(),
        ended: HashMap::new(),
        sessions: HashMap::new(),
        tokens: HashMap::new(),
        before: HashMap::new(),
        implied: HashMap::new(),
        findings: Findings::default(),
    };
    for (at, record) in records.iter().enumerate() {
        checker.take(at, record);
    }
    checker.findings
}

struct Checker<'a> {
    records: &'a [Record],
    kept: &'a Kept,
    /// By write: the record that acknowledges it, up to the record at hand.
    acknowledged: HashMap<i64, usize>,
    /// By key: the versions that were acknowledged, with the records that say so, in their order. None of them is below the one
    /// before.
    versions: HashMap<i32, Vec<Known>>,
    /// Timelines that ended, up to the record at hand.
    ended: HashMap<i32, usize>,
    sessions: HashMap<u32, Floor>,
    tokens: HashMap<u64, Floor>,
    /// By write: what its session knew when it was sent.
    before: HashMap<i64, Floor>,
    /// By key: what each of the kept versions implies, with all below it.
    implied: HashMap<i32, Vec<Floor>>,
    findings: Findings,
}

impl Checker<'_> {
    fn take(&mut self, at: usize, record: &Record) {
        let session = record.session;
        match &record.event {
            Event::Sends { writer } => {
                let before = self.floor(session).for_others();
                self.before.insert(*writer, before);
            }
            Event::Wrote(row) => {
                self.acknowledged.insert(row.writer, at);
                self.raise(row, at);
                let floor = self.floor(session).for_others();
                self.compare(at, None, row, &floor);
                let mut floor = self.floor(session);
                floor.join(&self.implied_by(row));
                self.add(&mut floor, row, Why::Wrote, at);
                self.sessions.insert(session, floor);
            }
            Event::Reads(reads) => {
                let floor = self.floor(session);
                let mut after = floor.clone();
                for read in reads {
                    after.join(&self.read(at, read, &floor));
                }
                self.sessions.insert(session, after);
            }
            Event::Issues { token } => {
                let floor = self.floor(session);
                self.tokens.insert(*token, floor);
            }
            Event::Absorbs { token } => {
                if let Some(floor) = self.tokens.get(token) {
                    self.sessions.entry(session).or_default().join(floor);
                }
            }
            Event::Ends { timeline } => {
                self.ended.entry(*timeline).or_insert(at);
            }
            Event::RolledBack { .. } | Event::Fault(_) => {}
        }
    }

    fn floor(&self, session: u32) -> Floor {
        self.sessions.get(&session).cloned().unwrap_or_default()
    }

    /// Checks a read of a session that had this floor; returns what it has shown.
    fn read(&mut self, at: usize, read: &Read, floor: &Floor) -> Floor {
        let mut shown = Floor::default();
        for row in &read.rows {
            shown.join(&self.implied_by(row));
        }
        for row in &read.rows {
            if self.kept.fate(row) == Fate::Unexplained {
                self.violate(Guarantee::Committed, at, row, None);
                continue;
            }
            // One statement sees one state: what its rows imply must be in it.
            self.compare(at, Some(read), row, &shown);
            if read.promised {
                self.compare(at, Some(read), row, floor);
            }
            if let Some(by) = read.everyones {
                self.compare_with_everyones(at, row, by);
            }
        }
        for row in &read.rows {
            self.add(&mut shown, row, Why::Read, at);
        }
        shown
    }

    fn compare(&mut self, at: usize, read: Option<&Read>, row: &Row, floor: &Floor) {
        let missing = floor
            .of(row.key)
            .find(|known| !self.has(row, &known.row))
            .copied();
        if let Some(missing) = missing {
            if read.is_some_and(|read| self.was_early(read, row, &missing)) {
                self.findings.early += 1;
                return;
            }
            let guarantee = match missing.why {
                Why::Wrote => Guarantee::ReadYourWrites,
                Why::Read => Guarantee::MonotonicReads,
                Why::WroteBefore => Guarantee::MonotonicWrites,
                Why::ReadBefore => Guarantee::WritesFollowReads,
                Why::Acknowledged => Guarantee::Acknowledged,
            };
            self.violate(guarantee, at, row, Some(missing));
        }
    }

    /// Records an acknowledged version, if it is the highest so far.
    fn raise(&mut self, row: &Row, at: usize) {
        // A version that a failover lost binds nobody but those who saw it.
        if self.kept.fate(row) != Fate::Kept {
            return;
        }
        let versions = self.versions.entry(row.key).or_default();
        if versions
            .last()
            .is_none_or(|last| last.row.version < row.version)
        {
            versions.push(Known {
                row: *row,
                why: Why::Acknowledged,
                since: at,
            });
        }
    }

    /// Compares a row with what was acknowledged by then, whoever wrote it.
    fn compare_with_everyones(&mut self, at: usize, row: &Row, by: Duration) {
        let is_by_then = |known: &Known| {
            let record = self.records.get(known.since);
            record.is_some_and(|record| record.at <= by)
        };
        let known = self.versions.get(&row.key).and_then(|versions| {
            let end = versions.partition_point(is_by_then);
            versions[..end].last().copied()
        });
        if let Some(known) = known.filter(|known| !self.has(row, &known.row)) {
            self.violate(Guarantee::Acknowledged, at, row, Some(known));
        }
    }

    /// Returns whether a state that shows `row` has `needed`, or may lack it now.
    fn has(&self, row: &Row, needed: &Row) -> bool {
        match (self.kept.fate(needed), self.kept.fate(row)) {
            (Fate::Kept, Fate::Kept) => needed.version <= row.version,
            // Its history forked off after `needed`, unless `needed` is of a later timeline.
            (Fate::Kept, Fate::Lost(of)) => needed.timeline <= of,
            (Fate::Lost(needed_of), Fate::Lost(of)) if needed_of == of => {
                needed.version <= row.version
            }
            (Fate::Lost(needed_of), Fate::Lost(of)) => needed_of < of,
            (Fate::Lost(of), Fate::Kept) => row.timeline > of || self.ended.contains_key(&of),
            (Fate::Unexplained, _) | (_, Fate::Unexplained) => true,
        }
    }

    /// Returns whether a standby has shown the missing version before the primary could.
    fn was_early(&self, read: &Read, row: &Row, missing: &Known) -> bool {
        let acknowledged = self.acknowledged.get(&missing.row.writer);
        let since = self.records.get(missing.since).map(|record| record.at);
        read.is_primary
            && missing.row.version == row.version + 1
            && acknowledged.is_none_or(|&record| record >= read.began.records)
            && since.is_some_and(|since| read.began.at.saturating_sub(since) < EARLY)
    }

    fn add(&mut self, floor: &mut Floor, row: &Row, why: Why, at: usize) {
        if self.kept.fate(row) == Fate::Unexplained {
            if why == Why::Wrote {
                self.violate(Guarantee::Committed, at, row, None);
            }
            return;
        }
        let (row, since) = (*row, at);
        floor.add(Known { row, why, since }, self.kept);
    }

    /// Returns what a state that shows `row` must have besides.
    fn implied_by(&mut self, row: &Row) -> Floor {
        match self.kept.fate(row) {
            Fate::Kept => self.implied_up_to(row.key, row.version),
            Fate::Lost(timeline) => {
                let fork = self.kept.fork(row.key, timeline).map(|row| row.version);
                let mut floor = self.implied_up_to(row.key, fork.unwrap_or_default());
                floor.join(self.before.get(&row.writer).unwrap_or(&Floor::default()));
                floor
            }
            Fate::Unexplained => Floor::default(),
        }
    }

    /// Returns what all versions up to one that is seen imply: they were sent before, so it is known.
    fn implied_up_to(&mut self, key: i32, version: i64) -> Floor {
        let Some(index) = usize::try_from(version).ok() else {
            return Floor::default();
        };
        let implied = self
            .implied
            .entry(key)
            .or_insert_with(|| vec![Floor::default()]);
        while implied.len() <= index {
            let mut floor = implied.last().cloned().unwrap_or_default();
            let version = i64::try_from(implied.len()).unwrap_or(i64::MAX);
            let write = self.kept.get(key, version);
            if let Some(before) = write.and_then(|row| self.before.get(&row.writer)) {
                floor.join(before);
            }
            implied.push(floor);
        }
        implied[index].clone()
    }

    fn violate(&mut self, guarantee: Guarantee, at: usize, found: &Row, needed: Option<Known>) {
        self.findings.violations.push(Violation {
            guarantee,
            at,
            found: *found,
            needed,
        });
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadYourWrites => "read your writes",
            Self::MonotonicReads => "monotonic reads",
            Self::MonotonicWrites => "monotonic writes",
            Self::WritesFollowReads => "writes follow reads",
            Self::Acknowledged => {
                "everyone's acknowledged writes, up to the age that the level allows"
            }
            Self::Committed => "only committed versions, which stay",
        })
    }
}

#[cfg(test)]
mod tests;
