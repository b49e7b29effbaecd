//! Opening and preparing blocking connections.

use std::sync::Arc;

use diesel::{ConnectionResult, QueryResult};

pub(super) use diesel::connection::TransactionManager;

use super::{RoutedConnection, RouterBuilder};

/// Opens a connection to a URL.
pub(super) type Connect<C> = Arc<dyn Fn(&str) -> ConnectionResult<C> + Send + Sync>;

/// Prepares a new connection.
pub(super) type SetUp<C> = Arc<dyn Fn(&mut C) -> QueryResult<()> + Send + Sync>;

/// Returns how connections are opened if nobody says otherwise.
pub(super) fn establish<C: RoutedConnection>() -> Connect<C> {
    Arc::new(|url| C::open(url))
}

impl<C: RoutedConnection> RouterBuilder<C> {
    /// Sets how a connection is opened, from a node's URL: for TLS and the like. Defaults to
    /// [`Connection::establish`](diesel::Connection::establish).
    pub fn connect_with(
        mut self,
        connect: impl Fn(&str) -> ConnectionResult<C> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.connect = Arc::new(connect);
        self
    }

    /// Sets a hook that runs on every new connection of every pool alike, before it is made read-only: settings,
    /// instrumentation and the like.
    pub fn on_connect(
        mut self,
        hook: impl Fn(&mut C) -> QueryResult<()> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.set_up = Some(Arc::new(hook));
        self
    }
}
