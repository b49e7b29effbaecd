//! The reason for a replica's lag, from its own replication status.

use diesel::QueryResult;
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Integer, Nullable, Text};

use crate::cluster::{Diagnosis, SourceAddress};
use crate::position::ServerKind;

/// Returns the query for a replica's replication status. Needs a privilege.
pub(crate) fn diagnosis(kind: ServerKind) -> &'static str {
    match kind {
        ServerKind::MySql => "SHOW REPLICA STATUS",
        _ => "SHOW ALL SLAVES STATUS",
    }
}

/// One row of the answer to [`diagnosis`] on MariaDB: a source that is replicated from.
#[derive(diesel::QueryableByName)]
pub(crate) struct MariaDbSource {
    #[diesel(sql_type = Nullable<Text>, column_name = "Master_Host")]
    host: Option<String>,
    #[diesel(sql_type = Integer, column_name = "Master_Port")]
    port: i32,
    #[diesel(sql_type = Nullable<Text>, column_name = "Slave_IO_Running")]
    receiver: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "Slave_SQL_Running")]
    applier: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "Last_IO_Error")]
    receiver_error: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "Last_SQL_Error")]
    applier_error: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "Using_Gtid")]
    by_gtid: Option<String>,
}

/// One row of the answer to [`diagnosis`] on MySQL: a source that is replicated from.
#[derive(diesel::QueryableByName)]
pub(crate) struct MySqlSource {
    #[diesel(sql_type = Nullable<Text>, column_name = "Source_Host")]
    host: Option<String>,
    #[diesel(sql_type = Integer, column_name = "Source_Port")]
    port: i32,
    #[diesel(sql_type = Nullable<Text>, column_name = "Replica_IO_Running")]
    receiver: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "Replica_SQL_Running")]
    applier: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "Last_IO_Error")]
    receiver_error: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "Last_SQL_Error")]
    applier_error: Option<String>,
    #[diesel(sql_type = BigInt, column_name = "Auto_Position")]
    auto_position: i64,
}

impl From<MySqlSource> for MariaDbSource {
    fn from(source: MySqlSource) -> Self {
        Self {
            host: source.host,
            port: source.port,
            receiver: source.receiver,
            applier: source.applier,
            receiver_error: source.receiver_error,
            applier_error: source.applier_error,
            by_gtid: Some(
                if source.auto_position == 0 {
                    "No"
                } else {
                    "Yes"
                }
                .to_owned(),
            ),
        }
    }
}

/// Returns what a replica says of its replication: its first source, and what holds it up, in words, if anything does.
pub(crate) fn diagnosed(
    sources: QueryResult<Vec<MariaDbSource>>,
    kind: ServerKind,
) -> QueryResult<Diagnosis> {
    let (start, by_gtid, privilege) = match kind {
        ServerKind::MySql => (
            "START REPLICA",
            "CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1",
            "REPLICATION CLIENT",
        ),
        _ => (
            "START SLAVE",
            "CHANGE MASTER TO MASTER_USE_GTID = slave_pos",
            "SLAVE MONITOR",
        ),
    };
    let sources = match sources {
        Ok(sources) => sources,
        // Error 1227, which Diesel has no kind for.
        Err(DieselError::DatabaseError(_, error)) if error.message().contains("Access denied") => {
            return Ok(Diagnosis::new(Some(format!(
                "the reason for its lag is unknown, because the router's account lacks a privilege: \
                 GRANT {privilege} ON *.* TO it"
            ))));
        }
        Err(error) => return Err(error),
    };
    if sources.is_empty() {
        return Ok(Diagnosis::new(Some(format!(
            "it has no replication source: make it follow the primary (`{by_gtid}`, then `{start}`)"
        ))));
    }
    let is = |text: &Option<String>, word: &str| text.as_deref() == Some(word);
    let words = |text: &Option<String>| match text.as_deref() {
        None | Some("") => "it was stopped".to_owned(),
        Some(error) => error.to_owned(),
    };
    let problem = sources.iter().find_map(|source| {
        if is(&source.applier, "No") {
            let error = words(&source.applier_error);
            Some(format!(
                "its applier is not running ({error}): fix that, then run `{start}`"
            ))
        } else if !is(&source.receiver, "Yes") {
            let error = words(&source.receiver_error);
            Some(format!(
                "it receives nothing from its source ({error}): fix that, then run `{start}`"
            ))
        } else if is(&source.by_gtid, "No") {
            Some(format!(
                "it replicates without GTIDs, so it cannot follow a failover: run `{by_gtid}`"
            ))
        } else {
            None
        }
    });
    let source = sources.into_iter().find_map(|source| {
        Some(SourceAddress {
            host: source.host.filter(|host| !host.is_empty())?,
            port: u16::try_from(source.port).ok()?,
        })
    });
    Ok(Diagnosis::new(problem).with_source(source))
}
