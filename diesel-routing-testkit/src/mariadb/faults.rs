use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::MariaNode;
use super::flavour::{Flavour, Thread};
use super::replication::{Status, is_yes};
use super::settings::name as option;
use crate::ServerError;

/// Lag and faults.
impl MariaNode {
    /// Stops replay on a replica (its SQL thread). The replica still receives and still answers
    /// queries, with the rows it has.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] when the node follows no other, [`ServerError::Timeout`].
    pub fn pause_replay(&self) -> Result<(), ServerError> {
        self.stop_thread(Thread::Sql, "pause its replay")
    }

    /// Lets replay go on after [`pause_replay`](Self::pause_replay).
    ///
    /// # Errors
    ///
    /// As [`pause_replay`](Self::pause_replay).
    pub fn resume_replay(&self) -> Result<(), ServerError> {
        self.start_thread(Thread::Sql, "resume its replay")
    }

    /// Stops a replica's IO thread: nothing more arrives, and the replica knows that; what has arrived
    /// is applied.
    ///
    /// # Errors
    ///
    /// As [`pause_replay`](Self::pause_replay).
    pub fn stop_receiving(&self) -> Result<(), ServerError> {
        self.stop_thread(Thread::Io, "stop receiving")
    }

    /// Lets a replica receive again after [`stop_receiving`](Self::stop_receiving).
    ///
    /// # Errors
    ///
    /// As [`pause_replay`](Self::pause_replay).
    pub fn resume_receiving(&self) -> Result<(), ServerError> {
        self.start_thread(Thread::Io, "resume receiving")
    }

    /// Makes a replica apply commits `delay` after the primary made them, rounded up to whole seconds;
    /// zero ends it. Commits made after this returned are delayed for certain.
    ///
    /// # Errors
    ///
    /// As [`pause_replay`](Self::pause_replay).
    pub fn set_apply_delay(&self, delay: Duration) -> Result<(), ServerError> {
        const STEP: &str = "delay its replay";
        let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
        let status = self.replica_status(STEP)?;
        self.without_threads(&[Thread::Io, Thread::Sql], &status, STEP, || {
            Ok(vec![self.flavour().delay(seconds)])
        })
    }

    /// Makes a replica's SQL thread end with an error, and waits for that: the replica has a row that
    /// `upstream` inserts now.
    pub(super) fn break_replay(&self, upstream: &Self) -> Result<(), ServerError> {
        const STEP: &str = "break its replay";
        self.replica_status(STEP)?;
        let database = self.conflict_database();
        let prepare = [
            format!("CREATE DATABASE IF NOT EXISTS {database}"),
            format!("CREATE TABLE IF NOT EXISTS {database}.n (n INT PRIMARY KEY)"),
        ];
        upstream.run(&prepare, STEP)?;
        let prepared = self.flavour().covers(&upstream.position()?);
        self.until(
            &format!("SELECT {prepared}"),
            "applying up to the break",
            self.server.deadline(),
        )?;

        let number = self.conflicts.fetch_add(1, Ordering::Relaxed);
        let insert = format!("INSERT INTO {database}.n VALUES ({number})");
        self.run_unlogged(insert.clone(), STEP)?;
        upstream.run(&[insert], STEP)?;
        let ended = self.server.deadline().poll(|| {
            let status = self.replica_status(STEP)?;
            let failed = status
                .get("Last_SQL_Errno")
                .is_some_and(|number| number != "0");
            Ok((failed && !is_yes(&status, Thread::Sql)).then_some(()))
        })?;
        ended.ok_or_else(|| self.server.timeout("the end of its SQL thread"))
    }

    /// Removes what [`break_replay`](super::MariaCluster::break_replay) put in the way, and lets replay
    /// go on.
    ///
    /// # Errors
    ///
    /// As [`pause_replay`](Self::pause_replay); [`ServerError::Sql`] when nothing was put in the way.
    pub fn mend_replay(&self) -> Result<(), ServerError> {
        const STEP: &str = "mend its replay";
        self.replica_status(STEP)?;
        let delete = format!("DELETE FROM {}.n", self.conflict_database());
        self.run_unlogged(delete, STEP)?;
        self.run(&[self.flavour().start(Thread::Sql)], STEP)
    }

    /// Changes a server setting: of the running server if it has such a variable that can be changed,
    /// and for every start to come.
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`] when the running server does not accept the value; nothing is changed
    /// then.
    pub fn set(&self, name: &str, value: &str) -> Result<(), ServerError> {
        /// `ER_INCORRECT_GLOBAL_LOCAL_VAR`: it is read when the server starts.
        const FIXED: &str = "1238";
        let name = option(name);
        if self.is_running() {
            let value = if value.parse::<f64>().is_ok() {
                value.to_owned()
            } else {
                format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
            };
            match self.value(
                &format!("SET GLOBAL {name} = {value}"),
                "changing a setting",
            ) {
                Err(ServerError::Sql { source, .. }) if source.to_string().contains(FIXED) => {}
                other => drop(other?),
            }
        }
        self.settings().insert(name, value.into());
        Ok(())
    }

    /// Makes a replica a primary, and returns once it takes writes. From then on it is
    /// [`MariaCluster::primary`](super::MariaCluster::primary).
    ///
    /// What it has received it applies first, unless its replay is paused, broken or delayed: then that
    /// is lost.
    ///
    /// The old primary is left alone: kill it first for a failover, or leave it running for a split
    /// brain. The other replicas follow the node they followed before; see
    /// [`MariaCluster::repoint`](super::MariaCluster::repoint).
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] on a primary; [`ServerError::Timeout`].
    pub fn promote(&self) -> Result<(), ServerError> {
        const STEP: &str = "be promoted";
        let flavour = self.flavour();
        self.replica_status(STEP)?;
        self.run(&[flavour.stop(Thread::Io)], STEP)?;
        let status = self.replica_status(STEP)?;
        let is_delayed = status.get("SQL_Delay").is_some_and(|delay| delay != "0");
        if is_yes(&status, Thread::Sql) && !is_delayed {
            self.apply_received(&status, STEP)?;
        }
        let mut statements = vec![flavour.stop(Thread::Sql), flavour.forget()];
        statements.extend(
            flavour
                .read_only()
                .iter()
                .rev()
                .map(|name| format!("SET GLOBAL {name} = 0")),
        );
        self.run(&statements, STEP)?;
        for &name in flavour.read_only() {
            self.settings().remove(name);
        }
        self.context.topology.promoted(self.index);
        Ok(())
    }

    /// Waits until everything in the relay log is applied; the IO thread must have ended.
    fn apply_received(&self, status: &Status, step: &'static str) -> Result<(), ServerError> {
        /// For the case that the last transaction has arrived in part and will never be applied.
        const PATIENCE: Duration = Duration::from_secs(1);
        let flavour = self.flavour();
        let received = status.get(flavour.received()).map_or("", String::as_str);
        let covers = format!("SELECT {}", flavour.covers(&received.replace('\n', "")));
        let start = Instant::now();
        let done = self.server.deadline().poll(|| {
            let applied = self.value(&covers, step)?.as_deref() == Some("1");
            let status = self.replica_status(step)?;
            let idle = status
                .get("Slave_SQL_Running_State")
                .is_some_and(|state| state.contains("has read all relay log"));
            let given_up = start.elapsed() > PATIENCE && idle;
            Ok((applied || given_up || !is_yes(&status, Thread::Sql)).then_some(()))
        })?;
        done.ok_or_else(|| self.server.timeout("applying what it had received"))
    }

    fn stop_thread(&self, thread: Thread, step: &'static str) -> Result<(), ServerError> {
        self.replica_status(step)?;
        self.run(&[self.flavour().stop(thread)], step)
    }

    fn start_thread(&self, thread: Thread, step: &'static str) -> Result<(), ServerError> {
        self.replica_status(step)?;
        self.run(&[self.flavour().start(thread)], step)
    }

    /// Runs a statement on a replica without a GTID of its own.
    fn run_unlogged(&self, statement: String, step: &'static str) -> Result<(), ServerError> {
        let mut statements = vec!["SET sql_log_bin = 0".to_owned(), statement];
        if self.flavour() == Flavour::MySql {
            // It stops `root` as well.
            statements.insert(0, "SET GLOBAL super_read_only = 0".into());
            statements.push("SET GLOBAL super_read_only = 1".into());
        }
        self.run(&statements, step)
    }

    fn conflict_database(&self) -> String {
        format!("testkit_conflict_{}", self.index)
    }
}
