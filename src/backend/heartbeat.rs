//! The table to which a primary writes the time, and from which replicas tell how far they lag: its SQL.

use std::time::Duration;

use diesel_routing_sql::Dialect as Sql;

use crate::error::ConfigError;

/// A row in a heartbeat table, in the shape that `pt-heartbeat` has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    table: String,
    server_id: u32,
}

impl Row {
    /// Creates the row of server 1.
    pub(crate) fn new(table: String) -> Result<Self, ConfigError> {
        let is_name = |part: &str| {
            let is_legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
            !part.starts_with(|c: char| c.is_ascii_digit())
                && !part.is_empty()
                && part.chars().all(is_legal)
        };
        let parts = table.split('.');
        if parts.clone().count() > 2 || !parts.clone().all(is_name) {
            return Err(ConfigError::HeartbeatTable { table });
        }
        Ok(Self {
            table,
            server_id: 1,
        })
    }

    pub(crate) fn of_server(mut self, server_id: u32) -> Self {
        self.server_id = server_id;
        self
    }

    /// Returns the SQL that creates the table, unless it is there.
    pub(crate) fn create(&self, sql: Sql) -> String {
        let table = &self.table;
        let unsigned = if sql == Sql::Mysql { " unsigned" } else { "" };
        format!(
            "CREATE TABLE IF NOT EXISTS {table} (\
             ts varchar(26) NOT NULL, \
             server_id bigint{unsigned} NOT NULL PRIMARY KEY, \
             file varchar(255) DEFAULT NULL, \
             position bigint{unsigned} DEFAULT NULL, \
             relay_master_log_file varchar(255) DEFAULT NULL, \
             exec_master_log_pos bigint{unsigned} DEFAULT NULL)"
        )
    }

    /// Returns the SQL that writes the time.
    pub(crate) fn beat(&self, sql: Sql) -> String {
        let Self { table, server_id } = self;
        let (now, replace) = match sql {
            Sql::Postgres => (
                "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
                "ON CONFLICT (server_id) DO UPDATE SET ts = excluded.ts",
            ),
            Sql::Mysql => (
                "DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%f')",
                "ON DUPLICATE KEY UPDATE ts = VALUES(ts)",
            ),
            // SQLite's.
            _ => (
                "strftime('%Y-%m-%dT%H:%M:%f', 'now')",
                "ON CONFLICT (server_id) DO UPDATE SET ts = excluded.ts",
            ),
        };
        format!("INSERT INTO {table} (ts, server_id) VALUES ({now}, {server_id}) {replace}")
    }

    /// Returns the SQL of a value: the seconds since the last beat that has arrived, by the server's clock; `NULL` if none has.
    pub(crate) fn age(&self, sql: Sql) -> String {
        let Self { table, server_id } = self;
        let age = match sql {
            Sql::Postgres => {
                "extract(epoch FROM (clock_timestamp() AT TIME ZONE 'UTC') - ts::timestamp)::float8"
            }
            Sql::Mysql => {
                "TIMESTAMPDIFF(MICROSECOND, CAST(ts AS DATETIME(6)), UTC_TIMESTAMP(6)) / 1e6"
            }
            // SQLite's.
            _ => "(julianday('now') - julianday(ts)) * 86400.0",
        };
        format!("(SELECT {age} FROM {table} WHERE server_id = {server_id})")
    }
}

/// Returns the lag for an [age](Row::age); `None` if no beat has arrived. Clocks that differ may say that it comes yet.
pub(crate) fn lag(age: Option<f64>) -> Option<Duration> {
    Duration::try_from_secs_f64(age?.max(0.0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_name_that_needs_no_quotes() {
        for table in ["heartbeat", "percona.heartbeat", "_beat2"] {
            assert!(Row::new(table.to_owned()).is_ok(), "{table}");
        }
        for table in [
            "",
            "a.b.c",
            "a.",
            "x; DROP TABLE y",
            "a b",
            "2x",
            "\"x\"",
            "`x`",
            "hérz",
        ] {
            let error = Row::new(table.to_owned()).unwrap_err();
            assert!(
                matches!(error, ConfigError::HeartbeatTable { .. }),
                "{table}"
            );
        }
    }

    #[test]
    fn a_beat_from_the_future_is_no_lag_and_one_that_is_missing_is_unknown() {
        assert_eq!(lag(Some(-0.5)), Some(Duration::ZERO));
        assert_eq!(lag(Some(1.5)), Some(Duration::from_millis(1500)));
        assert_eq!(lag(None), None);
        assert_eq!(lag(Some(f64::INFINITY)), None);
    }
}
