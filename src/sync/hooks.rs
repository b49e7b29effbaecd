//! Opening and preparing blocking connections.

use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionResult, QueryResult};

pub(super) use diesel::connection::{
    Connection as QueryConnection, SimpleConnection, TransactionManager,
};
pub(super) use diesel::query_dsl::RunQueryDsl as RawQueryDsl;
pub(super) use diesel::query_dsl::methods::LoadQuery;

use super::{RoutedConnection, RouterBuilder};
use crate::connect::ConnectRequest;

/// Opens a connection.
pub(super) type Connect<C> = Arc<dyn Fn(ConnectRequest<'_>) -> ConnectionResult<C> + Send + Sync>;

/// Prepares a new connection.
pub(super) type SetUp<C> = Arc<dyn Fn(&mut C, ConnectRequest<'_>) -> QueryResult<()> + Send + Sync>;

/// Tells how far a node lags.
pub(super) type TellLag = Arc<dyn Fn(&str) -> Result<Duration, BoxError> + Send + Sync>;

/// An error of a function of the application's.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Returns how connections are opened if nobody says otherwise.
pub(super) fn establish<C: RoutedConnection>() -> Connect<C> {
    Arc::new(|request| C::open(request.url()))
}

impl<C: RoutedConnection> RouterBuilder<C> {
    /// Sets how a connection is opened. It is called for every connection: those of the pools, of watchers, and those
    /// that `build` opens to look around. Defaults to [`RoutedConnection::open`] with the request's URL.
    ///
    /// # Example
    ///
    /// A password that is good for a quarter of an hour:
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "r2d2", feature = "sync-postgres"))]
    /// # mod example {
    /// # fn token() -> String { String::new() }
    /// use diesel::PgConnection;
    /// use diesel_routing::Node;
    /// use diesel_routing::sync::{RoutedConnection, pg::Router};
    ///
    /// # fn example() -> Result<(), diesel_routing::Error> {
    /// let router = Router::builder()
    ///     .primary(Node::new("db-1", "postgres://app@10.0.0.1/app?sslmode=verify-full"))
    ///     .connect_with(|request| PgConnection::open(&request.url_with_password(&token())))
    ///     .build()?;
    /// # drop(router);
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn connect_with(
        mut self,
        connect: impl Fn(ConnectRequest<'_>) -> ConnectionResult<C> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.connect = Arc::new(connect);
        self.hooks.connects_elsehow = true;
        self
    }

    /// Sets a hook that runs on every new connection, of pools and watchers alike, before anything else does and before
    /// it is made read-only: settings, instrumentation and the like. It runs again where a connection's session was [reset](crate::Reset).
    pub fn on_connect(
        mut self,
        hook: impl Fn(&mut C, ConnectRequest<'_>) -> QueryResult<()> + Send + Sync + 'static,
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
    /// that lags more than the window no session, and [`read_bounded`](crate::Session) is served. A call that fails, or does not return,
    /// for nothing can interrupt it, tells nothing: the replica counts as ever further behind until one
    /// tells.
    ///
    /// # Example
    ///
    /// From a table that the primary writes the time to every second: see [`Heartbeat`](crate::sync::Heartbeat).
    ///
    /// ```no_run
    /// use diesel::{Connection, SqliteConnection};
    /// use diesel_routing::{Node, sync::{Heartbeat, sqlite::Router}};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let heartbeat = Heartbeat::new("heartbeat")?;
    /// let router = Router::builder()
    ///     .primary(Node::new("shop.db", "shop.db"))
    ///     .replica(Node::new("copy.db", "copy.db"))
    ///     .lag_with(move |node| {
    ///         let mut conn = SqliteConnection::establish(node)?;
    ///         Ok(heartbeat.lag(&mut conn)?)
    ///     })
    ///     .build()?;
    /// println!("{:?}", router.status().window);
    /// # Ok(()) }
    /// ```
    pub fn lag_with(
        self,
        lag: impl Fn(&str) -> Result<Duration, BoxError> + Send + Sync + 'static,
    ) -> Self {
        let mut builder = self.tells_lag();
        builder.hooks.lag = Some(Arc::new(lag));
        builder
    }
}
