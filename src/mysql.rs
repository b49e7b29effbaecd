//! MySQL and MariaDB: the handles without the connection type.

use diesel::QueryResult;
use diesel_async::{AnsiTransactionManager, AsyncMysqlConnection};

pub use diesel_routing_macros::read_sql_mysql as read_sql;

use crate::RoutedConnection;
use crate::error::NodeRole;

/// [`ReadConn`](crate::ReadConn) on MySQL and MariaDB.
pub type ReadConn<R> = crate::ReadConn<R, AsyncMysqlConnection>;
/// [`WriteConn`](crate::WriteConn) on MySQL and MariaDB.
pub type WriteConn = crate::WriteConn<AsyncMysqlConnection>;
/// [`Router`](crate::Router) on MySQL and MariaDB.
#[cfg(feature = "__pool")]
pub type Router = crate::Router<AsyncMysqlConnection>;
/// [`Session`](crate::Session) on MySQL and MariaDB.
#[cfg(feature = "__pool")]
pub type Session = crate::Session<AsyncMysqlConnection>;
/// [`ReadSql`](crate::ReadSql) on MySQL and MariaDB.
pub type ReadSql = crate::ReadSql<diesel::mysql::Mysql>;

impl RoutedConnection for AsyncMysqlConnection {
    /// Whether the server takes writes from ordinary users.
    async fn node_role(&mut self) -> QueryResult<Option<NodeRole>> {
        diesel_async::RunQueryDsl::get_result(crate::mysql_server::role_query(), self)
            .await
            .map(|read_only| Some(crate::mysql_server::role(read_only)))
    }

    async fn begin_with(&mut self, sql: &str) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, sql).await
    }
}
