//! Asks PostgreSQL.

use std::time::SystemTime;

use super::answer::{names, offset};
use super::asker::Asker;
use super::postgres_replication;
use crate::doctor::facts::{Account, Kind, Version};
use crate::node::Row;

/// The remedy where a question is refused: a grant.
pub(super) const GRANT: &str = "run `GRANT pg_monitor TO` it";

/// Asks for what any account may know.
const BASICS: &str = "\
    SELECT current_setting('server_version') AS version, \
           pg_is_in_recovery() AS standby, \
           extract(epoch FROM clock_timestamp())::text AS now, \
           current_user::text AS account, \
           current_setting('is_superuser') AS superuser, \
           pg_has_role('pg_read_all_stats', 'USAGE') AS sees, \
           host(inet_server_addr()) AS address, \
           inet_server_port() AS port, \
           coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted, \
           inet_client_addr() IS NULL AS local, \
           (SELECT sum(numbackends) FROM pg_stat_database)::text AS connections";

/// Asks for the settings as a new session of this account has them.
const SETTINGS: &str = "SELECT name, reset_val AS value FROM pg_settings";

const READ_COMMITTED: &str =
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// Asks for tables of the application that standbys cannot read.
const UNLOGGED: &str = "\
    SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relpersistence = 'u' AND c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' \
     ORDER BY 1 LIMIT 100";

/// Asks for everything.
pub(super) async fn ask(asker: &mut Asker<'_>) {
    let began = SystemTime::now();
    let mut answer = asker.first(BASICS).await;
    if asker
        .facts
        .unreachable
        .as_deref()
        .is_some_and(|why| why.contains("serializable mode in a hot standby"))
    {
        // A session by default refuses every query there, also those that find that out.
        asker.facts.unreachable = None;
        let _ = asker.conn.run(READ_COMMITTED).await;
        answer = asker.first(BASICS).await;
    }
    let Some(row) = answer else {
        return;
    };
    basics(asker, &row, began);
    settings(asker).await;
    postgres_replication::ask(asker).await;
    let unlogged = asker.rows("unlogged tables", UNLOGGED, "").await;
    asker.facts.tables.unlogged = names(unlogged);
}

fn basics(asker: &mut Asker<'_>, row: &Row, began: SystemTime) {
    let facts = &mut *asker.facts;
    let version = row.get("version").unwrap_or_default();
    facts.kind = Some(Kind::Postgres);
    facts.version = Some(Version {
        series: version
            .split(['.', ' '])
            .next()
            .unwrap_or_default()
            .to_owned(),
        text: version.split(' ').next().unwrap_or_default().to_owned(),
    });
    facts.takes_writes = row.is_on("standby").map(|standby| !standby);
    facts.clock_offset = row.parse("now").and_then(|now| offset(now, began));
    let is_superuser = row.is_on("superuser") == Some(true);
    facts.account = Some(Account {
        name: row.get("account").unwrap_or_default().to_owned(),
        powers: is_superuser
            .then(|| "superuser's powers".to_owned())
            .into_iter()
            .collect(),
        sees_replication: row.is_on("sees"),
    });
    facts.address = row.get("address").map(str::to_owned).zip(row.parse("port"));
    facts.is_encrypted = row.is_on("encrypted");
    facts.connections = row.parse("connections");
}

async fn settings(asker: &mut Asker<'_>) {
    let rows = asker.rows("settings", SETTINGS, GRANT).await;
    let settings = rows.unwrap_or_default().into_iter().filter_map(|row| {
        Some((
            row.get("name")?.to_owned(),
            row.get("value").unwrap_or_default().to_owned(),
        ))
    });
    asker.facts.settings = settings.collect();
}
