//! Asks MySQL and MariaDB.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::answer::{names, offset};
use super::asker::Asker;
use super::mysql_replication;
use crate::doctor::facts::{Account, Galera, Kind, Version};

const BASICS: &str = "\
    SELECT version() AS version, CAST(current_user() AS CHAR) AS account, CAST(unix_timestamp(now(6)) AS CHAR) AS now";

const VARIABLES: &str = "SHOW GLOBAL VARIABLES";

const STATUS: &str = "SHOW GLOBAL STATUS WHERE Variable_name IN \
    ('Threads_connected', 'wsrep_cluster_size', 'wsrep_cluster_state_uuid', 'wsrep_cluster_status', \
     'wsrep_local_state_comment', 'wsrep_ready')";

const CIPHER: &str = "SHOW SESSION STATUS LIKE 'Ssl_cipher'";

const GRANTS: &str = "SHOW GRANTS";

const NONTRANSACTIONAL: &str = "\
    SELECT concat(TABLE_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.TABLES \
     WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE NOT IN ('InnoDB', 'ROCKSDB', 'ndbcluster', 'TokuDB', 'SEQUENCE') \
       AND TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY 1 LIMIT 100";

const WITHOUT_KEY: &str = "\
    SELECT concat(t.TABLE_SCHEMA, '.', t.TABLE_NAME) AS name FROM information_schema.TABLES t \
     WHERE t.TABLE_TYPE = 'BASE TABLE' AND t.ENGINE = 'InnoDB' \
       AND t.TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') \
       AND NOT EXISTS (SELECT 1 FROM information_schema.STATISTICS s \
                        WHERE s.TABLE_SCHEMA = t.TABLE_SCHEMA AND s.TABLE_NAME = t.TABLE_NAME AND s.NON_UNIQUE = 0) \
     ORDER BY 1 LIMIT 100";

/// Privileges by which an account writes on a replica.
const POWERS: &[&str] = &[
    "SUPER",
    "READ_ONLY ADMIN",
    "READ ONLY ADMIN",
    "CONNECTION_ADMIN",
];

/// Asks for everything.
pub(super) async fn ask(asker: &mut Asker<'_>) {
    let began = SystemTime::now();
    let Some(row) = asker.first(BASICS).await else {
        return;
    };
    let text = row.get("version").unwrap_or_default();
    let is_mariadb = text.contains("MariaDB");
    let number = text.split('-').next().unwrap_or_default();
    let series: Vec<_> = number.split('.').take(2).collect();
    let facts = &mut *asker.facts;
    facts.kind = Some(if is_mariadb {
        Kind::MariaDb
    } else {
        Kind::MySql
    });
    facts.version = Some(Version {
        series: series.join("."),
        text: number.to_owned(),
    });
    facts.clock_offset = row.parse("now").and_then(|now| offset(now, began));
    facts.account = Some(Account {
        name: row.get("account").unwrap_or_default().to_owned(),
        ..Account::default()
    });
    let settings = pairs(asker, "settings", VARIABLES).await;
    asker.facts.settings = settings;
    status(asker).await;
    let cipher = pairs(asker, "TLS", CIPHER).await;
    asker.facts.is_encrypted = cipher.values().next().map(|cipher| !cipher.is_empty());
    grants(asker).await;
    mysql_replication::ask(asker).await;
    let tables = asker
        .rows("tables without transactions", NONTRANSACTIONAL, "")
        .await;
    asker.facts.tables.nontransactional = names(tables);
    let tables = asker.rows("tables without a key", WITHOUT_KEY, "").await;
    asker.facts.tables.without_key = names(tables);
}

async fn status(asker: &mut Asker<'_>) {
    let status = pairs(asker, "status", STATUS).await;
    let get = |name: &str| status.get(name).cloned().unwrap_or_default();
    let facts = &mut *asker.facts;
    facts.connections = get("Threads_connected").parse().ok();
    let size = get("wsrep_cluster_size").parse().unwrap_or(0);
    if facts.flag("wsrep_on") != Some(true) || size == 0 {
        return;
    }
    facts.cluster = Some(get("wsrep_cluster_state_uuid")).filter(|cluster| !cluster.is_empty());
    facts.galera = Some(Galera {
        state: get("wsrep_local_state_comment"),
        status: get("wsrep_cluster_status"),
        is_ready: get("wsrep_ready") == "ON",
        size,
    });
}

async fn grants(asker: &mut Asker<'_>) {
    let rows = asker
        .rows("its privileges", GRANTS, "")
        .await
        .unwrap_or_default();
    let grants: Vec<String> = rows
        .iter()
        .filter_map(|row| row.columns().next()?.1.map(str::to_uppercase))
        .collect();
    let is_global = |grant: &&String| grant.contains(" ON *.* TO ");
    let mut powers: Vec<String> = Vec::new();
    for grant in grants.iter().filter(is_global) {
        let (privileges, _) = grant.split_once(" ON *.* TO ").unwrap_or_default();
        let mut privileges = privileges.trim_start_matches("GRANT ").split(", ");
        if privileges
            .clone()
            .any(|privilege| privilege == "ALL PRIVILEGES")
        {
            powers.push("ALL PRIVILEGES ON *.*".to_owned());
            break;
        }
        powers.extend(
            privileges
                .by_ref()
                .filter(|privilege| POWERS.contains(privilege))
                .map(str::to_owned),
        );
    }
    if let Some(account) = &mut asker.facts.account {
        account.powers = powers;
    }
}

/// Asks for names and values.
async fn pairs(
    asker: &mut Asker<'_>,
    question: &'static str,
    sql: &str,
) -> BTreeMap<String, String> {
    let rows = asker.rows(question, sql, "").await.unwrap_or_default();
    let pairs = rows.iter().filter_map(|row| {
        let name = row.get("Variable_name")?.to_owned();
        Some((name, row.get("Value").unwrap_or_default().to_owned()))
    });
    pairs.collect()
}
