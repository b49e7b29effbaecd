//! SQLite: the handles without the connection type.

use diesel::connection::AnsiTransactionManager;
use diesel::dsl::select;
use diesel::sql_types::{Bool, Text};
use diesel::{QueryResult, SqliteConnection};

pub use diesel_routing_macros::read_sql_sqlite as read_sql;

use super::RoutedConnection;
use crate::cluster::ServerFacts;
use crate::server::NodeRole;

/// [`ReadConn`](super::ReadConn) on SQLite.
pub type ReadConn<R> = super::ReadConn<R, SqliteConnection>;
/// [`WriteConn`](super::WriteConn) on SQLite.
pub type WriteConn = super::WriteConn<SqliteConnection>;
/// [`Router`](super::Router) on SQLite.
pub type Router = super::Router<SqliteConnection>;
/// [`TestRouter`](super::TestRouter) on SQLite.
#[cfg(feature = "test-util")]
pub type TestRouter = super::TestRouter<SqliteConnection>;
/// [`Session`](super::Session) on SQLite.
pub type Session = super::Session<SqliteConnection>;
/// [`ReadSql`](crate::ReadSql) on SQLite.
pub type ReadSql = crate::ReadSql<diesel::sqlite::Sqlite>;

/// What Diesel defines is public: not beyond here.
mod functions {
    diesel::define_sql_function! {
        /// Asks for the version, with no table and no bind parameter.
        fn sqlite_version() -> diesel::sql_types::Text;
    }
}

impl RoutedConnection for SqliteConnection {
    /// Returns `None`: a file does not know whether another replaces it.
    fn node_role(&mut self) -> QueryResult<Option<NodeRole>> {
        // Runs on every checkout, so the statement is prepared once.
        diesel::RunQueryDsl::execute(select(functions::sqlite_version()), self).map(|_| None)
    }

    /// Returns no role, and whether the connection refuses to write.
    fn role_and_mode(&mut self) -> QueryResult<(Option<NodeRole>, Option<bool>)> {
        let mode = diesel::dsl::sql::<Bool>("SELECT query_only FROM pragma_query_only");
        diesel::RunQueryDsl::get_result(mode, self).map(|read_only| (None, Some(read_only)))
    }

    /// Returns the path of the database file.
    fn facts(&mut self, _: bool) -> QueryResult<ServerFacts> {
        let file =
            diesel::dsl::sql::<Text>("SELECT file FROM pragma_database_list WHERE name = 'main'");
        let file: String = diesel::RunQueryDsl::get_result(file, self)?;
        Ok(ServerFacts {
            identity: (!file.is_empty()).then_some(file),
            ..ServerFacts::default()
        })
    }

    fn begin_with(&mut self, sql: &str) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, sql)
    }
}

#[cfg(test)]
mod tests {
    use diesel::Connection;
    use diesel::connection::SimpleConnection;

    use super::*;

    #[test]
    fn a_connection_says_whether_it_refuses_to_write() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        assert_eq!(conn.role_and_mode(), Ok((None, Some(false))));
        conn.batch_execute("PRAGMA query_only = ON").unwrap();
        assert_eq!(conn.role_and_mode(), Ok((None, Some(true))));
    }
}
