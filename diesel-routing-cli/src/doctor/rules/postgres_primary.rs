//! Rules about PostgreSQL's primary.

use crate::doctor::facts::{Facts, Topology};
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static SYNC_STANDBY_MISSING: Rule = Rule {
    code: "DR112",
    name: "synchronous-standby-missing",
    severity: Severity::Error,
    servers: Servers::Postgres,
    title: "commits wait for a standby that is not there",
    page: "\
With `synchronous_standby_names`, a commit returns once the named standbys have it. While none of them streams, every commit waits,
without an error and without an end.

**Found** when names are set, `synchronous_commit` is neither `off` nor `local`, and no standby in `pg_stat_replication` is
synchronous. Needs `pg_monitor`.

**Do**: bring the standby back, name another, or empty the setting and reload: commits that wait then return.",
    check: |topology, report| {
        for node in primaries(topology) {
            let names = node.setting("synchronous_standby_names").unwrap_or_default();
            let waits = !matches!(node.setting("synchronous_commit"), Some("off" | "local"));
            // Whoever may not see standbys sees none of them as synchronous.
            let sees = node.account.as_ref().and_then(|account| account.sees_replication);
            let is_there = node.standbys.iter().any(|standby| standby.is_synchronous && standby.streams);
            if names.is_empty() || !waits || sees != Some(true) || is_there {
                continue;
            }
            let streaming: Vec<_> = node.standbys.iter().map(|standby| standby.name.as_str()).collect();
            report
                .about(
                    &node.name,
                    "its commits wait for a synchronous standby, and there is none",
                    "bring the standby back, or change `synchronous_standby_names` and reload",
                )
                .saw("synchronous_standby_names", names)
                .saw("synchronous_commit", node.setting("synchronous_commit").unwrap_or_default())
                .saw("standbys that are connected", streaming.join(", "));
        }
    },
};

pub(super) static REMOTE_APPLY_WITHOUT_STANDBYS: Rule = Rule {
    code: "DR113",
    name: "remote-apply-without-standbys",
    severity: Severity::Warning,
    servers: Servers::Postgres,
    title: "`remote_apply` has no effect",
    page: "\
Somebody wants commits to be visible on standbys before they return. Without `synchronous_standby_names`, `synchronous_commit =
remote_apply` and `remote_write` wait for nobody.

**Found** in the two settings of the primary.

**Do**: name the standbys; or leave `synchronous_commit` at `on`, since a router's sessions read their own writes anyway.",
    check: |topology, report| {
        for node in primaries(topology) {
            let commit = node.setting("synchronous_commit").unwrap_or_default();
            let has_names = node.setting("synchronous_standby_names").is_some_and(|names| !names.is_empty());
            if !matches!(commit, "remote_apply" | "remote_write") || has_names {
                continue;
            }
            report
                .about(
                    &node.name,
                    format!("`synchronous_commit = {commit}` waits for nobody: no standby is named"),
                    "set `synchronous_standby_names`, or `synchronous_commit = on`",
                )
                .saw("synchronous_commit", commit)
                .saw("synchronous_standby_names", "");
        }
    },
};

pub(super) static WAL_LEVEL: Rule = Rule {
    code: "DR114",
    name: "wal-level-minimal",
    severity: Severity::Error,
    servers: Servers::Postgres,
    title: "the primary's WAL is of no use to a standby",
    page: "\
With `wal_level = minimal`, no standby can follow, and no base backup can be taken. With `max_wal_senders = 0`, none can connect.

**Found** in the two settings of the primary.

**Do**: `wal_level = replica`, `max_wal_senders` of two for each standby at least, and a restart.",
    check: |topology, report| {
        for node in primaries(topology) {
            let is_minimal = node.setting("wal_level") == Some("minimal");
            let none_may_connect = node.number("max_wal_senders") == Some(0);
            if !is_minimal && !none_may_connect {
                continue;
            }
            report
                .about(
                    &node.name,
                    "no standby can follow it",
                    "set `wal_level = replica` and `max_wal_senders = 10`, and restart it",
                )
                .saw("wal_level", node.setting("wal_level").unwrap_or_default())
                .saw("max_wal_senders", node.setting("max_wal_senders").unwrap_or_default());
        }
    },
};

pub(super) static NO_TIMEOUTS: Rule = Rule {
    code: "DR115",
    name: "no-timeouts",
    severity: Severity::Note,
    servers: Servers::Postgres,
    title: "nothing limits how long a statement or an idle transaction lasts",
    page: "\
A statement that never ends keeps its connection from the pool, and holds back vacuum on the primary. With `hot_standby_feedback`, one
on a standby does the same. A blocking statement cannot be given up by the router.

**Found** when `statement_timeout` or `idle_in_transaction_session_timeout` is 0 in a new session of this account.

**Do**: `ALTER ROLE app SET statement_timeout = '30s'`, and `idle_in_transaction_session_timeout` likewise, or
`options=-c%20statement_timeout%3D30s` in the URL.",
    check: |topology, report| {
        let names = ["statement_timeout", "idle_in_transaction_session_timeout"];
        let without = topology.reached().filter_map(|node| {
            let missing = names.iter().filter(|name| node.number(name) == Some(0));
            let missing: Vec<_> = missing.copied().collect();
            (!missing.is_empty()).then_some((node, missing))
        });
        let without: Vec<_> = without.collect();
        if without.is_empty() {
            return;
        }
        let finding = report.about_all(
            without.iter().map(|(node, _)| node.name.clone()),
            "a statement or an idle transaction may last for ever",
            "set `statement_timeout` and `idle_in_transaction_session_timeout` for the application's role",
        );
        for (node, missing) in without {
            finding.saw(&node.name, format!("{} = 0", missing.join(" = 0, ")));
        }
    },
};

fn primaries(topology: &Topology) -> impl Iterator<Item = &Facts> {
    topology.primaries().filter(|node| node.is_postgres())
}
