//! The connections behind handles: pooled by r2d2, or on their own.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use super::RoutedConnection;
use crate::error::NodeRole;

/// Gives a connection back to where it came from when dropped.
pub(crate) enum Guard<C: RoutedConnection> {
    /// Without a pool there is no connection.
    #[cfg(not(feature = "r2d2"))]
    Never(std::convert::Infallible, std::marker::PhantomData<C>),
    #[cfg(feature = "r2d2")]
    R2d2(r2d2::PooledConnection<super::r2d2::Manager<C>>),
}

impl<C: RoutedConnection> Guard<C> {
    /// What its server said it is, when the connection was lent; and when the connection was opened.
    pub(crate) fn facts(&self) -> (Option<NodeRole>, Instant) {
        match self {
            #[cfg(not(feature = "r2d2"))]
            Self::Never(never, _) => match *never {},
            #[cfg(feature = "r2d2")]
            Self::R2d2(conn) => (conn.role, conn.opened),
        }
    }

    /// Whether reads on the connection wait for what other servers have acknowledged.
    pub(crate) fn reads_causally(&mut self) -> &mut bool {
        match self {
            #[cfg(not(feature = "r2d2"))]
            Self::Never(never, _) => match *never {},
            #[cfg(feature = "r2d2")]
            Self::R2d2(conn) => &mut conn.reads_causally,
        }
    }
}

impl<C: RoutedConnection> Deref for Guard<C> {
    type Target = C;

    #[inline]
    fn deref(&self) -> &C {
        match self {
            #[cfg(not(feature = "r2d2"))]
            Self::Never(never, _) => match *never {},
            #[cfg(feature = "r2d2")]
            Self::R2d2(conn) => conn,
        }
    }
}

impl<C: RoutedConnection> DerefMut for Guard<C> {
    #[inline]
    fn deref_mut(&mut self) -> &mut C {
        match self {
            #[cfg(not(feature = "r2d2"))]
            Self::Never(never, _) => match *never {},
            #[cfg(feature = "r2d2")]
            Self::R2d2(conn) => conn,
        }
    }
}
