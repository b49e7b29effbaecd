use super::MariaNode;
use super::flavour::Thread;
use super::replication::is_yes;
use crate::ServerError;

/// Questions to a node.
impl MariaNode {
    /// Returns whether the server refuses the application's writes.
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`] or [`ServerError::Timeout`] when the server does not answer.
    pub fn is_read_only(&self) -> Result<bool, ServerError> {
        let answer = self.value("SELECT @@global.read_only", "asking for its role")?;
        Ok(answer.as_deref() == Some("1"))
    }

    /// Returns whether it follows another node and its SQL thread does not run: paused, or ended by an error.
    ///
    /// # Errors
    ///
    /// As [`is_read_only`](Self::is_read_only).
    pub fn is_replay_paused(&self) -> Result<bool, ServerError> {
        let status = self.status("asking for its replay state")?;
        Ok(status.is_some_and(|status| !is_yes(&status, Thread::Sql)))
    }

    /// Returns whether it follows another node and its IO thread is connected to it, as far as it knows.
    ///
    /// # Errors
    ///
    /// As [`is_read_only`](Self::is_read_only).
    pub fn is_receiving(&self) -> Result<bool, ServerError> {
        let status = self.status("asking for its connection")?;
        Ok(status.is_some_and(|status| is_yes(&status, Thread::Io)))
    }

    /// Returns what ended the SQL thread, or `None`.
    ///
    /// # Errors
    ///
    /// As [`is_read_only`](Self::is_read_only).
    pub fn replay_error(&self) -> Result<Option<String>, ServerError> {
        self.thread_error("Last_SQL_Error")
    }

    /// Returns why the IO thread is not connected, or `None`.
    ///
    /// # Errors
    ///
    /// As [`is_read_only`](Self::is_read_only).
    pub fn receive_error(&self) -> Result<Option<String>, ServerError> {
        self.thread_error("Last_IO_Error")
    }

    /// Returns everything that the node has, as a GTID set in its server's notation: `0-1-25` on MariaDB.
    /// Empty before the first write.
    ///
    /// # Errors
    ///
    /// As [`is_read_only`](Self::is_read_only).
    pub fn position(&self) -> Result<String, ServerError> {
        let sql = format!("SELECT {}", self.flavour().position());
        let answer = self.value(&sql, "telling its position")?;
        Ok(answer.unwrap_or_default().replace('\n', ""))
    }

    /// Returns everything that a replica has received, applied or not, in the notation of
    /// [`position`](Self::position). Empty when it has received nothing since its IO thread started.
    ///
    /// # Errors
    ///
    /// As [`is_read_only`](Self::is_read_only); [`ServerError::Refused`] when it follows no node.
    pub fn received(&self) -> Result<String, ServerError> {
        let status = self.replica_status("tell what it has received")?;
        let received = status.get(self.flavour().received());
        Ok(received
            .map(|set| set.replace('\n', ""))
            .unwrap_or_default())
    }

    /// Returns one of the server's status variables (`SHOW GLOBAL STATUS`), for example
    /// `wsrep_cluster_size`. `None` when it has none of that name.
    ///
    /// # Errors
    ///
    /// As [`is_read_only`](Self::is_read_only).
    pub fn server_status(&self, name: &str) -> Result<Option<String>, ServerError> {
        const STEP: &str = "asking for its status";
        // Answered by a Galera node that refuses everything else.
        let sql = format!("SHOW GLOBAL STATUS LIKE '{}'", name.replace('\'', "''"));
        let record = self.ask(STEP, |login, deadline| login.record(&sql, deadline))?;
        Ok(record.and_then(|mut record| record.remove("Value")))
    }

    fn thread_error(&self, column: &str) -> Result<Option<String>, ServerError> {
        let status = self.status("asking for its errors")?.unwrap_or_default();
        Ok(status
            .get(column)
            .filter(|error| !error.is_empty())
            .cloned())
    }
}
