//! The async pools.

#[cfg(feature = "bb8")]
pub(crate) mod bb8;
#[cfg(feature = "deadpool")]
pub(crate) mod deadpool;
mod manager;

pub(crate) use manager::{Connect, Manager, SetUp};

use crate::RoutedConnection;
use crate::cluster::{Node, PoolStatus};
use crate::error::Error;
use crate::guard::Guard;

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

    pub(crate) fn status(&self, pool: &'static str) -> PoolStatus {
        match self {
            #[cfg(feature = "bb8")]
            Self::Bb8(inner) => inner.status(pool),
            #[cfg(feature = "deadpool")]
            Self::Deadpool(inner) => inner.status(pool),
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
