//! `StatementGuard`: a blocking statement is never abandoned, but it may fail.

use diesel::QueryResult;

use crate::engine::Marks;

/// Marks a connection whose statement fails: it may have ended.
#[derive(Debug)]
#[must_use = "the statement's answer goes through it"]
#[expect(unnameable_types, reason = "hidden from users")]
pub struct StatementGuard<'a>(Option<&'a mut Marks>);

impl<'a> StatementGuard<'a> {
    /// Creates a guard that sets these marks.
    pub(super) fn marking(marks: &'a mut Marks) -> Self {
        Self(Some(marks))
    }

    /// Creates a guard for a connection of the caller's own, which needs no marks.
    pub(super) fn unmarked() -> Self {
        Self(None)
    }

    /// Marks the connection as one that may have ended: what is done with it is not seen.
    pub(super) fn distrust(self) {
        if let Some(marks) = self.0 {
            marks.has_failed = true;
        }
    }

    /// Returns what the statement returned.
    #[inline]
    pub(super) fn during<T>(self, answer: QueryResult<T>) -> QueryResult<T> {
        if answer.is_err()
            && let Some(marks) = self.0
        {
            marks.has_failed = true;
        }
        answer
    }
}
