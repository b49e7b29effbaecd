//! Opening and preparing async connections.

use std::sync::Arc;

use diesel::{ConnectionResult, QueryResult};
use futures_core::future::BoxFuture;

pub(super) use diesel_async::TransactionManager;

use super::{RoutedConnection, RouterBuilder};

/// Opens a connection to a URL.
pub(super) type Connect<C> = Arc<dyn Fn(&str) -> BoxFuture<'_, ConnectionResult<C>> + Send + Sync>;

/// Prepares a new connection.
pub(super) type SetUp<C> =
    Arc<dyn for<'a> Fn(&'a mut C) -> BoxFuture<'a, QueryResult<()>> + Send + Sync>;

/// Returns how connections are opened if nobody says otherwise.
pub(super) fn establish<C: RoutedConnection>() -> Connect<C> {
    Arc::new(|url| Box::pin(C::open(url)))
}

impl<C: RoutedConnection> RouterBuilder<C> {
    /// Sets how a connection is opened, from a node's URL: for TLS and the like. Defaults to
    /// [`AsyncConnection::establish`](diesel_async::AsyncConnection::establish).
    pub fn connect_with(
        mut self,
        connect: impl Fn(&str) -> BoxFuture<'_, ConnectionResult<C>> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.connect = Arc::new(connect);
        self
    }

    /// Sets a hook that runs on every new connection of every pool alike, before it is made read-only: settings,
    /// instrumentation and the like.
    pub fn on_connect(
        mut self,
        hook: impl for<'a> Fn(&'a mut C) -> BoxFuture<'a, QueryResult<()>> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.set_up = Some(Arc::new(hook));
        self
    }
}
