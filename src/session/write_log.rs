//! Which of a connection's statements the session must remember as writes, and when.

use std::sync::Arc;

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::SessionState;
use crate::cluster::Shared;

/// Follows the writes of one checked-out connection.
///
/// A write counts from its commit on, so one in a transaction waits for it, and is forgotten when
/// the transaction, or the savepoint around it, is rolled back. Where the outcome is unknown
/// (connection lost, future dropped half-way, handle dropped inside a transaction), it counts.
#[derive(Debug)]
pub(crate) struct WriteLog {
    shared: Arc<Shared>,
    session: Option<Arc<SessionState>>,
    /// The lowest transaction depth with a write of unsettled outcome; 0 is outside transactions.
    unsettled: Option<u32>,
}

impl WriteLog {
    pub(crate) fn new(shared: Arc<Shared>, session: Option<Arc<SessionState>>) -> Self {
        Self {
            shared,
            session,
            unsettled: None,
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Whether a later statement's being a write would change nothing.
    pub(crate) fn knows_of_a_write_at(&self, depth: u32) -> bool {
        self.session.is_none() || self.unsettled.is_some_and(|lowest| lowest <= depth)
    }

    /// A write is about to be sent, at this transaction depth.
    pub(crate) fn begin(&mut self, depth: u32) {
        self.unsettled = Some(self.unsettled.map_or(depth, |lowest| lowest.min(depth)));
    }

    /// The statement begun at this depth has ended.
    pub(crate) fn end(&mut self, depth: u32, error: Option<&DieselError>) {
        if depth == 0 && self.unsettled.is_some() {
            self.settle(error);
        }
    }

    /// The transaction at this depth was committed, or failed to.
    pub(crate) fn commit(&mut self, depth: u32, error: Option<&DieselError>) {
        match self.unsettled {
            Some(_) if depth <= 1 => self.settle(error),
            Some(lowest) if lowest >= depth => self.unsettled = Some(depth - 1),
            _ => {}
        }
    }

    /// The transaction at this depth was rolled back.
    pub(crate) fn rolled_back(&mut self, depth: u32) {
        if self.unsettled.is_some_and(|lowest| lowest >= depth) {
            self.unsettled = None;
        }
    }

    /// Counts whatever is unsettled as written.
    pub(crate) fn settle_unknown(&mut self) {
        if self.unsettled.take().is_some() {
            self.mark();
        }
    }

    fn settle(&mut self, error: Option<&DieselError>) {
        self.unsettled = None;
        if error.is_none_or(|error| !nothing_was_written(error)) {
            self.mark();
        }
    }

    fn mark(&self) {
        if let Some(session) = &self.session {
            self.shared.wrote(session);
        }
    }
}

impl Drop for WriteLog {
    fn drop(&mut self) {
        self.settle_unknown();
    }
}

/// Errors after which it is certain that a statement outside a transaction, or a commit, changed
/// nothing: the server answered, and the answer was no.
fn nothing_was_written(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(kind, _) => matches!(
            kind,
            DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ReadOnlyTransaction
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation
                | DatabaseErrorKind::RestrictViolation
                | DatabaseErrorKind::ExclusionViolation
        ),
        DieselError::QueryBuilderError(_)
        | DieselError::SerializationError(_)
        | DieselError::InvalidCString(_)
        | DieselError::AlreadyInTransaction
        | DieselError::NotInTransaction => true,
        _ => false,
    }
}
