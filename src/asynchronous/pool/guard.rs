//! The connections behind handles.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use crate::RoutedConnection;
use crate::cluster::Pooled;
use crate::error::NodeRole;
use crate::flight::Flight;

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
        let pooled = self.pooled();
        (pooled.role, pooled.opened)
    }

    /// Whether reads on the connection wait for what other servers have acknowledged.
    pub(crate) fn reads_causally(&mut self) -> &mut bool {
        &mut self.pooled_mut().reads_causally
    }

    /// Whether a statement was given up before its answer was there: the next would get it.
    pub(crate) fn awaits_answer(&self) -> bool {
        self.pooled().awaits_answer
    }

    /// The connection, and what must hear of a statement on it.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&mut C, Flight<'_>) {
        let pooled = self.pooled_mut();
        let flight = if C::SURVIVES_CANCELLATION {
            Flight::unmarked()
        } else {
            Flight::marking(&mut pooled.awaits_answer)
        };
        (&mut pooled.conn, flight)
    }

    #[inline]
    fn pooled(&self) -> &Pooled<C> {
        match self {
            #[cfg(not(feature = "__pool"))]
            Self::Never(never, _) => match *never {},
            #[cfg(feature = "bb8")]
            Self::Bb8(conn) => conn,
            #[cfg(feature = "deadpool")]
            Self::Deadpool(conn) => conn,
        }
    }

    #[inline]
    fn pooled_mut(&mut self) -> &mut Pooled<C> {
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

impl<C: RoutedConnection> Deref for Guard<C> {
    type Target = C;

    #[inline]
    fn deref(&self) -> &C {
        self.pooled()
    }
}

impl<C: RoutedConnection> DerefMut for Guard<C> {
    #[inline]
    fn deref_mut(&mut self) -> &mut C {
        self.pooled_mut()
    }
}
