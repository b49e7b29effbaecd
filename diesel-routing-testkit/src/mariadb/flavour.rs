/// MariaDB and MySQL have the same replication in different words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavour {
    MariaDb,
    MySql,
}

/// The two threads of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thread {
    /// Receives events and writes them to the relay log.
    Io,
    /// Applies what is in the relay log.
    Sql,
}

/// The account that replicas use.
pub(super) const FEED: &str = "feed";

impl Flavour {
    /// Tells the flavour from what the server prints for `--version`.
    pub(super) fn of(version: &str) -> Self {
        if version.contains("MariaDB") {
            Self::MariaDb
        } else {
            Self::MySql
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
        }
    }

    /// Makes a server the replica of who listens at `port`, from where its own data ends.
    pub(super) fn follow(self, port: u16) -> String {
        match self {
            Self::MariaDb => format!(
                "CHANGE MASTER TO master_host = '127.0.0.1', master_port = {port}, \
                 master_user = '{FEED}', master_connect_retry = 1, master_use_gtid = slave_pos"
            ),
            Self::MySql => format!(
                "CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = {port}, \
                 source_user = '{FEED}', source_connect_retry = 1, source_auto_position = 1, \
                 get_source_public_key = 1"
            ),
        }
    }

    pub(super) fn delay(self, seconds: u64) -> String {
        match self {
            Self::MariaDb => format!("CHANGE MASTER TO master_delay = {seconds}"),
            Self::MySql => format!("CHANGE REPLICATION SOURCE TO source_delay = {seconds}"),
        }
    }

    pub(super) fn start(self, thread: Thread) -> String {
        format!("START {} {}", self.replica(), thread.name())
    }

    pub(super) fn stop(self, thread: Thread) -> String {
        format!("STOP {} {}", self.replica(), thread.name())
    }

    /// Makes a server forget that it was a replica.
    pub(super) fn forget(self) -> String {
        format!("RESET {} ALL", self.replica())
    }

    pub(super) fn status(self) -> String {
        format!("SHOW {} STATUS", self.replica())
    }

    /// Returns an expression for everything that the server has.
    pub(super) fn position(self) -> &'static str {
        match self {
            // Of a domain's two positions, the one that is further.
            Self::MariaDb => "@@gtid_current_pos",
            Self::MySql => "@@gtid_executed",
        }
    }

    /// Returns an expression for everything that the server has written to its binary log.
    pub(super) fn written(self) -> &'static str {
        match self {
            Self::MariaDb => "@@gtid_binlog_pos",
            Self::MySql => "@@gtid_executed",
        }
    }

    /// Returns whether the server has applied everything up to `position`, as an expression: 1 or 0.
    pub(super) fn covers(self, position: &str) -> String {
        match self {
            Self::MariaDb => format!("MASTER_GTID_WAIT('{position}', 0) = 0"),
            Self::MySql => format!("GTID_SUBSET('{position}', @@gtid_executed)"),
        }
    }

    /// Returns the status column with everything that a replica has received.
    pub(super) fn received(self) -> &'static str {
        match self {
            Self::MariaDb => "Gtid_IO_Pos",
            Self::MySql => "Retrieved_Gtid_Set",
        }
    }

    /// Returns the setting that refuses writes, and more of it where there is more.
    pub(super) fn read_only(self) -> &'static [&'static str] {
        match self {
            Self::MariaDb => &["read_only"],
            Self::MySql => &["read_only", "super_read_only"],
        }
    }

    fn replica(self) -> &'static str {
        match self {
            Self::MariaDb => "SLAVE",
            Self::MySql => "REPLICA",
        }
    }
}

impl Thread {
    fn name(self) -> &'static str {
        match self {
            Self::Io => "IO_THREAD",
            Self::Sql => "SQL_THREAD",
        }
    }

    /// Returns what MariaDB's status calls it.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Io => "Slave_IO_Running",
            Self::Sql => "Slave_SQL_Running",
        }
    }
}
