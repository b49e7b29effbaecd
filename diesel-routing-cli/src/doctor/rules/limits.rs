//! Rules that hold the configuration's numbers against the servers'.

use std::time::Duration;

use crate::doctor::facts::{Facts, in_words};
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static POOLS_EXCEED_LIMIT: Rule = Rule {
    code: "DR013",
    name: "pools-exceed-limit",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "the pools may open more connections than the server has",
    page: "\
When all pools of all instances are full, the server refuses the rest: at the busiest moment, callers get errors instead of waiting
their turn.

**Found** by adding up the pools that may be open at once, with one connection for the watcher, times `--instances`, and comparing that
with `max_connections` less those that are reserved for superusers. On the primary these are `write`, `fallback` and, unless
`balance.primary_share` is 0, `read`; on a replica `read`. What other programs use is not counted. A replica is counted as it is now:
once promoted, it needs the primary's sum.

**Do**: smaller pools (docs/sizing.md computes them from what you measure), a higher `max_connections`, or fewer instances.",
    check: |topology, report| {
        let limits = &topology.limits;
        for node in topology.reached() {
            let Some(limit) = node.connection_limit() else {
                continue;
            };
            let of_instance = node.connections_of_instance(limits.reads_on_primary);
            let all = of_instance * u64::from(limits.instances);
            if all <= limit {
                continue;
            }
            let finding = report.about(
                &node.name,
                format!("the pools may open {all} connections, and the server lets in {limit}"),
                "make the pools smaller (docs/sizing.md), or raise `max_connections`",
            );
            finding
                .saw("instances", limits.instances.to_string())
                .saw("connections of one instance, watcher included", of_instance.to_string())
                .saw("max_connections", node.setting("max_connections").unwrap_or_default());
            if let Some(open) = node.connections {
                finding.saw("open now", open.to_string());
            }
        }
    },
};

pub(super) static IDLE_CLOSED: Rule = Rule {
    code: "DR019",
    name: "idle-connections-closed",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "the server closes idle connections before the pools do",
    page: "\
A pool then lends connections that are closed already. A router asks a connection that was idle for longer than `check_after_idle`
before it lends it, which finds most of them, at the cost of opening a new one while a caller waits.

**Found** by comparing `idle_session_timeout` (PostgreSQL) and `wait_timeout` (MySQL and MariaDB) with the pools' `idle_timeout`, 10
minutes by default.

**Do**: let the pool be first: `idle_timeout` shorter than the server's.",
    check: |topology, report| {
        for node in topology.reached() {
            let Some((setting, limit)) = server_idle_timeout(node) else {
                continue;
            };
            let pool = node.configured.pools.idle_timeout;
            if pool.is_some_and(|pool| pool < limit) {
                continue;
            }
            report
                .about(
                    &node.name,
                    format!("it closes connections that are idle for {}, before the pools do", in_words(limit)),
                    format!("give its pools an `idle_timeout` of less than {}", in_words(limit)),
                )
                .saw(setting, in_words(limit))
                .saw("idle_timeout of the pools", pool.map_or("never".to_owned(), in_words));
        }
    },
};

pub(super) static ZONE_WITHOUT_REPLICA: Rule = Rule {
    code: "DR020",
    name: "zone-without-replica",
    severity: Severity::Note,
    servers: Servers::All,
    title: "no replica is in the router's zone",
    page: "\
The configuration says which zone the router is in, and every read leaves it all the same: no replica that answers is there.

**Found** by comparing `zone` with the nodes'.

**Do**: give the replicas their `zone`, add one there, or leave the router's out.",
    check: |topology, report| {
        let Some(zone) = &topology.limits.zone else {
            return;
        };
        let is_here = |node: &Facts| node.configured.zone.as_ref() == Some(zone);
        if topology.replicas().next().is_none() || topology.replicas().any(is_here) {
            return;
        }
        let finding = report.about_all(
            [],
            format!("no replica is in zone `{zone}`, where the router is"),
            "give the replicas their `zone`, or add one there",
        );
        for node in topology.replicas() {
            finding.saw(&node.name, node.configured.zone.as_deref().unwrap_or("no zone"));
        }
    },
};

/// Returns the setting by which a server closes idle connections, and the time that it allows.
fn server_idle_timeout(node: &Facts) -> Option<(&'static str, Duration)> {
    let (setting, limit) = if node.is_postgres() {
        let millis = u64::try_from(node.number("idle_session_timeout")?).ok()?;
        ("idle_session_timeout", Duration::from_millis(millis))
    } else {
        let seconds = u64::try_from(node.number("wait_timeout")?).ok()?;
        ("wait_timeout", Duration::from_secs(seconds))
    };
    (!limit.is_zero()).then_some((setting, limit))
}
