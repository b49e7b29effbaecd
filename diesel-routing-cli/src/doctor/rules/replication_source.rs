//! A rule about where replicas replicate from.

use crate::doctor::facts::Topology;
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static UNKNOWN_SOURCE: Rule = Rule {
    code: "DR105",
    name: "unknown-source",
    severity: Severity::Note,
    servers: Servers::PostgresAndMySql,
    title: "a replica replicates from a server that is none of the nodes",
    page: "\
It may be a replica in between that serves no reads, or the old primary. The doctor cannot look at it, so what is wrong there is not
found.

**Found** when the address that the replica receives from is no node's, its source's `server_id` is no node's, and no node lists the
replica by its name (`application_name`, which should be the node's name or its `cluster_name`). Names that lead to one server in two
ways are not recognised.

**Do**: add the server to the nodes that the doctor looks at, or point the replica at the primary.",
    check: |topology: &Topology, report| {
        for node in topology.replicas().filter(|node| !node.configured.is_logical) {
            let Some(upstream) = node.upstream.as_ref().filter(|upstream| upstream.node.is_none()) else {
                continue;
            };
            let Some(address) = &upstream.address else {
                continue;
            };
            let finding = report.about(
                &node.name,
                format!("it replicates from {address}, which is none of the nodes"),
                "add that server to the nodes, or point the replica at the primary",
            );
            finding.saw("source", address);
            if let Some(id) = &upstream.server_id {
                finding.saw("its server_id", id);
            }
        }
    },
};
