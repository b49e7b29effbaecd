//! A connection in a pool, and what its server said last.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use diesel::QueryResult;
use diesel_routing_sql::SessionEffect;

use super::{Applied, Marks, ResetRule, Usage};
use crate::cluster::{Member, Observation, Said, ServerFacts, ServerId};
use crate::mutex::lock;
use crate::server::NodeRole;
use crate::statement::{Seen, Trace};

/// A pooled connection, and what is known of it.
#[derive(Debug)]
pub(crate) struct Pooled<C> {
    pub(crate) conn: C,
    pub(crate) known: Known,
    pub(crate) marks: Marks,
    /// Its number, which no other has.
    pub(crate) number: u64,
    /// The statements that were seen on it.
    pub(crate) seen: Mutex<Seen>,
    /// The number of its open transactions, for statements that share it: who has it alone asks its driver. `None` if that is unknown.
    #[allow(dead_code, reason = "where no flavour shares connections")]
    pub(crate) depth: Option<u32>,
    /// The instant at which it was lent last, and what is counted as it comes back.
    pub(crate) lent: Instant,
    pub(crate) usage: Arc<Usage>,
    /// The rule for when its session is reset.
    pub(crate) reset: ResetRule,
    /// The node that it was opened for.
    pub(crate) member: Arc<Member>,
    /// The database; `None` for the one that the node's URL was given with.
    pub(crate) database: Option<Arc<str>>,
    /// Set if a test's transaction is open on it, around all that its users do.
    #[cfg(feature = "test-util")]
    pub(crate) inside: Option<super::TestState>,
}

impl<C> Pooled<C> {
    /// Returns the number of transactions around all that its users do: one, under a test.
    #[inline]
    pub(crate) fn outer(&self) -> u32 {
        #[cfg(feature = "test-util")]
        if self.inside.is_some() {
            return 1;
        }
        0
    }

    /// Records whether a statement failed that had no guard.
    pub(crate) fn hear<T, E>(&self, answer: &Result<T, E>) {
        if answer.is_err() {
            self.marks.has_failed.set();
        }
    }

    /// Records whether a statement failed that had no guard, and returns its answer.
    pub(crate) fn heard<T>(&self, answer: QueryResult<T>) -> QueryResult<T> {
        answer.map_err(|error| self.marks.failed(error))
    }

    /// Records what a statement may do to the database session, before it is sent.
    #[inline]
    pub(crate) fn runs(&self, trace: Trace) {
        if trace != Trace::NONE {
            self.may_change(trace);
        }
    }

    /// Returns whether raw SQL may have begun a transaction, of which the driver does not know: then the server has the say. Of a router that
    /// never resets, raw SQL is not looked at.
    #[allow(dead_code, reason = "where no flavour is on")]
    pub(crate) fn may_be_in_transaction(&self, never_resets: bool) -> bool {
        match *lock(&self.marks.leaves) {
            SessionEffect::Nothing => false,
            SessionEffect::Lasting => true,
            _ => never_resets,
        }
    }

    #[cold]
    fn may_change(&self, trace: Trace) {
        let mut leaves = lock(&self.marks.leaves);
        *leaves = leaves.max(trace.leaves);
        drop(leaves);
        self.known.applied.doubt();
    }

    /// Records that it comes back to its pool: a connection whose statements have all succeeded stands.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn returns(&mut self, now: Instant) {
        self.usage.returned(self.lent, now);
        if self.marks.is_spoilt.is_set() {
            self.outdate(now);
        }
        if !self.marks.has_failed.is_set() {
            self.known.alive = now;
        }
    }
}

/// The facts that are known of a connection and of the server that it leads to.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) facts: ServerFacts,
    /// The server, if it tells which one it is.
    pub(crate) server: Option<ServerId>,
    /// The role that it reported last.
    pub(crate) role: Option<NodeRole>,
    /// Its last word on itself, with its position; `None` if it has none, or is not asked for it.
    pub(crate) said: Option<Said>,
    /// The instant of the connection's opening: since then, its server has not restarted.
    pub(crate) opened: Instant,
    /// The instant from which it is not lent again.
    pub(crate) expires: Option<Instant>,
    /// The last instant at which the connection was known to stand.
    pub(crate) alive: Instant,
    /// Set if it was made read-only.
    pub(crate) read_only: bool,
    /// Set if reads on it wait for what other servers have acknowledged.
    pub(crate) reads_causally: bool,
    /// The settings that its session has from the router.
    pub(crate) applied: Applied,
    /// Set if it must not be lent again.
    pub(crate) is_spent: bool,
}

impl Known {
    /// Returns a number for a new connection.
    pub(crate) fn next_number() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }

    /// Knows nothing of a connection that was opened now.
    pub(crate) fn unknown(now: Instant) -> Self {
        Self {
            facts: ServerFacts::default(),
            server: None,
            role: None,
            said: None,
            opened: now,
            alive: now,
            read_only: false,
            reads_causally: false,
            applied: Applied::default(),
            is_spent: false,
            expires: None,
        }
    }

    /// Returns the last instant at which the connection is certain to have stood: what was asked then was answered. One
    /// that was lent since, and not asked, may have ended before.
    pub(crate) fn stood(&self) -> Instant {
        self.said.as_ref().map_or(self.opened, |said| said.sent)
    }

    /// Returns whether it has lived for as long as it may.
    pub(crate) fn has_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expiry| now >= expiry)
    }

    /// Records what the server said, asked at `sent`.
    pub(crate) fn said(&mut self, observation: Observation, sent: Instant) {
        self.role = Some(observation.role);
        self.said = Some(Said { observation, sent });
    }
}

impl<C> Deref for Pooled<C> {
    type Target = C;

    #[inline]
    fn deref(&self) -> &C {
        &self.conn
    }
}

impl<C> DerefMut for Pooled<C> {
    #[inline]
    fn deref_mut(&mut self) -> &mut C {
        &mut self.conn
    }
}
