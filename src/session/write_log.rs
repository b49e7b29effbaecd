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
    node: usize,
    /// The lowest transaction depth with a write of unsettled outcome; 0 is outside transactions.
    unsettled: Option<u32>,
}

impl WriteLog {
    pub(crate) fn new(
        shared: Arc<Shared>,
        session: Option<Arc<SessionState>>,
        node: usize,
    ) -> Self {
        shared.lent(node, session.as_deref());
        Self {
            shared,
            session,
            node,
            unsettled: None,
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Whether anybody remembers these writes.
    pub(crate) fn is_kept(&self) -> bool {
        self.session.is_some()
    }

    /// Whether one more write at this depth would change nothing.
    pub(crate) fn knows_of_a_write_at(&self, depth: u32) -> bool {
        self.unsettled.is_some_and(|lowest| lowest <= depth)
    }

    /// A write is about to be sent, at this transaction depth.
    pub(crate) fn begin(&mut self, depth: u32) -> Ending<'_> {
        self.unsettled = Some(self.unsettled.map_or(depth, |lowest| lowest.min(depth)));
        Ending {
            log: self,
            settles: depth == 0,
        }
    }

    /// The transaction at this depth is about to be committed.
    pub(crate) fn begin_commit(&mut self, depth: u32) -> Ending<'_> {
        if depth > 1 && self.unsettled.is_some_and(|lowest| lowest >= depth) {
            // Releasing a savepoint makes its writes its parent's.
            self.unsettled = Some(depth - 1);
        }
        Ending {
            log: self,
            settles: depth <= 1,
        }
    }

    /// The transaction at this depth was rolled back.
    pub(crate) fn rolled_back(&mut self, depth: u32) {
        if self.unsettled.is_some_and(|lowest| lowest >= depth) {
            self.unsettled = None;
        }
    }

    fn settle(&mut self, outcome: Outcome<'_>) {
        if self.unsettled.take().is_none() {
            return;
        }
        if let Outcome::Failed(DieselError::DatabaseError(
            DatabaseErrorKind::ReadOnlyTransaction,
            _,
        )) = outcome
        {
            // It was the primary when the connection was lent: find out who is now.
            self.shared.signals.ask_all();
        }
        let Some(session) = &self.session else { return };
        match outcome {
            Outcome::Done => self.shared.committed(session),
            Outcome::Failed(error) if nothing_was_written(error) => {}
            Outcome::Failed(_) | Outcome::Unknown => self.shared.wrote_perhaps(session),
        }
    }
}

/// What became of a write.
#[derive(Debug, Clone, Copy)]
enum Outcome<'a> {
    /// It is acknowledged.
    Done,
    Failed(&'a DieselError),
    Unknown,
}

impl Drop for WriteLog {
    fn drop(&mut self) {
        self.settle(Outcome::Unknown);
        self.shared.returned(self.node, self.session.as_deref());
    }
}

/// A write, or a commit, that has been sent. Dropped without [`finish`](Self::finish), its outcome is
/// unknown, and it counts.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    log: &'a mut WriteLog,
    /// The outcome of what was sent is that of the writes: nothing later can undo them.
    settles: bool,
}

impl Ending<'_> {
    /// It has ended, with this error or none.
    pub(crate) fn finish(mut self, error: Option<&DieselError>) {
        if std::mem::take(&mut self.settles) {
            self.log
                .settle(error.map_or(Outcome::Done, Outcome::Failed));
        }
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if self.settles {
            self.log.settle(Outcome::Unknown);
        }
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
