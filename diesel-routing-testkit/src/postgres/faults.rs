use std::time::Duration;

use nix::sys::signal::Signal;

use super::PgNode;
use super::settings;
use crate::ServerError;

/// Lag and faults.
impl PgNode {
    /// Stops replay on a standby; returns once it has really stopped. The standby still receives
    /// and still answers queries, with the rows it has.
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`] on a primary, [`ServerError::Timeout`].
    pub fn pause_replay(&self) -> Result<(), ServerError> {
        const STEP: &str = "pausing replay";
        self.value("SELECT pg_wal_replay_pause()", STEP)?;
        // The call above only asks; the server pauses when it next looks.
        self.until(
            "SELECT pg_get_wal_replay_pause_state() = 'paused'",
            STEP,
            self.server.deadline(),
        )
    }

    /// Lets replay go on after [`pause_replay`](Self::pause_replay).
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`] on a primary, [`ServerError::Timeout`].
    pub fn resume_replay(&self) -> Result<(), ServerError> {
        self.value("SELECT pg_wal_replay_resume()", "resuming replay")
            .map(drop)
    }

    /// Makes a standby apply commits `delay` (whole milliseconds) after the primary made them; zero
    /// ends it. Commits made after this returned are delayed for certain.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set).
    pub fn set_apply_delay(&self, delay: Duration) -> Result<(), ServerError> {
        self.set(
            "recovery_min_apply_delay",
            &format!("{}ms", delay.as_millis()),
        )
    }

    /// Changes a server setting, as `postgresql.conf` would. A running server has taken it over
    /// when this returns; a setting that needs a restart takes effect at the next start.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] when the server does not accept the value, which is then withdrawn.
    pub fn set(&self, name: &str, value: &str) -> Result<(), ServerError> {
        let before = self.settings().insert(name.into(), value.into());
        let outcome = self.reload(name);
        if outcome.is_err() {
            let mut settings = self.settings();
            match before {
                Some(before) => settings.insert(name.into(), before),
                None => settings.remove(name),
            };
            settings::write(self.data_dir(), &settings, self.context.account)?;
        }
        outcome
    }

    /// Replaces the server's access rules (`pg_hba.conf`) by these, for example
    /// `hostssl all all 127.0.0.0/8 scram-sha-256`; a running server has taken them over when this returns. User
    /// `postgres` keeps its way in over the socket, and so has everybody else whom `rules` say nothing of.
    ///
    /// # Errors
    ///
    /// [`ServerError::Io`], and those of [`set`](Self::set).
    pub fn set_access(&self, rules: &str) -> Result<(), ServerError> {
        settings::write_rules(self.data_dir(), rules, self.context.account)?;
        self.reload("hba_file")
    }

    /// Writes a file that the server alone may read into its data directory: a certificate, a key. Settings
    /// (`ssl_cert_file`) may give its name without a directory.
    ///
    /// # Errors
    ///
    /// [`ServerError::Io`].
    pub fn write_file(&self, name: &str, text: &str) -> Result<(), ServerError> {
        settings::put(&self.data_dir().join(name), text, self.context.account)
    }

    /// Stops every process of the node (`SIGSTOP`): connections are accepted by the kernel and never
    /// answered, open ones stall.
    ///
    /// # Errors
    ///
    /// [`ServerError::NotRunning`], [`ServerError::Timeout`].
    pub fn freeze(&self) -> Result<(), ServerError> {
        self.server.freeze()
    }

    /// Lets every process go on after [`freeze`](Self::freeze),
    /// [`freeze_receiver`](Self::freeze_receiver) or [`freeze_replay`](Self::freeze_replay).
    ///
    /// # Errors
    ///
    /// [`ServerError::NotRunning`], [`ServerError::Io`].
    pub fn thaw(&self) -> Result<(), ServerError> {
        self.server.thaw()
    }

    /// Stops a standby's WAL receiver: it stays connected, receives nothing more and says nothing
    /// about it, while queries and the replay of what has arrived go on.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] when the node has no WAL receiver, [`ServerError::Timeout`].
    pub fn freeze_receiver(&self) -> Result<(), ServerError> {
        self.freeze_process(
            "SELECT pid FROM pg_stat_wal_receiver",
            "freeze its WAL receiver",
        )
    }

    /// Stops a standby's startup process, which replays: queries go on, and so does receiving. Unlike
    /// [`pause_replay`](Self::pause_replay) the server does not know.
    ///
    /// # Errors
    ///
    /// [`ServerError::Refused`] when the node is not a standby, [`ServerError::Timeout`].
    pub fn freeze_replay(&self) -> Result<(), ServerError> {
        self.freeze_process(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'",
            "freeze its replay",
        )
    }

    /// Makes a standby a primary, on a new timeline, and returns once it takes writes. From then on
    /// it is [`PgCluster::primary`](super::PgCluster::primary).
    ///
    /// The old primary is left alone: kill it first for a failover, or leave it running for a split
    /// brain. The other standbys follow the node they followed before; see
    /// [`PgCluster::repoint`](super::PgCluster::repoint).
    ///
    /// # Errors
    ///
    /// [`ServerError::Sql`] on a primary; [`ServerError::Timeout`].
    pub fn promote(&self) -> Result<(), ServerError> {
        const STEP: &str = "its promotion";
        self.value("SELECT pg_promote(wait => false)", STEP)?;
        self.until(
            "SELECT NOT pg_is_in_recovery()",
            STEP,
            self.server.deadline(),
        )?;
        self.context.topology.promoted(self.index);
        Ok(())
    }

    fn freeze_process(&self, sql: &str, step: &'static str) -> Result<(), ServerError> {
        let pid = self
            .value(sql, step)?
            .and_then(|pid| pid.parse().ok())
            .ok_or_else(|| {
                self.server
                    .refused(step, "it has none; is it a connected standby?")
            })?;
        self.server.freeze_child(pid)
    }

    /// Writes the settings and waits until a running server has read them.
    fn reload(&self, name: &str) -> Result<(), ServerError> {
        const STEP: &str = "reloading its settings";
        const LOADED: &str = "SELECT pg_conf_load_time()";
        if !self.is_running() {
            return settings::write(self.data_dir(), &self.settings(), self.context.account);
        }
        settings::write(self.data_dir(), &self.settings(), self.context.account)?;
        // Read before the server does: of a file with an unknown name it takes over nothing.
        let problem = self.value(
            &format!(
                "SELECT error FROM pg_file_settings f WHERE name = '{}' AND error IS NOT NULL AND \
                 NOT EXISTS (SELECT FROM pg_settings s WHERE s.name = f.name AND context = 'postmaster')",
                name.replace('\'', "''")
            ),
            STEP,
        )?;
        if let Some(problem) = problem {
            return Err(self
                .server
                .refused("take a setting", format!("{name}: {problem}")));
        }
        let loaded = self.value(LOADED, STEP)?;
        self.server.signal(Signal::SIGHUP)?;
        // Each round a new session: it inherits what the postmaster has read.
        self.server
            .deadline()
            .poll(|| Ok((self.value(LOADED, STEP)? != loaded).then_some(())))?
            .ok_or_else(|| self.server.timeout("the reload of its settings"))
    }
}
