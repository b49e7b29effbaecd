//! `StatementGuard`: a blocking statement is never abandoned, so there is nothing to mark.

use std::marker::PhantomData;

/// The blocking twin of the async guard.
#[derive(Debug)]
#[must_use = "the statement goes through it"]
pub(super) struct StatementGuard<'a>(PhantomData<&'a mut bool>);

impl<'a> StatementGuard<'a> {
    /// Creates a guard.
    pub(super) fn marking(_awaits_answer: &'a mut bool) -> Self {
        Self(PhantomData)
    }

    /// Returns what the statement returned.
    pub(super) fn during<T>(self, answer: T) -> T {
        answer
    }
}
