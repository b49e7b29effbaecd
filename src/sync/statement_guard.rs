//! `StatementGuard`: a blocking statement is never abandoned, but it may fail.

use std::time::Instant;

use diesel::QueryResult;

use crate::engine::Marks;

/// Marks a connection whose statement fails: it may have ended.
#[derive(Debug)]
#[must_use = "the statement's answer goes through it"]
#[expect(unnameable_types, reason = "hidden from users")]
pub struct StatementGuard<'a> {
    marks: Option<&'a mut Marks>,
    /// The time of the statement's start, if that is recorded.
    since: Option<Instant>,
}

impl<'a> StatementGuard<'a> {
    /// Creates a guard that sets these marks.
    #[inline]
    pub(super) fn marking(marks: &'a mut Marks) -> Self {
        Self {
            since: marks.start(),
            marks: Some(marks),
        }
    }

    /// Creates a guard for a connection of the caller's own, which needs no marks.
    pub(super) fn unmarked() -> Self {
        Self {
            marks: None,
            since: None,
        }
    }

    /// Leaves the statement's time out of what is known of the node.
    pub(super) fn untimed(mut self) -> Self {
        self.since = None;
        self
    }

    /// Marks the connection as one that may have ended: what is done with it is not seen.
    pub(super) fn distrust(self) {
        if let Some(marks) = self.marks {
            marks.has_failed = true;
        }
    }

    /// Returns what the statement returned.
    #[inline]
    pub(super) fn during<T>(self, answer: QueryResult<T>) -> QueryResult<T> {
        if let Some(marks) = self.marks {
            match &answer {
                Ok(_) => marks.answered(self.since),
                Err(error) => marks.failed(error),
            }
        }
        answer
    }
}
