//! A connection in a pool, and what its server said last.

use std::ops::{Deref, DerefMut};

use crate::error::NodeRole;

/// A pooled connection with the role its server reported before the last loan.
#[derive(Debug)]
pub(crate) struct Pooled<C> {
    pub(crate) conn: C,
    pub(crate) role: Option<NodeRole>,
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
