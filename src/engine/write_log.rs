//! Which of a connection's statements the session must remember as writes, and when.

#[cfg(feature = "__async")]
mod pipelined;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::query_builder::{QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_routing_sql::Dialect as Sql;

use crate::cluster::ServerId;
use crate::engine::Shared;
use crate::error::is_read_only;
use crate::session::{Reading, SessionState};
use crate::statement::{Dialect, Reach, Seen, Trace};

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
    /// The server that the connection leads to.
    server: Option<ServerId>,
    /// The lowest transaction depth with a write of unsettled outcome; 0 is outside transactions, `NONE` where all are settled.
    unsettled: AtomicU32,
    /// The number of writes under way outside transactions that share the connection. Each settles by itself.
    #[cfg(feature = "__async")]
    alone: AtomicU32,
}

/// The depth of no transaction.
const NONE: u32 = u32::MAX;

impl WriteLog {
    #[inline]
    pub(crate) fn new(
        shared: Arc<Shared>,
        session: Option<Arc<SessionState>>,
        reading: Reading,
    ) -> Self {
        shared.lent(reading, session.as_deref());
        Self {
            shared,
            session,
            node: reading.node,
            server: reading.server,
            unsettled: AtomicU32::new(NONE),
            #[cfg(feature = "__async")]
            alone: AtomicU32::new(0),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Records that a statement is about to be sent, at this transaction depth.
    ///
    /// The ending is `None` if it only reads, or nobody remembers its writes. Returns what it may do to the database session
    /// beside it, and its SQL, if that was rendered.
    #[inline]
    pub(crate) fn begin_statement<DB, Q>(
        &mut self,
        query: &Q,
        depth: u32,
        seen: &mut Seen,
    ) -> (Option<Ending<'_>>, Trace, Option<String>)
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        let is_tracked = self.session.is_some();
        // One more write changes nothing, unless it commits the others, as DDL does on MySQL.
        let is_counted =
            DB::of(self.shared.dialect).sql() != Sql::Mysql && *self.unsettled.get_mut() <= depth;
        if self.shared.never_resets && (!is_tracked || is_counted) {
            let ending = is_tracked.then(|| self.begin(depth));
            return (ending, Trace::UNSEEN, None);
        }
        let look = self.shared.checker.look::<DB, Q>(query, seen);
        let reach = look.reach.filter(|_| is_tracked);
        let ending = reach.map(|reach| match reach {
            Reach::Atomic => self.begin(depth),
            Reach::Unbounded => self.begin_unbounded(depth),
        });
        (ending, look.trace, look.sql)
    }

    /// Records what a read handle is about to send where the server takes writes, at this transaction depth.
    ///
    /// Its end is not seen here. The end of the transaction counts, or of the next write on this connection; else the outcome is
    /// unknown.
    pub(crate) fn begin_read(&mut self, reach: Option<Reach>, depth: u32) {
        if self.session.is_none() {
            return;
        }
        let Some(reach) = reach else {
            return;
        };
        self.expect_write_at(depth);
        if matches!(reach, Reach::Unbounded) {
            self.mark(Outcome::Unknown);
        }
    }

    /// Records that a write is about to be sent, at this transaction depth.
    pub(crate) fn begin(&mut self, depth: u32) -> Ending<'_> {
        let is_first = self.expect_write_at(depth);
        Ending {
            log: self,
            settles: match (depth, is_first) {
                (0, true) => Settles::ByOutcome,
                // Its outcome is not that of those before it.
                (0, false) => Settles::InAnyCase,
                _ => Settles::Later,
            },
        }
    }

    /// Records that a statement which may commit by itself, in part and whatever its outcome, is about to be sent at
    /// this transaction depth.
    pub(crate) fn begin_unbounded(&mut self, depth: u32) -> Ending<'_> {
        self.expect_write_at(depth);
        Ending {
            log: self,
            settles: if depth == 0 {
                Settles::InAnyCase
            } else {
                Settles::NowAndLater
            },
        }
    }

    /// Records that the transaction at this depth is about to be committed.
    pub(crate) fn begin_commit(&mut self, depth: u32) -> Ending<'_> {
        let lowest = self.unsettled.get_mut();
        if depth > 1 && (depth..NONE).contains(lowest) {
            // Releasing a savepoint makes its writes its parent's.
            *lowest = depth - 1;
        }
        let settles = match depth {
            // What began outside the transaction has an outcome of its own.
            0 | 1 if *lowest == 0 => Settles::InAnyCase,
            0 | 1 => Settles::ByOutcome,
            _ => Settles::Later,
        };
        Ending { log: self, settles }
    }

    /// Records that the transaction at this depth was rolled back.
    pub(crate) fn rolled_back(&mut self, depth: u32) {
        if (depth..NONE).contains(self.unsettled.get_mut()) {
            self.forget();
        }
    }

    /// Forgets the writes that were open. The caller has the connection alone.
    fn forget(&self) {
        if self.unsettled.load(Ordering::Relaxed) != NONE {
            self.unsettled.store(NONE, Ordering::Relaxed);
            if let Some(session) = &self.session {
                session.write_ends();
            }
        }
    }

    /// Returns whether no other was unsettled.
    fn expect_write_at(&mut self, depth: u32) -> bool {
        let lowest = self.unsettled.get_mut();
        let is_first = *lowest == NONE;
        if is_first && let Some(session) = &self.session {
            session.write_begins();
        }
        *lowest = depth.min(*lowest);
        is_first
    }

    /// Settles the writes up to here, which have had this outcome. The caller has the connection alone.
    fn settle(&self, outcome: Outcome<'_>) {
        if self.unsettled.load(Ordering::Relaxed) != NONE {
            // Before it ends: a write is always either under way or marked.
            self.mark(outcome);
            self.forget();
        }
    }

    fn mark(&self, outcome: Outcome<'_>) {
        if let Outcome::Failed(error) = outcome
            && is_read_only(error)
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

/// The outcome of a write.
#[derive(Debug, Clone, Copy)]
enum Outcome<'a> {
    /// It is acknowledged.
    Done,
    Failed(&'a DieselError),
    Unknown,
}

impl Outcome<'_> {
    /// Returns the outcome of what may take effect in part even if it fails.
    fn of_parts(self) -> Self {
        match self {
            Self::Done => Self::Done,
            Self::Failed(_) | Self::Unknown => Self::Unknown,
        }
    }
}

impl Drop for WriteLog {
    fn drop(&mut self) {
        self.settle(Outcome::Unknown);
        #[cfg(feature = "__async")]
        self.settle_forgotten();
        self.shared
            .returned(self.node, self.server, self.session.as_deref());
    }
}

/// A write, or a commit, that has been sent. Dropped without [`finish`](Self::finish), its outcome is
/// unknown, and it counts.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    log: &'a WriteLog,
    settles: Settles,
}

/// The meaning of an end for the writes up to it.
#[derive(Debug, Clone, Copy)]
enum Settles {
    /// Nothing: a transaction is open.
    Later,
    /// Its outcome is theirs: nothing later can undo them.
    ByOutcome,
    /// They count.
    InAnyCase,
    /// They count, and again at the end of the transaction, which may still be open.
    NowAndLater,
    /// Its outcome is its own, outside transactions: others that share the connection have theirs.
    #[cfg(feature = "__async")]
    Alone,
    /// The same, and it counts.
    #[cfg(feature = "__async")]
    AloneInAnyCase,
}

impl Ending<'_> {
    /// Records the end, with this error or none.
    pub(crate) fn finish(mut self, error: Option<&DieselError>) {
        self.end(error.map_or(Outcome::Done, Outcome::Failed));
        self.settles = Settles::Later;
    }

    fn end(&mut self, outcome: Outcome<'_>) {
        match self.settles {
            Settles::Later => {}
            Settles::ByOutcome => self.log.settle(outcome),
            Settles::InAnyCase => self.log.settle(outcome.of_parts()),
            Settles::NowAndLater => self.log.mark(outcome.of_parts()),
            #[cfg(feature = "__async")]
            Settles::Alone => self.log.settle_alone(outcome),
            #[cfg(feature = "__async")]
            Settles::AloneInAnyCase => self.log.settle_alone(outcome.of_parts()),
        }
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.end(Outcome::Unknown);
    }
}

/// Returns whether it is certain after this error that a statement outside a transaction, or a commit, changed
/// nothing: the server answered, and the answer was no.
fn nothing_was_written(error: &DieselError) -> bool {
    match error {
        _ if is_read_only(error) => true,
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
