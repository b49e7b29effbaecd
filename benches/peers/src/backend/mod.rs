//! Kinds of servers: their connections, and the workload's two statements on them.

mod mariadb;
mod postgres;

use std::net::SocketAddr;

use anyhow::Result;
use diesel::QueryResult;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, PoolError};
use diesel_routing::{CaughtUp, ReadConn, RoutedConnection, WriteConn};

pub(crate) use mariadb::MariaDb;
pub(crate) use postgres::Postgres;

use crate::oracle::Role;
use crate::servers::{Block, Cluster};

/// A kind of servers.
pub(crate) trait Backend: Send + Sync + 'static {
    type Connection: RoutedConnection;
    /// The manager that opens connections for diesel-async's pools.
    type Manager: From<AsyncDieselConnectionManager<Self::Connection>>
        + bb8::ManageConnection<Connection = Self::Connection, Error = PoolError>
        + deadpool::managed::Manager<Type = Self::Connection, Error = PoolError>;

    /// Starts a primary and two replicas that have the table.
    fn start(block: Block) -> Result<Box<dyn Cluster>>;

    /// Returns the URL of the database `database` at `place`.
    fn url(place: SocketAddr, database: &str) -> String;

    /// Returns the version of a row.
    fn read(conn: &mut Self::Connection, key: i32)
    -> impl Future<Output = QueryResult<i64>> + Send;

    /// Raises the version of a row, and returns it.
    fn write(
        conn: &mut Self::Connection,
        key: i32,
    ) -> impl Future<Output = QueryResult<i64>> + Send;

    /// Does what [`read`](Self::read) does, through a handle.
    fn read_by(
        conn: &mut ReadConn<CaughtUp, Self::Connection>,
        key: i32,
    ) -> impl Future<Output = QueryResult<i64>> + Send;

    /// Does what [`write`](Self::write) does, through a handle.
    fn write_by(
        conn: &mut WriteConn<Self::Connection>,
        key: i32,
    ) -> impl Future<Output = QueryResult<i64>> + Send;

    /// Returns how far a server is, as a number that never falls.
    fn position(
        conn: &mut Self::Connection,
        role: Role,
    ) -> impl Future<Output = QueryResult<i64>> + Send;

    /// Returns the version of a row, and how far the server is after that.
    fn read_and_ask(
        conn: &mut Self::Connection,
        role: Role,
        key: i32,
    ) -> impl Future<Output = QueryResult<(i64, i64)>> + Send;

    /// Raises the version of a row, and returns it with a position that has it.
    fn write_and_ask(
        conn: &mut Self::Connection,
        key: i32,
    ) -> impl Future<Output = QueryResult<(i64, i64)>> + Send;
}
