//! What differs by kind of server.

use serde::Serialize;

use super::Lock;
use crate::statements::Family;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(
    not(feature = "mysql"),
    allow(dead_code, reason = "all kinds have words, whatever is compiled in")
)]
pub(crate) enum Kind {
    Postgres,
    MySql,
    MariaDb,
    Sqlite,
}

/// The timeline that a primary of PostgreSQL is on.
pub(super) const TIMELINE: &str =
    "('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int";

/// The history that a server of MySQL's family writes on: its own.
pub(super) const ORIGIN_OF_MYSQL: &str = "CAST(@@server_id % 2147483647 AS SIGNED)";

impl Kind {
    /// Returns the kind of a server of this family that calls its version so.
    pub(crate) fn of(family: Family, version: &str) -> Self {
        // Which families there are is up to features.
        let _ = version;
        match family {
            #[cfg(feature = "postgres")]
            Family::Postgres => Self::Postgres,
            #[cfg(feature = "mysql")]
            Family::MySql if version.contains("MariaDB") => Self::MariaDb,
            #[cfg(feature = "mysql")]
            Family::MySql => Self::MySql,
            #[cfg(feature = "sqlite")]
            Family::Sqlite => Self::Sqlite,
        }
    }

    /// Returns its name, for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::MariaDb => "MariaDB",
            Self::Sqlite => "SQLite",
        }
    }

    /// Returns whether servers can be asked what they run.
    pub(crate) fn has_activity(self) -> bool {
        self != Self::Sqlite
    }

    /// Returns whether servers have positions, by which a router proves that a replica has what a session saw.
    pub(crate) fn has_positions(self) -> bool {
        self != Self::Sqlite
    }

    /// Returns whether rows can be locked by reads.
    pub(crate) fn locks(self) -> bool {
        self != Self::Sqlite
    }

    /// Returns whether a transaction has to read before it writes, to learn the number of its history.
    pub(crate) fn asks_origin(self) -> bool {
        matches!(self, Self::MySql | Self::MariaDb)
    }

    /// Returns an expression as text.
    pub(super) fn text(self, expression: &str) -> String {
        match self {
            Self::Postgres | Self::Sqlite => format!("CAST({expression} AS text)"),
            Self::MySql | Self::MariaDb => format!("CAST({expression} AS CHAR)"),
        }
    }

    /// Returns an expression as a number of 64 bits.
    pub(super) fn number(self, expression: &str) -> String {
        match self {
            Self::Postgres => format!("CAST({expression} AS int8)"),
            Self::MySql | Self::MariaDb => format!("CAST({expression} AS SIGNED)"),
            Self::Sqlite => expression.to_owned(),
        }
    }

    /// Returns the columns by which a server says what it and the connection are: those of [`Seen`](crate::seen::Seen).
    pub(super) fn connection(self) -> String {
        let server = self.server();
        let replica = self.replica();
        let rest = match self {
            Self::Postgres => {
                "current_setting('transaction_isolation') AS isolation, \
                 (current_setting('default_transaction_read_only') = 'on')::int::int8 AS read_only, \
                 pg_backend_pid()::int8 AS connection, 0::int8 AS origin"
                    .to_owned()
            }
            Self::MySql | Self::MariaDb => {
                // Each of the two names of a variable is unknown to one of them.
                let variable = if self == Self::MySql {
                    "transaction"
                } else {
                    "tx"
                };
                format!(
                    "CAST(@@session.{variable}_isolation AS CHAR) AS isolation, \
                     CAST(@@session.{variable}_read_only AS SIGNED) AS read_only, \
                     CAST(CONNECTION_ID() AS SIGNED) AS connection, {ORIGIN_OF_MYSQL} AS origin"
                )
            }
            Self::Sqlite => "'SERIALIZABLE' AS isolation, \
                 (SELECT query_only FROM pragma_query_only) AS read_only, \
                 0 AS connection, 1 AS origin"
                .to_owned(),
        };
        format!("{server} AS server, {replica} AS replica, {rest}")
    }

    /// Returns what tells a server from others, in its own words.
    pub(super) fn server(self) -> &'static str {
        match self {
            Self::Postgres => {
                "extract(epoch FROM pg_postmaster_start_time())::text \
                 || coalesce(' ' || host(inet_server_addr()) || ':' || inet_server_port(), '')"
            }
            Self::MySql | Self::MariaDb => "CONCAT_WS(' ', @@hostname, @@port, @@server_id)",
            Self::Sqlite => "(SELECT file FROM pragma_database_list WHERE name = 'main')",
        }
    }

    /// Returns whether a server calls itself a replica, as a number.
    pub(super) fn replica(self) -> &'static str {
        match self {
            Self::Postgres => "pg_is_in_recovery()::int::int8",
            Self::MySql | Self::MariaDb => "CAST(@@global.read_only AS SIGNED)",
            Self::Sqlite => "NULL",
        }
    }

    /// Returns a condition that takes this many seconds.
    pub(super) fn linger(self, seconds: &str) -> String {
        match self {
            Self::Postgres => format!(" AND (SELECT pg_sleep({seconds})) IS NOT NULL"),
            Self::MySql | Self::MariaDb => format!(" AND SLEEP({seconds}) = 0"),
            Self::Sqlite => String::new(),
        }
    }

    /// Returns the clause that locks rows of `k`.
    pub(super) fn lock(self, lock: Lock) -> &'static str {
        match (self, lock) {
            (Self::Postgres, Lock::Update) => " FOR UPDATE OF k",
            (Self::Postgres, Lock::Share) => " FOR SHARE OF k",
            (Self::MySql | Self::MariaDb, Lock::Update) => " FOR UPDATE",
            // The spelling that every version knows, and that replicas accept.
            (Self::MySql | Self::MariaDb, Lock::Share) => " LOCK IN SHARE MODE",
            (Self::Sqlite, _) => "",
        }
    }
}
