//! Writes that share their connection with others.
//!
//! Outside transactions, the server commits each by itself, so each has an outcome of its own. Inside one, they wait for its end, which
//! whoever has the connection alone brings about.

use std::sync::atomic::Ordering;

use diesel::query_builder::{QueryFragment, QueryId};

use super::{Ending, NONE, Outcome, Settles, WriteLog};
use crate::statement::{Dialect, Reach, Seen, Trace};

impl WriteLog {
    /// Does what [`begin_statement`](Self::begin_statement) does, for a statement that shares the connection. `depth` is `None`
    /// where nobody knows what is open.
    pub(crate) fn begin_pipelined<DB, Q>(
        &self,
        query: &Q,
        depth: Option<u32>,
        seen: &mut Seen,
    ) -> (Option<Ending<'_>>, Trace, Option<String>)
    where
        DB: Dialect,
        Q: QueryFragment<DB> + QueryId,
    {
        let is_tracked = self.session.is_some();
        if self.shared.never_resets && !is_tracked {
            return (None, Trace::UNSEEN, None);
        }
        let look = self.shared.checker.look::<DB, Q>(query, seen);
        let reach = look.reach.filter(|_| is_tracked);
        let ending = reach.map(|reach| self.begin_shared(reach, depth));
        (ending, look.trace, look.sql)
    }

    /// Records that a write that shares the connection is about to be sent.
    pub(crate) fn begin_shared(&self, reach: Reach, depth: Option<u32>) -> Ending<'_> {
        let settles = match (depth, reach) {
            (Some(0), Reach::Atomic) => Settles::Alone,
            (Some(0), Reach::Unbounded) => Settles::AloneInAnyCase,
            (Some(_), Reach::Atomic) => Settles::Later,
            (Some(_), Reach::Unbounded) | (None, _) => Settles::NowAndLater,
        };
        match settles {
            Settles::Alone | Settles::AloneInAnyCase => {
                if let Some(session) = &self.session {
                    session.write_begins();
                }
                self.alone.fetch_add(1, Ordering::Relaxed);
            }
            _ => self.expect_shared_at(depth.unwrap_or(0)),
        }
        Ending { log: self, settles }
    }

    /// Does what [`begin_read`](Self::begin_read) does, for a read that shares the connection.
    pub(crate) fn begin_shared_read(&self, reach: Option<Reach>, depth: Option<u32>) {
        if self.session.is_none() {
            return;
        }
        let Some(reach) = reach else {
            return;
        };
        self.expect_shared_at(depth.unwrap_or(0));
        if matches!(reach, Reach::Unbounded) {
            self.mark(Outcome::Unknown);
        }
    }

    fn expect_shared_at(&self, depth: u32) {
        let Some(session) = &self.session else {
            self.unsettled.fetch_min(depth, Ordering::Relaxed);
            return;
        };
        // Before anybody learns of it: of two, the second may be sent at once.
        session.write_begins();
        if self.unsettled.fetch_min(depth, Ordering::Relaxed) != NONE {
            session.write_ends();
        }
    }

    /// Settles a write outside transactions, which has had this outcome.
    pub(super) fn settle_alone(&self, outcome: Outcome<'_>) {
        self.alone.fetch_sub(1, Ordering::Relaxed);
        self.mark(outcome);
        if let Some(session) = &self.session {
            session.write_ends();
        }
    }

    /// Settles the writes whose futures are neither finished nor dropped, as the connection goes back: they were leaked.
    pub(super) fn settle_forgotten(&mut self) {
        for _ in 0..*self.alone.get_mut() {
            self.settle_alone(Outcome::Unknown);
        }
    }
}
