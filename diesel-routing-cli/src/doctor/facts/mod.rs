//! `Facts`: what is known of a node; `Topology`: of all nodes, and of the configuration.

mod account;
mod configured;
mod replication;
mod tables;

use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) use account::Account;
pub(crate) use configured::{Configured, Limits, Pools, TlsMode, Transport};
pub(crate) use replication::{Galera, Lag, Replication, Slot, Standby, Subscription, Upstream};
pub(crate) use tables::Tables;

/// All that is known when findings are looked for.
#[derive(Debug, Default)]
pub(crate) struct Topology {
    pub(crate) nodes: Vec<Facts>,
    pub(crate) limits: Limits,
}

/// The knowledge of one node. What its server did not say, or does not have, is `None` or empty.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) name: String,
    pub(crate) configured: Configured,
    /// The reason why nothing is known of it, if it did not answer.
    pub(crate) unreachable: Option<String>,
    pub(crate) kind: Option<Kind>,
    pub(crate) version: Option<Version>,
    pub(crate) takes_writes: Option<bool>,
    /// The cluster that its data are of: PostgreSQL's system identifier, Galera's cluster id.
    pub(crate) cluster: Option<String>,
    /// The history of that cluster: PostgreSQL's timeline.
    pub(crate) history: Option<String>,
    pub(crate) position: Option<String>,
    pub(crate) lag: Option<Lag>,
    pub(crate) upstream: Option<Upstream>,
    /// The time by which its clock is ahead of this machine's, in milliseconds.
    pub(crate) clock_offset: Option<ClockOffset>,
    /// The server's own settings, as a new database session of this account has them.
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) account: Option<Account>,
    /// The servers that connections to this node's name led to: one for each connection that was opened.
    pub(crate) runs: Vec<String>,
    /// The address that its server says it has.
    pub(crate) address: Option<(String, u16)>,
    /// Set if a server process was seen to serve two connections, or a connection to change its process.
    pub(crate) shares_processes: Option<bool>,
    pub(crate) transport: Option<Transport>,
    pub(crate) is_encrypted: Option<bool>,
    pub(crate) connections: Option<u64>,
    pub(crate) replication: Option<Replication>,
    pub(crate) standbys: Vec<Standby>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) tables: Tables,
    /// Reads that replay has cancelled since the statistics began.
    pub(crate) cancelled_reads: Option<u64>,
    pub(crate) galera: Option<Galera>,
    /// The file that it is, on SQLite: by its device and number.
    pub(crate) file: Option<String>,
    pub(crate) unanswered: Vec<Unanswered>,
}

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
pub(crate) enum Kind {
    #[serde(rename = "PostgreSQL")]
    Postgres,
    #[serde(rename = "MariaDB")]
    MariaDb,
    #[serde(rename = "MySQL")]
    MySql,
    #[serde(rename = "SQLite")]
    Sqlite,
}

/// A server's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// The part that must be the same on all nodes: `15` of PostgreSQL 15.4, `10.11` of MariaDB 10.11.6.
    pub(crate) series: String,
    /// As the server says it.
    pub(crate) text: String,
}

/// The time by which a clock is ahead of this machine's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ClockOffset {
    pub(crate) millis: f64,
    /// Half of the time that asking took: the offset may be so much more, or less.
    pub(crate) uncertainty: f64,
}

/// A question that got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unanswered {
    /// The question that was asked.
    pub(crate) question: &'static str,
    /// The server's words.
    pub(crate) why: String,
    /// The grant that helps, if it is a privilege that lacks.
    pub(crate) remedy: Option<&'static str>,
}

impl Topology {
    /// Returns the nodes that answered.
    pub(crate) fn reached(&self) -> impl Iterator<Item = &Facts> {
        self.nodes.iter().filter(|node| node.is_reached())
    }

    /// Returns the nodes that take writes and are meant to: no logical subscribers.
    pub(crate) fn primaries(&self) -> impl Iterator<Item = &Facts> {
        self.reached().filter(|node| node.is_primary())
    }

    /// Returns the primary, if there is exactly one.
    pub(crate) fn primary(&self) -> Option<&Facts> {
        let mut primaries = self.primaries();
        primaries.next().filter(|_| primaries.next().is_none())
    }

    /// Returns the nodes that replay another's writes.
    pub(crate) fn replicas(&self) -> impl Iterator<Item = &Facts> {
        self.reached().filter(|node| node.is_replica())
    }
}

impl Facts {
    pub(crate) fn is_reached(&self) -> bool {
        self.unreachable.is_none()
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.takes_writes == Some(true) && !self.configured.is_logical
    }

    pub(crate) fn is_replica(&self) -> bool {
        self.takes_writes == Some(false) || self.configured.is_logical
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.kind == Some(Kind::Postgres)
    }

    /// Returns whether it is a server of MySQL's family.
    pub(crate) fn is_mysql(&self) -> bool {
        matches!(self.kind, Some(Kind::MySql | Kind::MariaDb))
    }

    /// Returns what tells its server from others: what the server says, else the node's name.
    pub(crate) fn server(&self) -> &str {
        self.runs.first().unwrap_or(&self.name)
    }

    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// Returns a setting as a number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.setting(name)?.parse().ok()
    }

    /// Returns whether a setting is known to be on, or known to be off.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.setting(name)?.to_ascii_lowercase().as_str() {
            "on" | "1" | "yes" | "true" => Some(true),
            "off" | "0" | "no" | "false" => Some(false),
            _ => None,
        }
    }

    /// Returns the connections that applications may have at most.
    pub(crate) fn connection_limit(&self) -> Option<u64> {
        let reserved = ["superuser_reserved_connections", "reserved_connections"];
        let reserved: i64 = reserved.iter().filter_map(|name| self.number(name)).sum();
        u64::try_from(self.number("max_connections")? - reserved).ok()
    }

    /// Returns what the pools of one instance may open at most, and its watcher.
    pub(crate) fn connections_of_instance(&self, reads_on_primary: bool) -> u64 {
        let Configured { pools, .. } = &self.configured;
        let primary = self.is_primary();
        let read = if !primary || reads_on_primary {
            pools.read
        } else {
            0
        };
        let (write, fallback) = if primary {
            (pools.write, pools.fallback)
        } else {
            (0, 0)
        };
        u64::from(read) + u64::from(write) + u64::from(fallback) + 1
    }
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// Returns a time as people write it: `850ms`, `12s`.
pub(crate) fn in_words(time: Duration) -> String {
    let rounded = if time < Duration::from_secs(10) {
        Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    } else {
        Duration::from_secs(time.as_secs())
    };
    humantime::format_duration(rounded).to_string()
}
