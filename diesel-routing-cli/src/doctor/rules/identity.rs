//! Rules about which servers the nodes are.

use std::collections::{BTreeMap, BTreeSet};

use super::access::addresses;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static OTHER_CLUSTER: Rule = Rule {
    code: "DR006",
    name: "other-cluster",
    severity: Severity::Error,
    servers: Servers::PostgresAndMySql,
    title: "nodes are of different clusters",
    page: "\
Their data have nothing to do with each other, or had once. A router never serves from a node of another cluster than the primary's;
here it would say so in `status()`.

**Found** by comparing PostgreSQL's `system_identifier`, Galera's `wsrep_cluster_state_uuid`, and the kind of server.

**Do**: correct the URL, or rebuild the node as a replica of the primary.",
    check: |topology, report| {
        let mut clusters: BTreeMap<_, Vec<&Facts>> = BTreeMap::new();
        // A logical subscriber is a cluster of its own.
        let nodes = topology.reached().filter(|node| !node.configured.is_logical);
        for node in nodes {
            let Some(kind) = node.kind else { continue };
            let cluster = node.cluster.clone().unwrap_or_default();
            clusters.entry((kind.name(), cluster)).or_default().push(node);
        }
        // What is not known of some is no difference.
        let unknown = clusters.keys().any(|(_, cluster)| cluster.is_empty());
        let kinds: BTreeSet<_> = clusters.keys().map(|(kind, _)| *kind).collect();
        if clusters.len() < 2 || (unknown && kinds.len() < 2) {
            return;
        }
        let of_primary = topology.primaries().next().map(|node| node.name.clone());
        let rests = clusters.iter().filter(|(_, nodes)| {
            let is_primarys = nodes.iter().any(|node| Some(&node.name) == of_primary.as_ref());
            !is_primarys
        });
        let rest: Vec<_> = rests.flat_map(|(_, nodes)| nodes.iter().map(|node| node.name.clone())).collect();
        let finding = report.about_all(
            rest,
            "the nodes are of different clusters",
            "correct the URL of the node that is of another cluster, or rebuild it as a replica",
        );
        for ((kind, cluster), nodes) in &clusters {
            let names: Vec<_> = nodes.iter().map(|node| node.name.as_str()).collect();
            finding.saw(format!("{kind} {cluster}").trim(), names.join(", "));
        }
    },
};

pub(super) static SEVERAL_SERVERS: Rule = Rule {
    code: "DR007",
    name: "one-name-several-servers",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "a node's name leads to several servers",
    page: "\
A reader endpoint, a load balancer or a DNS name with several addresses stands where one server should. Reads stay exact, as each
connection is asked which server it leads to, but proofs cost a question more, and `status()` shows whichever server the watcher met.

**Found** when connections to one node, opened at the same time, lead to servers that started at different moments or have different
ids. Few connections are opened, so a balancer may hide.

**Do**: give each server a node of its own; see docs/addresses.md and docs/managed.md. Discovery keeps the list.",
    check: |topology, report| {
        for node in topology.reached() {
            let servers: BTreeSet<_> = node.runs.iter().collect();
            if servers.len() < 2 {
                continue;
            }
            let finding = report.about(
                &node.name,
                format!("its name led {} connections to {} servers", node.runs.len(), servers.len()),
                "give each server a node of its own, by an address that leads to it alone",
            );
            finding.saw("address", addresses(&node.configured.hosts));
            for (index, server) in servers.into_iter().enumerate() {
                finding.saw(format!("server {}", index + 1), server);
            }
        }
    },
};

pub(super) static SAME_SERVER: Rule = Rule {
    code: "DR008",
    name: "two-names-one-server",
    severity: Severity::Warning,
    servers: Servers::All,
    title: "two nodes are one server",
    page: "\
The server gets the connections of both nodes' pools, and its share of reads twice. If it is the only replica, losing it loses both.

**Found** when nodes say the same start and the same ids of their server, or are one file on SQLite.

**Do**: leave one of the nodes out. Two accounts for one server are two `url`s of one node's pools.",
    check: |topology, report| {
        let mut servers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for node in topology.reached() {
            // A name that leads to several servers is no other name of one of them: see DR007.
            let own: BTreeSet<&String> = node.runs.iter().chain(&node.file).collect();
            if let (Some(server), 1) = (own.first(), own.len()) {
                servers.entry(server).or_default().insert(&node.name);
            }
        }
        for (server, names) in servers.into_iter().filter(|(_, names)| names.len() > 1) {
            let names: Vec<_> = names.into_iter().map(str::to_owned).collect();
            report
                .about_all(
                    names.clone(),
                    format!("{} are one server", names.join(" and ")),
                    "leave all but one of them out",
                )
                .saw("server", server);
        }
    },
};

pub(super) static VERSIONS_DIFFER: Rule = Rule {
    code: "DR009",
    name: "versions-differ",
    severity: Severity::Warning,
    servers: Servers::All,
    title: "nodes have different versions",
    page: "\
Queries may have other results, other plans or other errors on a replica. PostgreSQL's streaming replication needs one major version;
MySQL's and MariaDB's replicas may be newer than their source, never older.

**Found** by comparing the major version of PostgreSQL, and the series (`10.11`, `8.4`) of MySQL and MariaDB.

**Do**: finish the upgrade: replicas first.",
    check: |topology, report| {
        let mut series: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for node in topology.reached().filter(|node| !node.configured.is_logical) {
            if let (Some(kind), Some(version)) = (node.kind, &node.version) {
                series.entry((kind.name(), &version.series)).or_default().push(&node.name);
            }
        }
        let kinds: BTreeSet<_> = series.keys().map(|(kind, _)| *kind).collect();
        if series.len() < 2 || kinds.len() > 1 {
            return;
        }
        let nodes = series.values().flatten().map(|name| (*name).to_owned());
        let finding = report.about_all(
            nodes,
            "the nodes have different versions",
            "finish the upgrade: replicas first",
        );
        for ((kind, series), names) in &series {
            finding.saw(format!("{kind} {series}"), names.join(", "));
        }
    },
};

pub(super) static OTHER_TIMELINE: Rule = Rule {
    code: "DR106",
    name: "other-timeline",
    severity: Severity::Error,
    servers: Servers::Postgres,
    title: "a standby is on another timeline than the primary",
    page: "\
After a promotion, the new primary writes a timeline of its own. A standby that still follows the old primary, or has replayed more of
the old timeline than the new one branched off from, gets nothing of it: its reads are as old as the failover. A router does not count
its positions.

**Found** by comparing the primary's timeline with the one that the standby replays. For a moment after a failover this is normal.

**Do**: point the standby's `primary_conninfo` at the new primary; if its log says that the timeline forked off before its position,
run `pg_rewind`, or take a new base backup.",
    check: |topology, report| {
        let Some(primary) = topology.primary().filter(|node| node.is_postgres()) else {
            return;
        };
        for node in topology.replicas() {
            let (Some(ours), Some(theirs)) = (&node.history, &primary.history) else {
                continue;
            };
            if ours == theirs || node.cluster != primary.cluster || !node.is_postgres() {
                continue;
            }
            report
                .about(
                    &node.name,
                    format!("it replays {ours}, and the primary writes {theirs}"),
                    "point its `primary_conninfo` at the primary; if that is not enough, run `pg_rewind`",
                )
                .saw(&node.name, ours)
                .saw(&primary.name, theirs);
        }
    },
};
