//! SQLite on tokio's blocking threads: the handles without the connection type.

use diesel::QueryResult;
use diesel::SqliteConnection;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;

pub use diesel_routing_macros::read_sql_sqlite as read_sql;

use crate::asynchronous::RoutedConnection;
use crate::cluster::ServerFacts;
use crate::server::NodeRole;

/// The connection: Diesel's, on tokio's blocking threads.
pub type Connection = SyncConnectionWrapper<SqliteConnection>;
/// [`ReadConn`](crate::ReadConn) on SQLite.
pub type ReadConn<R> = crate::ReadConn<R, Connection>;
/// [`WriteConn`](crate::WriteConn) on SQLite.
pub type WriteConn = crate::WriteConn<Connection>;
/// [`Router`](crate::Router) on SQLite.
pub type Router = crate::Router<Connection>;
/// [`TestRouter`](crate::TestRouter) on SQLite.
#[cfg(feature = "test-util")]
pub type TestRouter = crate::TestRouter<Connection>;
/// [`Session`](crate::Session) on SQLite.
pub type Session = crate::Session<Connection>;
/// [`ReadSql`](crate::ReadSql) on SQLite.
pub type ReadSql = crate::ReadSql<diesel::sqlite::Sqlite>;

impl RoutedConnection for Connection {
    // The statement continues, on its thread, and the next one waits for it.
    const SURVIVES_CANCELLATION: bool = true;

    /// Returns `None`: a file does not know whether another replaces it.
    async fn node_role(&mut self) -> QueryResult<Option<NodeRole>> {
        self.spawn_blocking(crate::sync::RoutedConnection::node_role)
            .await
    }

    /// Returns no role, and whether the connection refuses to write.
    async fn role_and_mode(&mut self) -> QueryResult<(Option<NodeRole>, Option<bool>)> {
        self.spawn_blocking(crate::sync::RoutedConnection::role_and_mode)
            .await
    }

    /// Returns the path of the database file.
    async fn facts(&mut self, positions: bool) -> QueryResult<ServerFacts> {
        self.spawn_blocking(move |conn| crate::sync::RoutedConnection::facts(conn, positions))
            .await
    }

    async fn begin_with(&mut self, sql: &str) -> QueryResult<()> {
        let sql = sql.to_owned();
        self.spawn_blocking(move |conn| crate::sync::RoutedConnection::begin_with(conn, &sql))
            .await
    }
}
