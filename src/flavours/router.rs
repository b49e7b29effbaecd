//! The checkouts of a router.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::time::Duration;

#[cfg(doc)]
use super::Session;
use super::pool::Guard;
use super::{ReadConn, RoutedConnection, Router, WriteConn, flavoured};
use crate::consistency::{Again, Function};
use crate::engine::Lease;
use crate::error::Error;
use crate::routing::Level;
use crate::statement::{Access, CaughtUp, Primary, Replica};

#[flavoured]
impl<C: RoutedConnection> Router<C> {
    /// Checks out a connection of the primary, to read from: nothing is known of what the caller must see.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read(&self) -> Result<ReadConn<CaughtUp, C>, Error> {
        self.outside(Level::Session, Access::CaughtUp)
            .await
            .map(ReadConn::new)
    }

    /// Checks out a connection of some replica, however far behind; of the primary if there is no replica.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read_eventual(&self) -> Result<ReadConn<Replica, C>, Error> {
        self.outside(Level::Eventual, Access::Replica)
            .await
            .map(ReadConn::new)
    }

    /// Checks out a connection that sees everything that was acknowledged more than `lag` ago: see
    /// [`Session::read_bounded`].
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read_bounded(&self, lag: Duration) -> Result<ReadConn<Replica, C>, Error> {
        self.outside(Level::Bounded(lag), Access::Replica)
            .await
            .map(ReadConn::new)
    }

    /// Checks out a connection of the primary, to read from.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
    /// use diesel_routing::{pg::Router, prelude::*};
    ///
    /// diesel::table! { accounts { id -> Integer, balance -> BigInt, } }
    ///
    /// // Outside sessions, and up to date.
    /// async fn balance(router: &Router, id: i32) -> Result<i64, diesel_routing::Error> {
    ///     let mut conn = router.read_primary().await?;
    ///     Ok(accounts::table.find(id).select(accounts::balance).first(&mut conn).await?)
    /// }
    /// # }
    /// ```
    pub async fn read_primary(&self) -> Result<ReadConn<Primary, C>, Error> {
        self.outside(Level::Strong, Access::Primary)
            .await
            .map(ReadConn::new)
    }

    /// Checks out a connection of the primary, to write with. No session remembers these writes.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn write(&self) -> Result<WriteConn<C>, Error> {
        self.outside(Level::Write, Access::Write)
            .await
            .map(WriteConn::new)
    }

    async fn outside(&self, level: Level, access: Access) -> Result<Lease<Guard<C>>, Error> {
        self.checkout(self.request(level, access)).await
    }

    /// Checks out a connection for a call of `function`, outside any session; once more, if it is `again`.
    pub(crate) async fn checkout_for(
        &self,
        function: &'static Function,
        access: Access,
        again: Option<Again>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let request = self.request(function.level, access).of_function(function);
        let request = request.once_more(again);
        let lease = self.checkout(request).await;
        lease.map_err(|error| error.of_function(function.path))
    }
}
