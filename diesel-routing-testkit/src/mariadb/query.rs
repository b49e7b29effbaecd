use super::MariaNode;
use super::sql::Login;
use crate::ServerError;
use crate::server::{Deadline, Failure, Row, first};

/// Statements for a test's own set-up and checks; each call opens a connection and closes it.
///
/// They go over the node's unix socket, so that no [proxy](MariaNode::proxy) stands in their way.
impl MariaNode {
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

    /// Does [`execute`](Self::execute) as `root`, who may do everything, also write on a replica.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub fn admin_execute(&self, sql: &str) -> Result<(), ServerError> {
        self.rows("root", sql, "a statement").map(drop)
    }

    /// Does [`query_value`](Self::query_value) as `root`.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub fn admin_value(&self, sql: &str) -> Result<Option<String>, ServerError> {
        self.rows("root", sql, "a query").map(first)
    }

    pub(super) fn value(
        &self,
        sql: &str,
        step: &'static str,
    ) -> Result<Option<String>, ServerError> {
        self.rows("root", sql, step).map(first)
    }

    /// Runs statements one after another, as `root`, on one connection.
    pub(super) fn run(&self, statements: &[String], step: &'static str) -> Result<(), ServerError> {
        self.ask(step, |login, deadline| login.all(statements, deadline))
    }

    /// Waits until a condition, as SQL, is 1 on this node.
    pub(super) fn until(
        &self,
        condition: &str,
        step: &'static str,
        deadline: Deadline,
    ) -> Result<(), ServerError> {
        self.login("root", None)
            .until(condition, deadline)
            .map_err(|failure| self.server.failed(failure, step, deadline))
    }

    /// Asks one question as `root`.
    pub(super) fn ask<T>(
        &self,
        step: &'static str,
        question: impl FnOnce(Login<'_>, Deadline) -> Result<T, Failure>,
    ) -> Result<T, ServerError> {
        let deadline = self.server.deadline();
        question(self.login("root", None), deadline)
            .map_err(|failure| self.server.failed(failure, step, deadline))
    }

    fn rows(&self, user: &str, sql: &str, step: &'static str) -> Result<Vec<Row>, ServerError> {
        let deadline = self.server.deadline();
        self.login(user, Some("app"))
            .rows(sql, deadline)
            .map_err(|failure| self.server.failed(failure, step, deadline))
    }
}
