//! The questions to a server about what it is and runs.

use super::Kind;
use crate::mark::FRONT;
use crate::run_id::RunId;

impl Kind {
    /// Returns the question what tells this server from others, as `a`, and whether it calls itself a replica, as `n`.
    pub(crate) fn who(self) -> String {
        let (server, none) = (self.text(self.server()), self.text("NULL"));
        let replica = match self {
            // It cannot know.
            Self::Sqlite => "-1",
            _ => self.replica(),
        };
        let zero = self.number("0");
        format!("SELECT {server} AS a, {none} AS b, {replica} AS n, {zero} AS m")
    }

    /// Returns the question which of a run's statements a server runs, and of those that are over which it still shows: `a` their
    /// text, `n` the connection. One that this account may not see has a text of `b`.
    pub(crate) fn activity(self, run: &RunId) -> Option<String> {
        let front = format!("{FRONT}{} %", run.short());
        match self {
            Self::Postgres => Some(format!(
                "SELECT query::text AS a, NULL::text AS b, pid::int8 AS n, 0::int8 AS m \
                 FROM pg_stat_activity WHERE query LIKE '{front}'"
            )),
            Self::MySql | Self::MariaDb => Some(format!(
                "SELECT info AS a, NULL AS b, CAST(id AS SIGNED) AS n, 0 AS m \
                 FROM information_schema.processlist WHERE info LIKE '{front}'"
            )),
            Self::Sqlite => None,
        }
    }

    /// Returns the question for what a server's sessions have run last, where it keeps that.
    pub(crate) fn recent_activity(self, run: &RunId) -> Option<String> {
        let front = format!("{FRONT}{} %", run.short());
        matches!(self, Self::MySql | Self::MariaDb).then(|| {
            format!(
                "SELECT sql_text AS a, NULL AS b, CAST(thread_id AS SIGNED) AS n, 0 AS m \
                 FROM performance_schema.events_statements_history WHERE sql_text LIKE '{front}'"
            )
        })
    }

    /// Returns the question whether this account sees what others run: `n` is zero if not.
    pub(crate) fn sees_all(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some(
                "SELECT NULL::text AS a, NULL::text AS b, \
                 (pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'))::int::int8 AS n, 0::int8 AS m",
            ),
            Self::MySql | Self::MariaDb => Some(
                "SELECT NULL AS a, NULL AS b, COUNT(*) AS n, 0 AS m \
                 FROM information_schema.user_privileges WHERE privilege_type = 'PROCESS'",
            ),
            Self::Sqlite => None,
        }
    }

    /// Returns the question whether a server of MySQL's family replicates from another: as many rows as it has sources.
    pub(crate) fn sources(self) -> Option<&'static str> {
        match self {
            Self::MariaDb => Some("SHOW ALL SLAVES STATUS"),
            Self::MySql => Some("SHOW REPLICA STATUS"),
            Self::Postgres | Self::Sqlite => None,
        }
    }

    /// Returns the question for others' sessions: `a` whose, `n` how many.
    pub(crate) fn others(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some(
                "SELECT usename::text || ' in ' || datname::text \
                   || coalesce(' (' || nullif(application_name, '') || ')', '') AS a, \
                   NULL::text AS b, count(*) AS n, 0::int8 AS m \
                 FROM pg_stat_activity \
                 WHERE pid <> pg_backend_pid() AND usename IS NOT NULL AND datname IS NOT NULL \
                   AND coalesce(backend_type, 'client backend') = 'client backend' \
                 GROUP BY 1 ORDER BY 1",
            ),
            Self::MySql | Self::MariaDb => Some(
                "SELECT CONCAT(user, COALESCE(CONCAT(' in ', db), '')) AS a, NULL AS b, COUNT(*) AS n, 0 AS m \
                 FROM information_schema.processlist \
                 WHERE id <> CONNECTION_ID() AND user NOT IN ('system user', 'event_scheduler') \
                   AND command NOT IN ('Binlog Dump', 'Binlog Dump GTID', 'Daemon') \
                 GROUP BY 1 ORDER BY 1",
            ),
            Self::Sqlite => None,
        }
    }
}
