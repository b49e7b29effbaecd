//! Raw SQL for read handles, by the router's own check.
//!
//! Part of both flavours.

use super::{RoutedConnection, Router, Session};
use crate::error::Refused;
use crate::statement::ReadSql;

impl<C: RoutedConnection> Router<C> {
    /// Checks `sql` by this router's [`StatementCheck`](crate::StatementCheck), for read handles: like
    /// [`ReadSql::check`], which knows the built-in lists alone.
    ///
    /// # Errors
    ///
    /// Returns [`Refused::Statement`], with the finding, if `sql` does more than read and the check's policy is to refuse that.
    pub fn read_sql(&self, sql: impl Into<String>) -> Result<ReadSql<C::Backend>, Refused> {
        self.shared().checker.read_sql(sql.into())
    }
}

impl<C: RoutedConnection> Session<C> {
    /// Checks `sql` by the router's [`StatementCheck`](crate::StatementCheck), for read handles: like
    /// [`ReadSql::check`], which knows the built-in lists alone. Here a function that the check allows may be called.
    ///
    /// The statement is checked again when it runs, by the router that it runs on.
    ///
    /// # Errors
    ///
    /// Returns [`Refused::Statement`], with the finding, if `sql` does more than read and the check's policy is to refuse that.
    ///
    /// # Example
    ///
    /// ```
    /// # #[cfg(feature = "sync-sqlite")] {
    /// use diesel::sql_types::Integer;
    /// use diesel_routing::sync::{prelude::*, sqlite::{ReadSql, Router}};
    /// use diesel_routing::{Node, StatementCheck};
    ///
    /// #[derive(QueryableByName)]
    /// struct Changes {
    ///     #[diesel(sql_type = Integer)]
    ///     changes: i32,
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("db");
    /// # let path = path.to_str().ok_or("path")?;
    /// let router = Router::builder()
    ///     .primary(Node::new("db-1", path))
    ///     .statement_check(StatementCheck::default().allow("changes"))
    ///     .build()?;
    /// let session = router.session();
    ///
    /// let sql = "SELECT changes() AS changes";
    /// assert!(ReadSql::check(sql).is_err());
    /// let row: Changes = session.read_sql(sql)?.get_result(&mut session.read()?)?;
    /// assert_eq!(row.changes, 0);
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    pub fn read_sql(&self, sql: impl Into<String>) -> Result<ReadSql<C::Backend>, Refused> {
        self.router().read_sql(sql)
    }
}
