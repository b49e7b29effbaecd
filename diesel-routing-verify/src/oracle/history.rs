//! What happened, in order.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::row::Row;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Since the start.
    pub at: Duration,
    /// The session whose doing it was.
    pub session: u32,
    /// The event.
    pub event: Event,
}

/// A thing that happened.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "recorders and reports know them all"
)]
pub enum Event {
    /// A write is about to be sent. It may take effect from now on, even if its outcome stays unknown.
    Sends {
        /// The write.
        writer: i64,
    },
    /// It was acknowledged.
    Wrote(Row),
    /// It was rolled back: nobody must ever see it.
    RolledBack {
        /// The write.
        writer: i64,
    },
    /// Reads that were out at the same time.
    Reads(Vec<Read>),
    /// The session's token is taken.
    Issues {
        /// The token.
        token: u64,
    },
    /// The session goes on from that token, too.
    Absorbs {
        /// The token.
        token: u64,
    },
    /// A standby is about to be promoted: versions of this timeline may get lost. No session's doing.
    Ends {
        /// The timeline.
        timeline: i32,
    },
    /// What failed, or was undone. No session's doing.
    Fault(String),
}

/// The result of one statement: a snapshot of some keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// One row for each key.
    pub rows: Vec<Row>,
    /// The time when the read was begun.
    pub began: Moment,
    /// Set if the session was promised what it wrote and saw; if not, it still must not see less later.
    pub promised: bool,
    /// Set if everything was promised that anyone's acknowledged writes had by then, in time since the start.
    pub everyones: Option<Duration>,
    /// The name of the node.
    pub node: String,
    /// Set if it ran on the primary, by whatever name.
    pub is_primary: bool,
    /// The reason for its choice.
    pub reason: &'static str,
}

/// A moment of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// Since the start.
    pub at: Duration,
    /// The number of records then.
    pub records: usize,
}

/// The sessions' common notebook. An event that makes another possible is noted before it.
#[derive(Debug)]
pub struct History {
    start: Instant,
    records: Mutex<Vec<Record>>,
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

impl History {
    /// Creates an empty one, whose time begins now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            records: Mutex::default(),
        }
    }

    /// Adds an event.
    pub fn note(&self, session: u32, event: Event) {
        let mut records = self.lock();
        records.push(Record {
            at: self.start.elapsed(),
            session,
            event,
        });
    }

    /// Returns the number of records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Returns whether there is no record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the present moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment {
            at: self.start.elapsed(),
            records: self.len(),
        }
    }

    /// Takes the records out.
    #[must_use]
    pub fn take(&self) -> Vec<Record> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
