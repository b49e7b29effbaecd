//! Asks a standby for its receiver and its replay.

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::{Bool, Integer, Nullable, Text};

use crate::cluster::{Diagnosis, SourceAddress};

/// Asks a standby for its receiver, and whether its replay is paused. Needs no privilege; where the receiver has its WAL from is shown to
/// members of `pg_read_all_stats` only.
pub(crate) const DIAGNOSE: &str = "\
    SELECT r.standby, \
           w.pid IS NOT NULL AS receives, \
           w.sender_host AS host, \
           w.sender_port AS port, \
           (CASE WHEN r.standby THEN pg_is_wal_replay_paused() ELSE false END) AS paused \
      FROM (SELECT pg_is_in_recovery() AS standby) r \
      LEFT JOIN pg_stat_get_wal_receiver() w ON true";

/// One answer to [`DIAGNOSE`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Replication {
    #[diesel(sql_type = Bool)]
    standby: bool,
    #[diesel(sql_type = Bool)]
    receives: bool,
    #[diesel(sql_type = Nullable<Text>)]
    host: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    port: Option<i32>,
    #[diesel(sql_type = Bool)]
    paused: bool,
}

/// Returns what a standby says of its replication: where it has its WAL from, and what holds it up, in words, if anything does.
pub(crate) fn diagnosed(replication: QueryResult<Replication>) -> QueryResult<Diagnosis> {
    let replication = match replication {
        Ok(replication) => replication,
        Err(DieselError::DatabaseError(kind, error))
            if !matches!(kind, DatabaseErrorKind::ClosedConnection) =>
        {
            let why = error.message();
            return Ok(Diagnosis::new(Some(format!(
                "whether anything holds it up is unknown ({why}): let the router's account call `pg_stat_get_wal_receiver()` and \
                 `pg_is_wal_replay_paused()`"
            ))));
        }
        Err(error) => return Err(error),
    };
    let Replication {
        standby,
        receives,
        host,
        port,
        paused,
    } = replication;
    let problem = if !standby {
        None
    } else if paused {
        Some("its replay is paused: run `SELECT pg_wal_replay_resume()` on it")
    } else if !receives {
        Some(
            "no WAL receiver is running on it, so new WAL comes from an archive, if at all: see its log, and its \
             `primary_conninfo`",
        )
    } else {
        None
    };
    let source = host.filter(|host| !host.is_empty()).zip(port);
    let source = source.and_then(|(host, port)| {
        let port = u16::try_from(port).ok()?;
        Some(SourceAddress { host, port })
    });
    Ok(Diagnosis::new(problem.map(str::to_owned)).with_source(source))
}
