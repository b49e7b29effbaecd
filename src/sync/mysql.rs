//! MySQL and MariaDB: the handles without the connection type.

pub(super) use diesel::connection::SimpleConnection;
pub(super) use diesel::{MysqlConnection as Raw, RunQueryDsl};

use diesel::connection::AnsiTransactionManager;
use diesel::{MysqlConnection, QueryResult};

pub use diesel_routing_macros::read_sql_mysql as read_sql;

/// [`ReadConn`](super::ReadConn) on MySQL and MariaDB.
pub type ReadConn<R> = super::ReadConn<R, MysqlConnection>;
/// [`WriteConn`](super::WriteConn) on MySQL and MariaDB.
pub type WriteConn = super::WriteConn<MysqlConnection>;
/// [`Router`](super::Router) on MySQL and MariaDB.
pub type Router = super::Router<MysqlConnection>;
/// [`Session`](super::Session) on MySQL and MariaDB.
pub type Session = super::Session<MysqlConnection>;
/// [`ReadSql`](crate::ReadSql) on MySQL and MariaDB.
pub type ReadSql = crate::ReadSql<diesel::mysql::Mysql>;

pub(super) fn begin_with(conn: &mut Raw, sql: &str) -> QueryResult<()> {
    AnsiTransactionManager::begin_transaction_sql(conn, sql)
}
