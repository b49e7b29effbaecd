//! How many connections there may be to a node, of all instances.

use super::Shared;
use crate::cluster::{Member, Node, ServerFacts};
use crate::engine::WATCHERS;
use crate::mutex::lock;
use crate::observe::Event;
use crate::server::PoolKind;

impl Shared {
    /// Says so if all instances may open more connections to a node than its server takes.
    pub(super) fn check_connections(&self, member: &Member, facts: &ServerFacts) {
        let instances = self.expected_instances;
        let needed = connections(member).saturating_mul(instances);
        if let Some(max_connections) = facts.max_connections.filter(|limit| needed > *limit) {
            Event::TooManyConnections {
                node: &member.name,
                needed,
                instances,
                max_connections,
            }
            .emit();
        }
    }

    /// Returns the number of connections that a node's server gives to ordinary accounts.
    pub(crate) fn max_connections(&self, serial: u32) -> Option<u32> {
        lock(&self.facts).get(&serial)?.max_connections
    }
}

/// Returns the number of connections that one instance may open to a node. Of a replica they are less, until it is the primary.
fn connections(node: &Node) -> u32 {
    let pools = PoolKind::ALL.map(|kind| node.pool_size(kind));
    pools.into_iter().fold(WATCHERS, u32::saturating_add)
}
