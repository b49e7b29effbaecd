//! Rules about which node takes writes.

use std::collections::{BTreeMap, BTreeSet};

use crate::doctor::facts::{Facts, Topology};
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static NO_PRIMARY: Rule = Rule {
    code: "DR002",
    name: "no-primary",
    severity: Severity::Error,
    servers: Servers::All,
    title: "no node takes writes",
    page: "\
Every write fails, and so does every read that must be fresh and that no replica has caught up for. During a failover this lasts until
a replica is promoted; the router finds the new primary by itself.

**Found** when no node that answers takes writes. Logical subscribers do not count.

**Do**: promote a replica, or start the primary. If the primary is not among the nodes, add it.",
    check: |topology, report| {
        let has_roles = topology.reached().any(|node| node.takes_writes.is_some());
        // Servers that replicate from each other take writes all the same: see DR201.
        let is_open = |node: &Facts| node.is_mysql() && node.flag("read_only") == Some(false);
        if !has_roles || topology.primaries().next().is_some() || topology.reached().any(is_open) {
            return;
        }
        let down: Vec<_> = topology.nodes.iter().filter(|node| !node.is_reached()).collect();
        let finding = report.about_all(
            [],
            "no node takes writes: writes fail, and reads that must be fresh",
            "promote a replica, or start the primary",
        );
        for node in down {
            finding.saw(format!("{} does not answer", node.name), node.unreachable.as_deref().unwrap_or_default());
        }
    },
};

pub(super) static SPLIT_BRAIN: Rule = Rule {
    code: "DR003",
    name: "split-brain",
    severity: Severity::Error,
    servers: Servers::PostgresAndMySql,
    title: "two nodes take writes",
    page: "\
Each has rows that the other will never have. A router goes on with the primary that it knew, or with the one of the newer history, and
uses the other for nothing; other clients may still write there.

**Found** when more than one node takes writes: on PostgreSQL one that is not in recovery, on MySQL and MariaDB one that is not
`read_only` and has no source. Galera's nodes all take writes, and logical subscribers do not count.

**Do**: stop the one that should not be there, save what it alone has, and rebuild it as a replica (`pg_rewind`, `pg_basebackup`; on
MySQL and MariaDB `read_only = ON` and `CHANGE MASTER TO .. MASTER_USE_GTID`). A logical subscriber is configured with `logical =
true`.",
    check: |topology, report| {
        // Primaries of other clusters have a finding of their own: DR006.
        let mut clusters: BTreeMap<_, Vec<&Facts>> = BTreeMap::new();
        for node in topology.primaries().filter(|node| node.galera.is_none()) {
            clusters.entry(&node.cluster).or_default().push(node);
        }
        for primaries in clusters.into_values() {
            // Several names of one server are no split brain.
            let servers: BTreeSet<_> = primaries.iter().map(|node| node.server()).collect();
            if servers.len() < 2 {
                continue;
            }
            let names: Vec<_> = primaries.iter().map(|node| node.name.clone()).collect();
            let finding = report.about_all(
                names.clone(),
                format!("{} take writes: each has rows that the others will never have", names.join(" and ")),
                "stop all but one of them, and rebuild those as replicas; set `logical = true` for logical subscribers",
            );
            for node in primaries {
                let history = node.history.iter().chain(&node.position);
                let history: Vec<_> = history.map(String::as_str).collect();
                finding.saw(&node.name, history.join(", "));
            }
        }
    },
};

pub(super) static NO_REPLICA: Rule = Rule {
    code: "DR004",
    name: "no-replica",
    severity: Severity::Warning,
    servers: Servers::All,
    title: "no replica can serve reads",
    page: "\
All reads go to the primary, through its `fallback` pool: 5 connections, unless you set it. If the primary is lost, there is nothing to
promote.

**Found** when no node that answers is a replica.

**Do**: add a replica, or start those that are down.",
    check: |topology, report| {
        let has_galera = topology.reached().any(|node| node.galera.is_some());
        let answers = topology.reached().any(|node| node.takes_writes.is_some());
        if !answers || has_galera || topology.replicas().next().is_some() {
            return;
        }
        let down: Vec<_> = topology.nodes.iter().filter(|node| !node.is_reached()).collect();
        let down: Vec<_> = down.iter().map(|node| node.name.as_str()).collect();
        let finding = report.about_all(
            [],
            "there is no replica: the primary serves every read",
            "add a replica, or start those that are down",
        );
        if !down.is_empty() {
            finding.saw("down", down.join(", "));
        }
    },
};

pub(super) static ROLE_MISMATCH: Rule = Rule {
    code: "DR005",
    name: "role-mismatch",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "a node has another role than the configuration says",
    page: "\
A router goes by what servers say, so it goes on working. The configuration is wrong all the same: after a failover that nobody wrote
down, pools have the sizes of the old roles, and whoever reads the file goes to the wrong server.

**Found** by comparing `role` of the node with `pg_is_in_recovery()`, or with `read_only`.

**Do**: correct `role`, or leave it out: it is found out.",
    check: |topology, report| {
        for node in topology.reached() {
            let (Some(meant), Some(is)) = (node.configured.is_primary, node.takes_writes) else {
                continue;
            };
            if meant == is || node.galera.is_some() {
                continue;
            }
            let word = |is_primary| if is_primary { "primary" } else { "replica" };
            report
                .about(
                    &node.name,
                    format!("it is configured as `{}` and is a {}", word(meant), word(is)),
                    "correct its `role`, or leave that out",
                )
                .saw("configured", word(meant))
                .saw("found", word(is));
        }
    },
};

pub(super) static PRIMARY_READ_ONLY: Rule = Rule {
    code: "DR012",
    name: "primary-read-only",
    severity: Severity::Error,
    servers: Servers::Postgres,
    title: "sessions on the primary are read-only by default",
    page: "\
With `default_transaction_read_only = on` for the server, the database or the role, every write fails on the primary (SQLSTATE 25006),
and so does every locking read. A router's own read-only sessions need no such setting.

**Found** in the setting as a new session of this account has it.

**Do**: `ALTER SYSTEM RESET default_transaction_read_only`, or `ALTER ROLE app RESET ..`, or `ALTER DATABASE app RESET ..`, whichever
sets it.",
    check: |topology: &Topology, report| {
        for node in topology.primaries() {
            if node.flag("default_transaction_read_only") == Some(true) {
                report
                    .about(
                        &node.name,
                        "its sessions are read-only by default, so writes fail",
                        "reset `default_transaction_read_only` of the server, the database or the role",
                    )
                    .saw("default_transaction_read_only", "on");
            }
        }
    },
};
