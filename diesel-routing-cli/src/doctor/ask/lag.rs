//! Measures how far replicas lag: reads the primary's position, and waits for it on each replica.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::doctor::facts::{Facts, Kind, Lag, Limits};
use crate::node::Connection;

/// The longest that a replica is waited for.
const LONGEST: Duration = Duration::from_secs(2);

/// The time between two looks at a replica.
const PERIOD: Duration = Duration::from_millis(25);

/// Measures the lag of all replicas, where there is one primary that tells its position.
pub(super) async fn measure(
    nodes: &mut [Facts],
    connections: &mut [Option<Connection>],
    limits: &Limits,
) {
    let is_primary = |node: &Facts| node.is_primary() && node.galera.is_none();
    let mut primaries = (0..nodes.len()).filter(|&node| nodes.get(node).is_some_and(is_primary));
    let (Some(primary), None) = (primaries.next(), primaries.next()) else {
        return;
    };
    let kind = nodes.get(primary).and_then(|node| node.kind);
    let sql = kind.and_then(written);
    let (Some(kind), Some(sql), Some(Some(conn))) = (kind, sql, connections.get_mut(primary))
    else {
        return;
    };
    let Ok(Some(row)) = conn.row(sql).await else {
        return;
    };
    let Some(goal) = row.get("position").filter(|position| !position.is_empty()) else {
        return;
    };
    let since = Instant::now();
    let longest = limits
        .least_lag()
        .map_or(LONGEST, |(_, lag)| LONGEST.min(*lag));
    let cluster = nodes.get(primary).and_then(|node| node.cluster.clone());
    let replicas = nodes.iter_mut().zip(connections).filter(|(node, _)| {
        node.is_replica()
            && !node.configured.is_logical
            && node.cluster == cluster
            && node.kind == Some(kind)
    });
    let waits = replicas
        .filter_map(|(node, conn)| Some(wait(node, conn.as_mut()?, kind, goal, since, longest)));
    join_all(waits).await;
}

async fn wait(
    node: &mut Facts,
    conn: &mut Connection,
    kind: Kind,
    goal: &str,
    since: Instant,
    longest: Duration,
) {
    let Some(sql) = reached(kind, goal) else {
        return;
    };
    loop {
        let Ok(Some(row)) = conn.row(&sql).await else {
            return;
        };
        if let Some(position) = row.get("position") {
            node.position = Some(position.to_owned());
        }
        let is_there = match kind {
            Kind::MariaDb => covers(row.get("position").unwrap_or_default(), goal),
            _ => row.is_on("there") == Some(true),
        };
        let waited = since.elapsed();
        if is_there {
            node.lag = Some(Lag::Within(waited));
            return;
        }
        if waited >= longest {
            let age = age(kind, conn).await;
            node.lag = Some(Lag::Beyond { waited, age });
            return;
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Returns the query for what the primary has written.
fn written(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Postgres => Some("SELECT pg_current_wal_lsn()::text AS position"),
        Kind::MariaDb => Some("SELECT @@global.gtid_binlog_pos AS position"),
        Kind::MySql => Some("SELECT @@global.gtid_executed AS position"),
        Kind::Sqlite => None,
    }
}

/// Returns the query for whether a replica has all of that.
fn reached(kind: Kind, goal: &str) -> Option<String> {
    // Both kinds of positions are of digits, letters and punctuation: nothing that ends a string.
    let goal = goal.replace(['\n', '\'', '\\'], "");
    match kind {
        Kind::Postgres => Some(format!(
            "SELECT pg_last_wal_replay_lsn() >= '{goal}'::pg_lsn AS there, pg_last_wal_replay_lsn()::text AS position"
        )),
        Kind::MariaDb => Some("SELECT @@global.gtid_slave_pos AS position".to_owned()),
        Kind::MySql => Some(format!(
            "SELECT GTID_SUBSET('{goal}', @@global.gtid_executed) AS there"
        )),
        Kind::Sqlite => None,
    }
}

/// Returns how old the newest commit is that a replica has applied, as it says.
async fn age(kind: Kind, conn: &mut Connection) -> Option<Duration> {
    let (sql, column) = match kind {
        Kind::Postgres => (
            "SELECT extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::text AS age",
            "age",
        ),
        Kind::MariaDb => ("SHOW ALL SLAVES STATUS", "Seconds_Behind_Master"),
        Kind::MySql => ("SHOW REPLICA STATUS", "Seconds_Behind_Source"),
        Kind::Sqlite => return None,
    };
    let row = conn.row(sql).await.ok()??;
    let seconds: f64 = row.parse(column)?;
    Duration::try_from_secs_f64(seconds.max(0.0)).ok()
}

/// Returns whether a position of MariaDB's (`0-1-42,1-1-7`) has everything of another.
fn covers(position: &str, goal: &str) -> bool {
    let numbers = |text: &str| -> Vec<(u64, u64)> {
        let gtids = text.split(',').filter_map(|gtid| {
            let mut parts = gtid.trim().split('-').map(str::parse);
            let (domain, _, number) = (
                parts.next()?.ok()?,
                parts.next()?.ok()?,
                parts.next()?.ok()?,
            );
            let _: u64 = number;
            Some((domain, number))
        });
        gtids.collect()
    };
    let has = numbers(position);
    let mut wants = numbers(goal).into_iter();
    wants.all(|(domain, number)| {
        has.iter()
            .any(|(of, reached)| *of == domain && *reached >= number)
    })
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_position_covers_another_if_no_domain_is_behind() {
        for (position, goal, expected) in [
            ("0-1-42", "0-1-42", true),
            ("0-2-43", "0-1-42", true),
            ("0-1-41", "0-1-42", false),
            ("0-1-42,1-1-7", "1-1-7", true),
            ("0-1-42", "0-1-42,1-1-7", false),
            ("", "0-1-1", false),
            ("", "", true),
        ] {
            assert_eq!(covers(position, goal), expected, "{position} for {goal}");
        }
    }
}
