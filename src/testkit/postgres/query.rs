use super::deadline::Deadline;
use super::sql::{Failure, Row};
use super::{PgError, PgNode};

/// Statements for a test's own set-up and checks; each call opens a connection and closes it.
impl PgNode {
    /// Runs one or several statements as `app` in database `app`.
    ///
    /// # Errors
    ///
    /// [`PgError::Sql`] with the server's message, [`PgError::Timeout`].
    pub fn execute(&self, sql: &str) -> Result<(), PgError> {
        self.rows("app", sql, "a statement").map(drop)
    }

    /// Runs a query as `app` in database `app`: the first column of the first row, as text. `None`
    /// without rows and for NULL.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub fn query_value(&self, sql: &str) -> Result<Option<String>, PgError> {
        self.rows("app", sql, "a query").map(first)
    }

    /// [`execute`](Self::execute) as superuser `postgres` in database `app`.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub fn admin_execute(&self, sql: &str) -> Result<(), PgError> {
        self.rows("postgres", sql, "a statement").map(drop)
    }

    /// [`query_value`](Self::query_value) as superuser `postgres` in database `app`.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub fn admin_value(&self, sql: &str) -> Result<Option<String>, PgError> {
        self.rows("postgres", sql, "a query").map(first)
    }

    pub(super) fn value(&self, sql: &str, step: &'static str) -> Result<Option<String>, PgError> {
        self.rows("postgres", sql, step).map(first)
    }

    /// Waits until a condition, as SQL, is true on this node.
    pub(super) fn until(
        &self,
        condition: &str,
        step: &'static str,
        deadline: Deadline,
    ) -> Result<(), PgError> {
        self.login("postgres", "app")
            .until(condition, deadline)
            .map_err(|failure| self.failed(failure, step, deadline))
    }

    fn rows(&self, user: &str, sql: &str, step: &'static str) -> Result<Vec<Row>, PgError> {
        let deadline = Deadline::after(self.context.limit);
        self.login(user, "app")
            .rows(sql, deadline)
            .map_err(|failure| self.failed(failure, step, deadline))
    }

    pub(super) fn failed(
        &self,
        failure: Failure,
        step: &'static str,
        deadline: Deadline,
    ) -> PgError {
        match failure {
            Failure::TimedOut => self.timeout_after(step, deadline.limit),
            Failure::Refused(source) => PgError::Sql {
                node: self.name.clone(),
                step,
                source,
            },
        }
    }
}

fn first(rows: Vec<Row>) -> Option<String> {
    rows.into_iter().next()?.into_iter().next()?
}
