//! Rules about Galera clusters.

use crate::doctor::facts::{Facts, Galera, Topology};
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static NOT_SYNCED: Rule = Rule {
    code: "DR301",
    name: "galera-not-synced",
    severity: Severity::Error,
    servers: Servers::Galera,
    title: "a Galera node is not in step with its cluster",
    page: "\
A node that is `Donor/Desynced`, `Joined` or cut off shows old rows, or refuses statements (\"WSREP has not yet prepared node for
application use\"). A router uses only nodes that are `Synced` in a cluster with a quorum.

**Found** in `wsrep_local_state_comment`, `wsrep_cluster_status` and `wsrep_ready`.

**Do**: wait for a donor or a joiner to finish; turn `wsrep_desync` off; mend the network of a node that is not `Primary`.",
    check: |topology, report| {
        for (node, galera) in members(topology).filter(|(_, galera)| !galera.is_well()) {
            let remedy = if galera.status == "Primary" {
                "wait until it has caught up; see `wsrep_desync`, and whether it is a donor"
            } else {
                "mend its network: it has lost the others, and has no quorum"
            };
            report
                .about(&node.name, "it is not in step with its cluster, and serves nothing", remedy)
                .saw("wsrep_local_state_comment", &galera.state)
                .saw("wsrep_cluster_status", &galera.status)
                .saw("wsrep_ready", if galera.is_ready { "ON" } else { "OFF" });
        }
    },
};

pub(super) static NO_SYNC_WAIT: Rule = Rule {
    code: "DR302",
    name: "galera-reads-may-be-old",
    severity: Severity::Note,
    servers: Servers::Galera,
    title: "a node's reads do not wait for what others have committed",
    page: "\
With `wsrep_sync_wait = 0`, the default, a read shows what the node has applied, not what was committed elsewhere. A router's `strong`
reads set it for their own session, and its session reads wait for the position. Clients that go around the router read old rows.

**Found** in the global `wsrep_sync_wait`.

**Do**: nothing, if all clients use the router; else `wsrep_sync_wait = 1`, which makes each read wait.",
    check: |topology, report| {
        let nodes = members(topology).filter(|(node, _)| node.number("wsrep_sync_wait") == Some(0));
        let names: Vec<_> = nodes.map(|(node, _)| node.name.clone()).collect();
        if !names.is_empty() {
            report
                .about_all(
                    names,
                    "reads of clients that do not use the router may be old",
                    "nothing, if all clients use the router; else set `wsrep_sync_wait = 1`",
                )
                .saw("wsrep_sync_wait", "0");
        }
    },
};

pub(super) static EVEN_SIZE: Rule = Rule {
    code: "DR303",
    name: "galera-even-size",
    severity: Severity::Warning,
    servers: Servers::Galera,
    title: "a network split leaves no part of the cluster with a majority",
    page: "\
A cluster of two stops when one of them is lost, and one of four when the network splits it in halves: no half is more than a half.

**Found** in `wsrep_cluster_size`.

**Do**: a third node, or an arbitrator (`garbd`).",
    check: |topology, report| {
        let well = members(topology).filter(|(_, galera)| galera.is_well());
        let Some((_, galera)) = well.max_by_key(|(_, galera)| galera.size) else {
            return;
        };
        if galera.size > 0 && galera.size.is_multiple_of(2) {
            report
                .about_all(
                    [],
                    format!("the cluster has {} nodes: a half of it is no majority", galera.size),
                    "add a node, or an arbitrator (`garbd`)",
                )
                .saw("wsrep_cluster_size", galera.size.to_string());
        }
    },
};

fn members(topology: &Topology) -> impl Iterator<Item = (&Facts, &Galera)> {
    topology
        .reached()
        .filter_map(|node| Some((node, node.galera.as_ref()?)))
}
