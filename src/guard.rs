//! The connections behind handles.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use crate::RoutedConnection;
use crate::error::NodeRole;

/// Gives a connection back to its pool when dropped.
pub(crate) enum Guard<C: RoutedConnection> {
    /// Without a pool there is no connection.
    #[cfg(not(feature = "__pool"))]
    Never(std::convert::Infallible, std::marker::PhantomData<C>),
    #[cfg(feature = "bb8")]
    Bb8(::bb8::PooledConnection<'static, crate::pool::bb8::Opener<C>>),
    #[cfg(feature = "deadpool")]
    Deadpool(crate::pool::deadpool::Loan<C>),
}

impl<C: RoutedConnection> Guard<C> {
    /// What its server said it is, when the connection was lent; and when the connection was opened.
    pub(crate) fn facts(&self) -> (Option<NodeRole>, Instant) {
        match self {
            #[cfg(not(feature = "__pool"))]
            Self::Never(never, _) => match *never {},
            #[cfg(feature = "bb8")]
            Self::Bb8(conn) => (conn.role, conn.opened),
            #[cfg(feature = "deadpool")]
            Self::Deadpool(conn) => conn.facts(),
        }
    }

    /// Whether reads on the connection wait for what other servers have acknowledged.
    pub(crate) fn reads_causally(&mut self) -> &mut bool {
        match self {
            #[cfg(not(feature = "__pool"))]
            Self::Never(never, _) => match *never {},
            #[cfg(feature = "bb8")]
            Self::Bb8(conn) => &mut conn.reads_causally,
            #[cfg(feature = "deadpool")]
            Self::Deadpool(conn) => conn.reads_causally(),
        }
    }
}

impl<C: RoutedConnection> Deref for Guard<C> {
    type Target = C;

    #[inline]
    fn deref(&self) -> &C {
        match self {
            #[cfg(not(feature = "__pool"))]
            Self::Never(never, _) => match *never {},
            #[cfg(feature = "bb8")]
            Self::Bb8(conn) => conn,
            #[cfg(feature = "deadpool")]
            Self::Deadpool(conn) => conn,
        }
    }
}

impl<C: RoutedConnection> DerefMut for Guard<C> {
    #[inline]
    fn deref_mut(&mut self) -> &mut C {
        match self {
            #[cfg(not(feature = "__pool"))]
            Self::Never(never, _) => match *never {},
            #[cfg(feature = "bb8")]
            Self::Bb8(conn) => conn,
            #[cfg(feature = "deadpool")]
            Self::Deadpool(conn) => conn,
        }
    }
}
