//! Opening and preparing async connections.

use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionResult, QueryResult};
use futures_core::future::BoxFuture;

pub(super) use diesel_async::SimpleAsyncConnection as SimpleConnection;
pub(super) use diesel_async::methods::LoadQuery;
pub(super) use diesel_async::{
    AsyncConnectionCore as QueryConnection, RunQueryDsl as RawQueryDsl, TransactionManager,
};

use super::{RoutedConnection, RouterBuilder};
use crate::connect::ConnectRequest;

/// Opens a connection.
pub(super) type Connect<C> =
    Arc<dyn for<'a> Fn(ConnectRequest<'a>) -> BoxFuture<'a, ConnectionResult<C>> + Send + Sync>;

/// Prepares a new connection.
pub(super) type SetUp<C> = Arc<
    dyn for<'a> Fn(&'a mut C, ConnectRequest<'a>) -> BoxFuture<'a, QueryResult<()>> + Send + Sync,
>;

/// Tells how far a node lags.
pub(super) type TellLag =
    Arc<dyn for<'a> Fn(&'a str) -> BoxFuture<'a, Result<Duration, BoxError>> + Send + Sync>;

/// An error of a function of the application's.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

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
    ///     .primary(Node::new("db-1", "postgres://app@10.0.0.1/app?sslmode=verify-full"))
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

    /// Sets a function that tells how far a node lags, by its name, where the router cannot measure that: on SQLite, with
    /// [`window_only`](Self::window_only). It is called for each replica at the [watch interval](Self::watch_interval), and
    /// not called where nodes tell their positions. Defaults to none.
    ///
    /// What it tells is an upper bound as of the call, and grows until the next one tells. It counts as if it were measured: the
    /// [window](crate::Window::measured) follows it, a replica that lags more than [`max_lag`](Self::max_lag) serves nothing, one
    /// that lags more than the window no session, and [`read_bounded`](crate::Session) is served. A call that fails, or takes longer than the
    /// [watch timeout](Self::watch_timeout), tells nothing: the replica counts as ever further behind until one
    /// tells.
    ///
    /// # Example
    ///
    /// From a table that the primary writes the time to every second: see [`Heartbeat`](crate::Heartbeat).
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "bb8", feature = "postgres"))]
    /// # mod example {
    /// use diesel_async::{AsyncConnection, AsyncPgConnection};
    /// use diesel_routing::{Heartbeat, Node, pg::Router};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let heartbeat = Heartbeat::new("heartbeat")?;
    /// let router = Router::builder()
    ///     .primary(Node::new("db-1", "postgres://app@10.0.0.1/app"))
    ///     .replica(Node::new("10.0.0.2", "postgres://app@10.0.0.2/app"))
    ///     .window_only()
    ///     .lag_with(move |node| {
    ///         let (heartbeat, url) = (heartbeat.clone(), format!("postgres://app@{node}/app"));
    ///         Box::pin(async move {
    ///             // One that is kept is better.
    ///             let mut conn = AsyncPgConnection::establish(&url).await?;
    ///             Ok(heartbeat.lag(&mut conn).await?)
    ///         })
    ///     })
    ///     .build()
    ///     .await?;
    /// println!("{:?}", router.status().window);
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn lag_with(
        self,
        lag: impl for<'a> Fn(&'a str) -> BoxFuture<'a, Result<Duration, BoxError>>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let mut builder = self.tells_lag();
        builder.hooks.lag = Some(Arc::new(lag));
        builder
    }
}
