//! `StatementGuard`: marks a connection while a statement awaits its answer, and if it fails.

use std::future::Future;
use std::time::Instant;

use diesel::QueryResult;

use crate::asynchronous::gate::Gate;
use crate::engine::Marks;
use crate::query_log::{Entry, Unseen};

/// Marks a connection from the start of a statement to its answer, and from then on if that is an error.
///
/// If the statement is abandoned half-way, the first mark stays: on a connection that matches answers to statements by
/// order alone, the next statement would get this one's answer.
#[derive(Debug)]
#[must_use = "the statement's future starts and finishes it"]
pub(crate) struct StatementGuard<'a> {
    marks: Option<&'a Marks>,
    /// Set if abandoned statements leave a mark.
    can_be_cut_off: bool,
    /// Set if its time is not recorded.
    is_untimed: bool,
    /// The time of its start, if that is recorded.
    since: Option<Instant>,
    /// The statement's record, if there is one.
    entry: Option<Box<Entry>>,
}

impl<'a> StatementGuard<'a> {
    /// Creates a guard that sets these marks.
    pub(crate) fn marking(marks: &'a Marks) -> Self {
        Self {
            marks: Some(marks),
            can_be_cut_off: true,
            is_untimed: false,
            since: None,
            entry: None,
        }
    }

    /// Creates a guard for a connection that survives abandoned statements.
    pub(crate) fn of_survivor(marks: &'a Marks) -> Self {
        Self {
            can_be_cut_off: false,
            ..Self::marking(marks)
        }
    }

    /// Creates a guard for a connection of the caller's own, which needs no marks.
    pub(crate) fn unmarked() -> Self {
        Self {
            marks: None,
            can_be_cut_off: false,
            is_untimed: true,
            since: None,
            entry: None,
        }
    }

    /// Leaves the statement's time out of what is known of the node.
    pub(crate) fn untimed(mut self) -> Self {
        self.is_untimed = true;
        self
    }

    /// Keeps the statement's record, if there is one.
    #[inline]
    pub(crate) fn recording(mut self, entry: Option<Box<Entry>>) -> Self {
        self.entry = entry;
        self
    }

    /// Records that the statement is sent, or goes on.
    #[inline]
    pub(crate) fn start(&mut self) {
        if let Some(entry) = &mut self.entry {
            entry.start();
        }
        if let Some(marks) = self.marks {
            if self.can_be_cut_off {
                marks.awaits_answer.set();
            }
            // Each poll starts it: the first counts.
            if !self.is_untimed && self.since.is_none() {
                self.since = marks.start();
            }
        }
    }

    /// Records that it waits for its answer.
    #[inline]
    pub(crate) fn pause(&mut self) {
        if let Some(entry) = &mut self.entry {
            entry.pause();
        }
    }

    /// Returns the statement's record.
    #[inline]
    pub(crate) fn take_entry(&mut self) -> Option<Box<Entry>> {
        self.entry.take()
    }

    /// Records the answer.
    #[inline]
    pub(crate) fn finish<T>(&mut self, answer: QueryResult<T>) -> QueryResult<T> {
        let Some(marks) = self.marks else {
            return answer;
        };
        if self.can_be_cut_off {
            marks.awaits_answer.clear();
        }
        match answer {
            Ok(answer) => {
                marks.answered(self.since);
                Ok(answer)
            }
            Err(error) => Err(marks.failed(error)),
        }
    }

    /// Marks the connection while this future runs.
    pub(crate) async fn during<T>(
        self,
        statement: impl Future<Output = QueryResult<T>>,
    ) -> QueryResult<T> {
        Gate::<_, Unseen>::admitted(statement, self).await
    }
}
