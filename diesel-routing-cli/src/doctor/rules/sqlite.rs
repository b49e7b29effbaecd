//! Rules about SQLite files.

use std::collections::BTreeSet;

use crate::doctor::facts::Kind;
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static NOT_WAL: Rule = Rule {
    code: "DR401",
    name: "sqlite-not-wal",
    severity: Severity::Warning,
    servers: Servers::Sqlite,
    title: "a file is not in WAL mode",
    page: "\
Readers then lock out writers, and writers readers: whatever copies the file keeps reads waiting, and reads fail with \"database is
locked\".

**Found** in `PRAGMA journal_mode`.

**Do**: `PRAGMA journal_mode = WAL`, once: the file remembers it.",
    check: |topology, report| {
        for node in topology.reached().filter(|node| node.kind == Some(Kind::Sqlite)) {
            let Some(mode) = node.setting("journal_mode").filter(|mode| !mode.eq_ignore_ascii_case("wal")) else {
                continue;
            };
            report
                .about(
                    &node.name,
                    "its file is not in WAL mode: readers and writers lock each other out",
                    "run `PRAGMA journal_mode = WAL` on it, once",
                )
                .saw("journal_mode", mode);
        }
    },
};

pub(super) static SCHEMA_DIFFERS: Rule = Rule {
    code: "DR402",
    name: "sqlite-schema-differs",
    severity: Severity::Error,
    servers: Servers::Sqlite,
    title: "a replica's file has another schema",
    page: "\
Queries fail there (\"no such table\", \"no such column\"), or miss an index: whatever copies the file does not, or copies another one.

**Found** by comparing `sqlite_schema` of each file with that of the node that is configured as primary.

**Do**: see what copies the file. Right after a migration, a copy that lags has the old schema: ask again.",
    check: |topology, report| {
        let files = topology.reached().filter(|node| node.kind == Some(Kind::Sqlite));
        let files: Vec<_> = files.collect();
        let is_primary = |meant: Option<bool>| meant == Some(true);
        let Some(primary) = files.iter().find(|node| is_primary(node.configured.is_primary)) else {
            return;
        };
        let Some(schema) = &primary.tables.schema else {
            return;
        };
        let schema: BTreeSet<_> = schema.iter().collect();
        for node in files.iter().filter(|node| node.name != primary.name) {
            let Some(own) = &node.tables.schema else {
                continue;
            };
            let own: BTreeSet<_> = own.iter().collect();
            if own == schema {
                continue;
            }
            let finding = report.about(
                &node.name,
                format!("its schema is not that of {}", primary.name),
                "see what copies the file; right after a migration, ask again",
            );
            if let Some(missing) = schema.difference(&own).next() {
                finding.saw("it lacks", *missing);
            }
            if let Some(more) = own.difference(&schema).next() {
                finding.saw(format!("{} lacks", primary.name), *more);
            }
        }
    },
};
