//! Rules about the binary logs of MySQL and MariaDB.

use std::collections::BTreeMap;

use crate::doctor::facts::{Facts, Kind};
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static NO_BINLOG: Rule = Rule {
    code: "DR205",
    name: "no-binary-log",
    severity: Severity::Error,
    servers: Servers::MySql,
    title: "the primary has no binary log",
    page: "\
Nothing can replicate from it, and there are no positions: a router cannot tell when a replica has a session's write.

**Found** in `log_bin` of the primary. Galera replicates without one.

**Do**: `log_bin = ON` in the option file, and a restart.",
    check: |topology, report| {
        for node in topology.primaries() {
            if node.is_mysql() && node.galera.is_none() && node.flag("log_bin") == Some(false) {
                report
                    .about(
                        &node.name,
                        "it has no binary log: nothing replicates from it, and there are no positions",
                        "set `log_bin = ON` in its option file, and restart it",
                    )
                    .saw("log_bin", "OFF");
            }
        }
    },
};

pub(super) static GTID_NOT_STRICT: Rule = Rule {
    code: "DR206",
    name: "gtid-not-strict",
    severity: Severity::Warning,
    servers: Servers::MySql,
    title: "GTIDs may come out of order",
    page: "\
A router compares positions by their numbers, which needs numbers that grow. On MariaDB, only `gtid_strict_mode` makes a server refuse
a transaction whose number is behind, as one is that somebody wrote on a replica. On MySQL, `gtid_mode` must be on for there to be
positions at all.

**Found** in `gtid_strict_mode` (MariaDB), `gtid_mode` and `enforce_gtid_consistency` (MySQL).

**Do**: turn them on, on every node.",
    check: |topology, report| {
        for node in topology.reached().filter(|node| node.is_mysql() && node.galera.is_none()) {
            let names: &[&str] = match node.kind {
                Some(Kind::MySql) => &["gtid_mode", "enforce_gtid_consistency"],
                _ => &["gtid_strict_mode"],
            };
            let off: Vec<_> = names.iter().filter(|name| node.flag(name) == Some(false)).collect();
            let Some(first) = off.first() else {
                continue;
            };
            let finding = report.about(
                &node.name,
                "its GTIDs may come out of order, and positions cannot be relied on",
                format!("set `{first} = ON` on it, and in its option file"),
            );
            for name in off {
                finding.saw(*name, "OFF");
            }
        }
    },
};

pub(super) static STATEMENT_FORMAT: Rule = Rule {
    code: "DR207",
    name: "statement-based-log",
    severity: Severity::Warning,
    servers: Servers::MySql,
    title: "the primary logs statements instead of rows",
    page: "\
Replicas run the statements again. Those with `UUID()`, `NOW(6)`, `LIMIT` without an order, triggers or `sql_mode`-dependent results
leave other rows there than on the primary.

**Found** in `binlog_format` of the primary.

**Do**: `binlog_format = ROW`.",
    check: |topology, report| {
        for node in topology.primaries().filter(|node| node.is_mysql()) {
            if node.setting("binlog_format") == Some("STATEMENT") {
                report
                    .about(
                        &node.name,
                        "it logs statements: replicas may come to other rows",
                        "run `SET GLOBAL binlog_format = ROW`, and set that in its option file",
                    )
                    .saw("binlog_format", "STATEMENT");
            }
        }
    },
};

pub(super) static DUPLICATE_SERVER_ID: Rule = Rule {
    code: "DR208",
    name: "duplicate-server-id",
    severity: Severity::Error,
    servers: Servers::MySql,
    title: "two servers have one `server_id`",
    page: "\
A replica takes the events of its own id for its own, and leaves them out: of two servers with one id, one never gets the other's
writes, and their source drops the connection of one when the other comes. A router tells servers apart by it.

**Found** by comparing `server_id` between nodes that are not one server. Galera's nodes share it on purpose.

**Do**: give each its own, and restart them.",
    check: |topology, report| {
        let mut ids: BTreeMap<&str, Vec<&Facts>> = BTreeMap::new();
        for node in topology.reached().filter(|node| node.is_mysql() && node.galera.is_none()) {
            if let Some(id) = node.setting("server_id") {
                ids.entry(id).or_default().push(node);
            }
        }
        for (id, nodes) in ids {
            let Some((first, rest)) = nodes.split_first() else {
                continue;
            };
            let others = rest.iter().filter(|node| node.server() != first.server());
            let names = std::iter::once(first).chain(others).map(|node| node.name.clone());
            let names: Vec<_> = names.collect();
            if names.len() < 2 {
                continue;
            }
            report
                .about_all(
                    names.clone(),
                    format!("{} have one `server_id`", names.join(" and ")),
                    "give each a `server_id` of its own, and restart them",
                )
                .saw("server_id", id);
        }
    },
};
