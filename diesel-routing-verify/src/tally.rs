//! `Tally`: what is counted while a run goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::act::Act;
use crate::failure::Failure;
use crate::mark::Word;
use crate::seen::Seen;
use crate::subject::{Answer, Level};

/// The kinds of acts, as reports name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Read(Level),
    Snapshot,
    Lock,
    Write { locks: bool },
    HandOver,
}

impl Doing {
    pub(crate) fn of(act: &Act) -> Self {
        match act {
            Act::Read(level, _) => Self::Read(*level),
            Act::Snapshot(_) => Self::Snapshot,
            Act::Lock(..) => Self::Lock,
            Act::Write { locks, .. } => Self::Write { locks: *locks },
            Act::HandOver | Act::Renew => Self::HandOver,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read(Level::Eventual) => "read eventual",
            Self::Read(Level::Bounded) => "read bounded",
            Self::Read(Level::Session) => "read session",
            Self::Read(Level::Strong) => "read strong",
            Self::Snapshot => "read snapshot",
            Self::Lock => "lock",
            Self::Write { locks: false } => "write",
            Self::Write { locks: true } => "lock and write",
            Self::HandOver => "hand over",
        }
    }

    fn is_read(self) -> bool {
        matches!(self, Self::Read(_) | Self::Snapshot)
    }
}

/// Something that must not be, seen inside one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Odd {
    /// Two reads in one snapshot have shown two versions.
    TornSnapshot,
    /// A row that was locked has changed under the lock.
    LockNotHeld,
}

/// The place where statements ran, by the word of the servers that ran them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ran {
    pub(crate) word: Word,
    /// Set if only the primary may run it: a read that is strong.
    pub(crate) is_strong: bool,
    /// The name of the node, by the subject.
    pub(crate) node: String,
    /// The server's name for itself.
    pub(crate) server: String,
    /// Set if it calls itself a replica.
    pub(crate) replica: Option<bool>,
}

/// The settings of connections.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Settings {
    pub(crate) node: String,
    pub(crate) pool: &'static str,
    pub(crate) isolation: String,
    pub(crate) is_read_only: bool,
}

/// Failures of one code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failures {
    pub(crate) count: u64,
    /// The first one's words.
    pub(crate) example: String,
}

/// The events of one second.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Second {
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) errors: u64,
}

/// The counts while a run goes on.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Reads, by what they were, node, and reason.
    pub(crate) reads: BTreeMap<(&'static str, String, &'static str), u64>,
    /// Durations in microseconds, by what took them and node.
    pub(crate) latencies: BTreeMap<(&'static str, String), Latencies>,
    pub(crate) ran: BTreeMap<Ran, u64>,
    /// Statements and connections, by settings.
    pub(crate) settings: BTreeMap<Settings, (u64, BTreeSet<(String, i64)>)>,
    pub(crate) errors: BTreeMap<(&'static str, String), Failures>,
    /// Writes and locks that a read-only server refused, by what they were.
    pub(crate) refused: BTreeMap<&'static str, Failures>,
    pub(crate) odd: BTreeMap<(Odd, String), Failures>,
    pub(crate) seconds: Vec<Second>,
    pub(crate) handed_over: u64,
    pub(crate) acts: u64,
    pub(crate) failed: u64,
    last: usize,
}

/// Durations in microseconds.
#[derive(Debug)]
pub(crate) struct Latencies(pub(crate) Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        // Three digits are more than runs have in common; beyond a minute, nobody waits.
        let bounded = Histogram::new_with_bounds(1, 60_000_000, 3);
        Self(bounded.expect("the bounds are constant and valid"))
    }
}

impl Tally {
    /// Counts an act that succeeded.
    pub(crate) fn saw(
        &mut self,
        doing: Doing,
        word: Word,
        at: Duration,
        took: Duration,
        answer: &Answer,
    ) {
        self.acts += 1;
        let loan = &answer.loan;
        let second = self.second(at);
        if doing.is_read() {
            second.reads += 1;
            let key = (doing.name(), loan.node.clone(), loan.reason);
            *self.reads.entry(key).or_default() += 1;
        } else {
            second.writes += 1;
        }
        let latencies = self.latencies.entry((doing.name(), loan.node.clone()));
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        latencies.or_default().0.saturating_record(micros);
        if let Some(seen) = answer.last.first().or(answer.first.first()) {
            self.ran(doing, word, seen, answer);
            self.settings(seen, answer);
        }
    }

    /// Counts an act that failed.
    pub(crate) fn failed(&mut self, doing: Doing, failure: Failure) {
        self.failed += 1;
        let now = self.last;
        if let Some(second) = self.seconds.get_mut(now) {
            second.errors += 1;
        }
        let Failure {
            code,
            text,
            is_read_only,
        } = failure;
        if is_read_only && !doing.is_read() {
            self.refused.entry(doing.name()).or_default().add(&text);
        }
        self.errors
            .entry((doing.name(), code))
            .or_default()
            .add(&text);
    }

    /// Counts something that must not be.
    pub(crate) fn odd(&mut self, odd: Odd, node: &str, found: &str) {
        self.odd
            .entry((odd, node.to_owned()))
            .or_default()
            .add(found);
    }

    /// Counts a session that went on elsewhere.
    pub(crate) fn handed_over(&mut self) {
        self.handed_over += 1;
    }

    fn ran(&mut self, doing: Doing, word: Word, seen: &Seen, answer: &Answer) {
        let ran = Ran {
            word,
            // Of a strategy, nothing is known but that it reads.
            is_strong: doing == Doing::Read(Level::Strong) && answer.loan.is_primary.is_some(),
            node: answer.loan.node.clone(),
            server: seen.server.clone(),
            replica: seen.replica.map(|replica| replica != 0),
        };
        *self.ran.entry(ran).or_default() += 1;
    }

    fn settings(&mut self, seen: &Seen, answer: &Answer) {
        let settings = Settings {
            node: answer.loan.node.clone(),
            pool: answer.loan.pool,
            isolation: seen.isolation.to_lowercase().replace('-', " "),
            is_read_only: seen.read_only != 0,
        };
        let (count, connections) = self.settings.entry(settings).or_default();
        *count += 1;
        let connection = (seen.server.clone(), seen.connection);
        if !connections.contains(&connection) {
            connections.insert(connection);
        }
    }

    fn second(&mut self, at: Duration) -> &mut Second {
        let index = usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
        self.last = self.last.max(index);
        if self.seconds.len() <= index {
            self.seconds.resize(index + 1, Second::default());
        }
        &mut self.seconds[index]
    }
}

impl Failures {
    pub(crate) fn add(&mut self, text: &str) {
        self.count += 1;
        if self.example.is_empty() {
            self.example = text.to_owned();
        }
    }
}
