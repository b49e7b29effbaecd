//! `StatementGuard`: a blocking statement is never abandoned, but it may fail.

use std::time::Instant;

use diesel::QueryResult;

use crate::engine::Marks;
use crate::query_log::{Ends, Entry, Unseen};

/// Marks a connection whose statement fails: it may have ended.
#[derive(Debug)]
#[must_use = "the statement's answer goes through it"]
#[expect(unnameable_types, reason = "hidden from users")]
pub struct StatementGuard<'a> {
    marks: Option<&'a Marks>,
    /// The time of the statement's start, if that is recorded.
    since: Option<Instant>,
    /// The statement's record, if there is one.
    entry: Option<Box<Entry>>,
}

impl<'a> StatementGuard<'a> {
    /// Creates a guard that sets these marks.
    #[inline]
    pub(super) fn marking(marks: &'a Marks) -> Self {
        Self {
            since: marks.start(),
            marks: Some(marks),
            entry: None,
        }
    }

    /// Creates a guard for a connection of the caller's own, which needs no marks.
    pub(super) fn unmarked() -> Self {
        Self {
            marks: None,
            since: None,
            entry: None,
        }
    }

    /// Leaves the statement's time out of what is known of the node.
    pub(super) fn untimed(mut self) -> Self {
        self.since = None;
        self
    }

    /// Keeps the statement's record, if there is one: it is sent now.
    #[inline]
    pub(super) fn recording(mut self, entry: Option<Box<Entry>>) -> Self {
        self.entry = entry;
        if let Some(entry) = &mut self.entry {
            entry.start();
        }
        self
    }

    /// Marks the connection as one that may have ended: what is done with it is not seen. Returns the statement's record.
    #[cfg(feature = "sync-postgres")]
    #[must_use = "dropped, it says that the statement was abandoned"]
    pub(super) fn distrust(self) -> Option<Box<Entry>> {
        if let Some(marks) = self.marks {
            marks.has_failed.set();
        }
        self.entry
    }

    /// Leaves the statement open: its answer follows, and the connection runs nothing else and is not lent again until the marks say so. Returns
    /// them, if there are any, with its record. Its time, which is that of whoever takes the answer, is not recorded.
    #[cfg(feature = "sync-postgres")]
    #[must_use = "dropped, the connection is closed when it comes back"]
    pub(super) fn leave_open(self) -> (Option<&'a Marks>, Option<Box<Entry>>) {
        let Self {
            marks, mut entry, ..
        } = self;
        if let Some(marks) = marks {
            marks.awaits_answer.set();
        }
        if let Some(entry) = &mut entry {
            entry.pause();
        }
        (marks, entry)
    }

    /// Returns what the statement returned.
    #[inline]
    pub(super) fn during<T>(self, answer: QueryResult<T>) -> QueryResult<T> {
        self.during_as(Unseen, answer)
    }

    /// Returns what the statement returned, an answer of this kind.
    #[inline]
    pub(super) fn during_as<K: Ends<T>, T>(
        self,
        _: K,
        answer: QueryResult<T>,
    ) -> QueryResult<K::Answer> {
        let Self {
            marks,
            since,
            entry,
        } = self;
        let answer = match (marks, answer) {
            (Some(marks), Ok(answer)) => {
                marks.answered(since);
                Ok(answer)
            }
            (Some(marks), Err(error)) => Err(marks.failed(error)),
            (None, answer) => answer,
        };
        K::end(answer, entry)
    }
}
