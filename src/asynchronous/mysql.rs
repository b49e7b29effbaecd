//! MySQL and MariaDB: the handles without the connection type.

pub(super) use diesel_async::{
    AsyncMysqlConnection as Raw, RunQueryDsl, SimpleAsyncConnection as SimpleConnection,
};

pub(super) use super::connect::mysql::open;
use diesel::QueryResult;
use diesel_async::{AnsiTransactionManager, AsyncMysqlConnection};

pub use diesel_routing_macros::read_sql_mysql as read_sql;

/// [`ReadConn`](crate::ReadConn) on MySQL and MariaDB.
pub type ReadConn<R> = crate::ReadConn<R, AsyncMysqlConnection>;
/// [`WriteConn`](crate::WriteConn) on MySQL and MariaDB.
pub type WriteConn = crate::WriteConn<AsyncMysqlConnection>;
/// [`Router`](crate::Router) on MySQL and MariaDB.
pub type Router = crate::Router<AsyncMysqlConnection>;
/// [`TestRouter`](crate::TestRouter) on MySQL and MariaDB.
#[cfg(feature = "test-util")]
pub type TestRouter = crate::TestRouter<AsyncMysqlConnection>;
/// [`Session`](crate::Session) on MySQL and MariaDB.
pub type Session = crate::Session<AsyncMysqlConnection>;
/// [`ReadSql`](crate::ReadSql) on MySQL and MariaDB.
pub type ReadSql = crate::ReadSql<diesel::mysql::Mysql>;

pub(super) async fn begin_with(conn: &mut Raw, sql: &str) -> QueryResult<()> {
    AnsiTransactionManager::begin_transaction_sql(conn, sql).await
}
