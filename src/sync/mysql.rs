//! MySQL and MariaDB: the handles without the connection type.

use diesel::{MysqlConnection, QueryResult};

pub use diesel_routing_macros::read_sql_mysql as read_sql;

use super::RoutedConnection;
use super::transaction::begin_with;
use crate::error::NodeRole;

/// [`ReadConn`](super::ReadConn) on MySQL and MariaDB.
pub type ReadConn<R> = super::ReadConn<R, MysqlConnection>;
/// [`WriteConn`](super::WriteConn) on MySQL and MariaDB.
pub type WriteConn = super::WriteConn<MysqlConnection>;
/// [`Router`](super::Router) on MySQL and MariaDB.
#[cfg(feature = "r2d2")]
pub type Router = super::Router<MysqlConnection>;
/// [`Session`](super::Session) on MySQL and MariaDB.
#[cfg(feature = "r2d2")]
pub type Session = super::Session<MysqlConnection>;
/// [`ReadSql`](crate::ReadSql) on MySQL and MariaDB.
pub type ReadSql = crate::ReadSql<diesel::mysql::Mysql>;

impl RoutedConnection for MysqlConnection {
    /// Whether the server takes writes from ordinary users.
    fn node_role(&mut self) -> QueryResult<Option<NodeRole>> {
        diesel::RunQueryDsl::get_result(crate::mysql_server::role_query(), self)
            .map(|read_only| Some(crate::mysql_server::role(read_only)))
    }

    fn begin_with(&mut self, sql: &str) -> QueryResult<()> {
        begin_with(self, sql)
    }
}
