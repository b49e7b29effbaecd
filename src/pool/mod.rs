//! The async pools, and the connections behind handles.

#[cfg(feature = "bb8")]
mod bb8;
#[cfg(feature = "deadpool")]
mod deadpool;
mod manager;

use std::ops::{Deref, DerefMut};

pub(crate) use manager::{Connect, Manager, SetUp};

use crate::RoutedConnection;
use crate::cluster::Node;
use crate::error::Error;

/// Which pool holds a router's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    #[cfg(feature = "bb8")]
    Bb8,
    #[cfg(feature = "deadpool")]
    Deadpool,
}

/// The connections of one node, for reads or for writes.
pub(crate) enum Pool<C: RoutedConnection> {
    #[cfg(feature = "bb8")]
    Bb8(bb8::Pool<C>),
    #[cfg(feature = "deadpool")]
    Deadpool(deadpool::Pool<C>),
}

impl<C: RoutedConnection> Pool<C> {
    pub(crate) fn new(
        kind: Kind,
        manager: Manager<C>,
        node: &Node,
        size: u32,
    ) -> Result<Self, Error> {
        match kind {
            #[cfg(feature = "bb8")]
            Kind::Bb8 => Ok(Self::Bb8(bb8::Pool::new(manager, node, size))),
            #[cfg(feature = "deadpool")]
            Kind::Deadpool => deadpool::Pool::new(manager, node, size).map(Self::Deadpool),
        }
    }

    pub(crate) async fn get(&self) -> Result<Guard<C>, Error> {
        match self {
            #[cfg(feature = "bb8")]
            Self::Bb8(pool) => pool.get().await.map(Guard::Bb8),
            #[cfg(feature = "deadpool")]
            Self::Deadpool(pool) => pool.get().await.map(Guard::Deadpool),
        }
    }
}

/// Gives a connection back to its pool when dropped.
pub(crate) enum Guard<C: RoutedConnection> {
    #[cfg(feature = "bb8")]
    Bb8(::bb8::PooledConnection<'static, bb8::Opener<C>>),
    #[cfg(feature = "deadpool")]
    Deadpool(deadpool::Loan<C>),
}

impl<C: RoutedConnection> Deref for Guard<C> {
    type Target = C;

    #[inline]
    fn deref(&self) -> &C {
        match self {
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
            #[cfg(feature = "bb8")]
            Self::Bb8(conn) => conn,
            #[cfg(feature = "deadpool")]
            Self::Deadpool(conn) => conn,
        }
    }
}
