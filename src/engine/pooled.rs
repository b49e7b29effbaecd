//! A connection in a pool, and what its server said last.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use crate::error::NodeRole;

/// A pooled connection with the role its server reported before the last loan.
#[derive(Debug)]
pub(crate) struct Pooled<C> {
    pub(crate) conn: C,
    pub(crate) role: Option<NodeRole>,
    /// When it was opened: since then, its server has not restarted.
    pub(crate) opened: Instant,
    /// Whether an answer is still to come: given up now, it would be taken for that to the next statement.
    pub(crate) awaits_answer: bool,
    /// Whether reads on it wait for what other servers have acknowledged.
    pub(crate) reads_causally: bool,
}

impl<C> Pooled<C> {
    pub(crate) fn new(conn: C, role: Option<NodeRole>) -> Self {
        Self {
            conn,
            role,
            opened: Instant::now(),
            awaits_answer: false,
            reads_causally: false,
        }
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
