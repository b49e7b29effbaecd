//! Asks MySQL and MariaDB about replication.

use std::time::Duration;

use super::asker::Asker;
use crate::doctor::facts::{Facts, Kind, Replication, Upstream};
use crate::node::Row;

/// Asks what it replicates from, and takes its role from that.
pub(super) async fn ask(asker: &mut Asker<'_>) {
    let (sql, grant) = match asker.facts.kind {
        Some(Kind::MySql) => (
            "SHOW REPLICA STATUS",
            "run `GRANT REPLICATION CLIENT ON *.* TO` it",
        ),
        _ => (
            "SHOW ALL SLAVES STATUS",
            "run `GRANT SLAVE MONITOR ON *.* TO` it",
        ),
    };
    let rows = asker.rows("its replication", sql, grant).await;
    let facts = &mut *asker.facts;
    if let Some(account) = &mut facts.account {
        account.sees_replication = Some(rows.is_some());
    }
    let sources: Option<Vec<_>> = rows.map(|rows| rows.iter().map(source).collect());
    // Of several sources, the first that does not run says more than those that do.
    let source = sources.map(|sources| {
        let at = sources
            .iter()
            .position(|(replication, _)| !replication.runs());
        sources.into_iter().nth(at.unwrap_or(0)).unwrap_or_default()
    });
    if let Some((replication, upstream)) = source {
        facts.replication = Some(replication);
        facts.upstream = upstream;
    }
    let read_only = ["read_only", "innodb_read_only"];
    let is_read_only = read_only.iter().any(|name| facts.flag(name) == Some(true));
    let follows = facts
        .replication
        .as_ref()
        .is_some_and(|replication| replication.has_source);
    // A replica that is not read-only takes writes by mistake.
    facts.takes_writes = Some(!is_read_only && !follows);
    facts.position = position(facts, is_read_only || follows);
    if facts.galera.is_some() {
        facts.takes_writes = Some(!is_read_only);
        facts.replication = facts
            .replication
            .take()
            .filter(|replication| replication.has_source);
    }
}

fn source(row: &Row) -> (Replication, Option<Upstream>) {
    (replication(row), upstream(row))
}

fn replication(row: &Row) -> Replication {
    let either = |maria: &str, mysql: &str| row.get(maria).or(row.get(mysql)).map(str::to_owned);
    let error = |name| {
        row.get(name)
            .filter(|error| !error.is_empty())
            .map(str::to_owned)
    };
    let by_gtid = match (row.get("Using_Gtid"), row.get("Auto_Position")) {
        (Some(using), _) => Some(using != "No"),
        (None, Some(auto)) => Some(auto != "0"),
        (None, None) => None,
    };
    Replication {
        has_source: true,
        receives: either("Slave_IO_Running", "Replica_IO_Running").map(|runs| runs == "Yes"),
        receive_error: error("Last_IO_Error"),
        applies: either("Slave_SQL_Running", "Replica_SQL_Running").map(|runs| runs == "Yes"),
        apply_error: error("Last_SQL_Error"),
        by_gtid,
        delay: Duration::from_secs(row.parse("SQL_Delay").unwrap_or(0)),
        slot: None,
        filters: filters(row),
    }
}

/// Returns the filters by which it leaves something out: `name=value`.
fn filters(row: &Row) -> Vec<String> {
    let columns = row.columns().filter_map(|(name, value)| {
        let is_filter = name.starts_with("Replicate_") && name != "Replicate_Ignore_Server_Ids";
        let value = value.filter(|value| !value.is_empty())?;
        is_filter.then(|| format!("{name}={value}"))
    });
    columns.collect()
}

fn upstream(row: &Row) -> Option<Upstream> {
    let host = row.get("Master_Host").or(row.get("Source_Host"))?;
    let port = row.get("Master_Port").or(row.get("Source_Port"))?;
    let server = row.get("Master_Server_Id").or(row.get("Source_Server_Id"));
    Some(Upstream {
        address: Some(format!("{host}:{port}")),
        node: None,
        server_id: server.filter(|id| *id != "0").map(str::to_owned),
    })
}

fn position(facts: &Facts, replays: bool) -> Option<String> {
    let name = match facts.kind {
        Some(Kind::MySql) => "gtid_executed",
        _ if facts.galera.is_some() => "gtid_binlog_pos",
        _ if replays => "gtid_slave_pos",
        _ => "gtid_current_pos",
    };
    let position = facts.setting(name)?.replace('\n', "");
    (!position.is_empty()).then_some(position)
}
