//! MySQL and MariaDB: the handles without the connection type.

pub(super) use diesel::connection::SimpleConnection;
pub(super) use diesel::{MysqlConnection as Raw, RunQueryDsl};

pub(super) use super::transaction::begin_with;

use diesel::MysqlConnection;

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
