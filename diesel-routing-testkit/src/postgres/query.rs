use super::PgNode;
use crate::ServerError;
use crate::server::{Deadline, Row, first};

/// Statements for a test's own set-up and checks; each call opens a connection and closes it.
impl PgNode {
    /// Runs one or several statements as `app` in database `app`.
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`] with the server's message, [`ServerError::Timeout`].
    pub fn execute(&self, sql: &str) -> Result<(), ServerError> {
        self.rows("app", sql, "a statement").map(drop)
    }

    /// Runs a query as `app` in database `app`: the first column of the first row, as text. `None`
    /// without rows and for NULL.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub fn query_value(&self, sql: &str) -> Result<Option<String>, ServerError> {
        self.rows("app", sql, "a query").map(first)
    }

    /// Does [`execute`](Self::execute) as superuser `postgres` in database `app`.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub fn admin_execute(&self, sql: &str) -> Result<(), ServerError> {
        self.rows("postgres", sql, "a statement").map(drop)
    }

    /// Does [`query_value`](Self::query_value) as superuser `postgres` in database `app`.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub fn admin_value(&self, sql: &str) -> Result<Option<String>, ServerError> {
        self.rows("postgres", sql, "a query").map(first)
    }

    pub(super) fn value(
        &self,
        sql: &str,
        step: &'static str,
    ) -> Result<Option<String>, ServerError> {
        self.rows("postgres", sql, step).map(first)
    }

    /// Waits until a condition, as SQL, is true on this node.
    pub(super) fn until(
        &self,
        condition: &str,
        step: &'static str,
        deadline: Deadline,
    ) -> Result<(), ServerError> {
        self.login("postgres", "app")
            .until(condition, deadline)
            .map_err(|failure| self.server.failed(failure, step, deadline))
    }

    fn rows(&self, user: &str, sql: &str, step: &'static str) -> Result<Vec<Row>, ServerError> {
        let deadline = Deadline::after(self.context.limit);
        self.login(user, "app")
            .rows(sql, deadline)
            .map_err(|failure| self.server.failed(failure, step, deadline))
    }
}
