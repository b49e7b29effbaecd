//! What happened, in order.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::table::Row;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    /// Since the start.
    pub(crate) at: Duration,
    /// Whose doing it was.
    pub(crate) session: u32,
    pub(crate) event: Event,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// A write is about to be sent. It may take effect from now on, even if its outcome stays unknown.
    Sends { writer: i64 },
    /// It was acknowledged.
    Wrote(Row),
    /// It was rolled back: nobody must ever see it.
    RolledBack { writer: i64 },
    /// Reads that were out at the same time.
    Reads(Vec<Read>),
    /// The session's token is taken.
    Issues { token: u64 },
    /// The session goes on from that token, too.
    Absorbs { token: u64 },
    /// A standby is about to be promoted: versions of this timeline may get lost. No session's doing.
    Ends { timeline: i32 },
    /// What failed, or was undone. No session's doing.
    Fault(String),
}

/// What one statement has shown: a snapshot of some keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub(crate) rows: Vec<Row>,
    pub(crate) began: Moment,
    /// Whether the session was promised what it wrote and saw; if not, it still must not see less later.
    pub(crate) promised: bool,
    pub(crate) node: String,
    /// Set if it ran on the primary, by whatever name.
    pub(crate) is_primary: bool,
    pub(crate) reason: &'static str,
}

/// A moment of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moment {
    /// Since the start.
    pub(crate) at: Duration,
    /// How many records there were.
    pub(crate) records: usize,
}

/// The sessions' common notebook. An event that makes another possible is noted before it.
#[derive(Debug)]
pub(crate) struct History {
    start: Instant,
    records: Mutex<Vec<Record>>,
}

impl History {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            records: Mutex::default(),
        }
    }

    pub(crate) fn note(&self, session: u32, event: Event) {
        let mut records = self.lock();
        records.push(Record {
            at: self.start.elapsed(),
            session,
            event,
        });
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn now(&self) -> Moment {
        Moment {
            at: self.start.elapsed(),
            records: self.len(),
        }
    }

    pub(crate) fn take(&self) -> Vec<Record> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
