//! Rules about tables that replicas have trouble with.

use crate::doctor::finding::{Finding, Rule, Servers, Severity};

/// The number of tables that are named.
const NAMED: usize = 5;

pub(super) static UNLOGGED: Rule = Rule {
    code: "DR120",
    name: "unlogged-table",
    severity: Severity::Warning,
    servers: Servers::Postgres,
    title: "standbys cannot read a table",
    page: "\
An unlogged table's rows are not replicated; reading it on a standby fails with \"cannot access temporary or unlogged relations during
recovery\" (SQLSTATE 0A000).

**Found** in `pg_class` of the database that the URL names, where there are standbys.

**Do**: `ALTER TABLE .. SET LOGGED`, or read it with `strong` alone, which goes to the primary.",
    check: |topology, report| {
        if topology.replicas().next().is_none() {
            return;
        }
        for node in topology.primaries().filter(|node| !node.tables.unlogged.is_empty()) {
            let finding = report.about(
                &node.name,
                "standbys cannot read its unlogged tables",
                "run `ALTER TABLE .. SET LOGGED`, or read them with `strong` alone",
            );
            list(finding, &node.tables.unlogged);
        }
    },
};

pub(super) static NONTRANSACTIONAL: Rule = Rule {
    code: "DR209",
    name: "nontransactional-table",
    severity: Severity::Warning,
    servers: Servers::MySql,
    title: "a table has no transactions",
    page: "\
Rows of MyISAM, Aria or MEMORY are visible on the primary before the commit that a session's position is of, a rollback leaves them
behind, and an applier that stops in the middle leaves half a transaction: replicas come to differ.

**Found** in `information_schema.TABLES`: base tables of other engines than InnoDB, RocksDB, NDB and TokuDB, that the account may see.

**Do**: `ALTER TABLE .. ENGINE = InnoDB`.",
    check: |topology, report| {
        for node in topology.primaries().filter(|node| !node.tables.nontransactional.is_empty()) {
            let finding = report.about(
                &node.name,
                "tables without transactions: replicas may come to differ",
                "run `ALTER TABLE .. ENGINE = InnoDB`",
            );
            list(finding, &node.tables.nontransactional);
        }
    },
};

pub(super) static WITHOUT_KEY: Rule = Rule {
    code: "DR210",
    name: "table-without-key",
    severity: Severity::Warning,
    servers: Servers::MySql,
    title: "a table has no primary key",
    page: "\
With row-based replication, a replica looks for each changed row by the key. Without one it reads the whole table for each: one
`UPDATE` of many rows, and the replica lags for hours. Galera needs a key for deletes.

**Found** in `information_schema`: InnoDB tables without a primary key, and without a unique one, that the account may see.

**Do**: add a primary key.",
    check: |topology, report| {
        for node in topology.primaries().filter(|node| !node.tables.without_key.is_empty()) {
            let finding = report.about(
                &node.name,
                "tables without a primary key: replicas read them whole for each changed row",
                "add a primary key",
            );
            list(finding, &node.tables.without_key);
        }
    },
};

fn list(finding: &mut Finding, tables: &[String]) {
    let named = tables.iter().take(NAMED).map(String::as_str);
    let mut words = named.collect::<Vec<_>>().join(", ");
    if tables.len() > NAMED {
        words.push_str(" ..");
    }
    finding
        .saw("tables", words)
        .saw("number", tables.len().to_string());
}
