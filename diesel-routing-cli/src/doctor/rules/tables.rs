//! Rules about tables that replicas have trouble with.

use crate::doctor::facts::{Facts, Topology};
use crate::doctor::finding::{Finding, Report, Rule, Servers, Severity};

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
        each_primary(
            topology,
            report,
            |node| &node.tables.unlogged,
            "standbys cannot read its unlogged tables",
            "run `ALTER TABLE .. SET LOGGED`, or read them with `strong` alone",
        );
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
        each_primary(
            topology,
            report,
            |node| &node.tables.nontransactional,
            "tables without transactions: replicas may come to differ",
            "run `ALTER TABLE .. ENGINE = InnoDB`",
        );
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
        each_primary(
            topology,
            report,
            |node| &node.tables.without_key,
            "tables without a primary key: replicas read them whole for each changed row",
            "add a primary key",
        );
    },
};

/// Reports each primary that has such tables.
fn each_primary(
    topology: &Topology,
    report: &mut Report<'_>,
    tables: fn(&Facts) -> &Vec<String>,
    problem: &'static str,
    remedy: &'static str,
) {
    for node in topology.primaries() {
        let tables = tables(node);
        if !tables.is_empty() {
            list(report.about(&node.name, problem, remedy), tables);
        }
    }
}

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
