//! What a blocking router does: it builds, and lends.

mod builder;
mod checkout;

use std::time::Duration;

#[cfg(doc)]
use super::Session;
use super::pool::Guard;
use super::{ReadConn, RoutedConnection, Router, WriteConn};
use crate::consistency::Function;
use crate::engine::{Blocking, Flavour, Lease};
use crate::error::Error;
use crate::routing::Level;
use crate::statement::{Access, CaughtUp, Primary, Replica};

impl<C: RoutedConnection> Flavour<C> for Blocking {
    type Pools = super::pool::Pools<C>;
    type Library = super::pool::Library;
    type Hooks = super::pool::Hooks<C>;
    #[cfg(feature = "edge")]
    type Store = dyn super::edge::TokenStore;

    #[cfg(feature = "edge")]
    fn save_late(save: crate::edge::Save<C, Self>) -> bool {
        super::edge::save_late(&save);
        true
    }
}

impl<C: RoutedConnection> Router<C> {
    /// Checks out a connection of the primary, to read from: nothing is known of what the caller must see.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read(&self) -> Result<ReadConn<CaughtUp, C>, Error> {
        self.outside(Level::Session, Access::CaughtUp)
            .map(ReadConn::new)
    }

    /// Checks out a connection of some replica, however far behind; of the primary if there is no replica.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_eventual(&self) -> Result<ReadConn<Replica, C>, Error> {
        self.outside(Level::Eventual, Access::Replica)
            .map(ReadConn::new)
    }

    /// Checks out a connection that sees everything that was acknowledged more than `lag` ago: see
    /// [`Session::read_bounded`].
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_bounded(&self, lag: Duration) -> Result<ReadConn<Replica, C>, Error> {
        self.outside(Level::Bounded(lag), Access::Replica)
            .map(ReadConn::new)
    }

    /// Checks out a connection of the primary, to read from.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_primary(&self) -> Result<ReadConn<Primary, C>, Error> {
        self.outside(Level::Strong, Access::Primary)
            .map(ReadConn::new)
    }

    /// Checks out a connection of the primary, to write with. No session remembers these writes.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn write(&self) -> Result<WriteConn<C>, Error> {
        self.outside(Level::Write, Access::Write)
            .map(WriteConn::new)
    }

    fn outside(&self, level: Level, access: Access) -> Result<Lease<Guard<C>>, Error> {
        self.checkout(self.request(level, access))
    }

    /// Checks out a connection for a call of `function`, outside any session.
    pub(crate) fn checkout_for(
        &self,
        function: &'static Function,
        access: Access,
    ) -> Result<Lease<Guard<C>>, Error> {
        let request = self.request(function.level, access);
        let request = self.shared().request_of(function, request)?;
        let lease = self.checkout(request);
        lease.map_err(|error| error.of_function(function.path))
    }
}
