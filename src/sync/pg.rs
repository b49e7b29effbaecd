//! PostgreSQL: the handles without the connection type, `COPY`, and notifications.

use std::io::BufRead;

use diesel::pg::{CopyTarget, CopyToQuery, PgNotification};
use diesel::{PgConnection, QueryResult};

pub use diesel_routing_macros::read_sql_pg as read_sql;

use super::RoutedConnection;
use super::transaction::begin_with;
use crate::error::NodeRole;

/// [`ReadConn`](super::ReadConn) on PostgreSQL.
pub type ReadConn<R> = super::ReadConn<R, PgConnection>;
/// [`WriteConn`](super::WriteConn) on PostgreSQL.
pub type WriteConn = super::WriteConn<PgConnection>;
/// [`Router`](super::Router) on PostgreSQL.
#[cfg(feature = "r2d2")]
pub type Router = super::Router<PgConnection>;
/// [`Session`](super::Session) on PostgreSQL.
#[cfg(feature = "r2d2")]
pub type Session = super::Session<PgConnection>;
/// [`ReadSql`](crate::ReadSql) on PostgreSQL.
pub type ReadSql = crate::ReadSql<diesel::pg::Pg>;

impl RoutedConnection for PgConnection {
    /// Whether the server is in recovery.
    fn node_role(&mut self) -> QueryResult<Option<NodeRole>> {
        diesel::RunQueryDsl::get_result(crate::postgres::role_query(), self)
            .map(|in_recovery| Some(crate::postgres::role(in_recovery)))
    }

    fn begin_with(&mut self, sql: &str) -> QueryResult<()> {
        begin_with(self, sql)
    }
}
