//! Opening and preparing async connections.

use std::sync::Arc;

use diesel::{ConnectionResult, QueryResult};
use futures_core::future::BoxFuture;

#[allow(unused_imports, reason = "where no pool is compiled in")]
pub(super) use diesel_async::SimpleAsyncConnection as SimpleConnection;
pub(super) use diesel_async::TransactionManager;

use super::{RoutedConnection, RouterBuilder};
use crate::connect::ConnectRequest;

/// Opens a connection.
pub(super) type Connect<C> =
    Arc<dyn for<'a> Fn(ConnectRequest<'a>) -> BoxFuture<'a, ConnectionResult<C>> + Send + Sync>;

/// Prepares a new connection.
pub(super) type SetUp<C> = Arc<
    dyn for<'a> Fn(&'a mut C, ConnectRequest<'a>) -> BoxFuture<'a, QueryResult<()>> + Send + Sync,
>;

/// Returns how connections are opened if nobody says otherwise.
pub(super) fn establish<C: RoutedConnection>() -> Connect<C> {
    Arc::new(|request| Box::pin(C::open(request.url())))
}

impl<C: RoutedConnection> RouterBuilder<C> {
    /// Sets how a connection is opened. It is called for every connection: those of the pools, of watchers, and those
    /// that `build` opens to look around. Defaults to [`RoutedConnection::open`] with the request's URL, which does TLS.
    ///
    /// # Example
    ///
    /// A password that is good for a quarter of an hour:
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "bb8", feature = "postgres"))]
    /// # mod example {
    /// # async fn token() -> String { String::new() }
    /// use diesel_async::AsyncPgConnection;
    /// use diesel_routing::{Node, RoutedConnection, pg::Router};
    ///
    /// # async fn example() -> Result<(), diesel_routing::Error> {
    /// let router = Router::builder()
    ///     .primary(Node::new("primary", "postgres://app@10.0.0.1/app?sslmode=verify-full"))
    ///     .connect_with(|request| Box::pin(async move {
    ///         let token = token().await;
    ///         AsyncPgConnection::open(&request.url_with_password(&token)).await
    ///     }))
    ///     .build()
    ///     .await?;
    /// # drop(router);
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn connect_with(
        mut self,
        connect: impl for<'a> Fn(ConnectRequest<'a>) -> BoxFuture<'a, ConnectionResult<C>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.hooks.connect = Arc::new(connect);
        self.hooks.connects_elsehow = true;
        self
    }

    /// Sets a hook that runs on every new connection, of pools and watchers alike, before anything else does and before
    /// it is made read-only: settings, instrumentation and the like. It runs again where a connection's session was [reset](crate::Reset).
    pub fn on_connect(
        mut self,
        hook: impl for<'a> Fn(&'a mut C, ConnectRequest<'a>) -> BoxFuture<'a, QueryResult<()>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.hooks.set_up = Some(Arc::new(hook));
        self
    }
}
