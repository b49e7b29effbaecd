//! Finds out who feeds whom.

use crate::doctor::facts::{Facts, Upstream};

/// Finds, for each replica, the node that it replicates from: by its address, by its `server_id`, or because that node lists it.
pub(super) fn find(nodes: &mut [Facts]) {
    let found: Vec<_> = nodes.iter().map(|node| source(node, nodes)).collect();
    for (node, source) in nodes.iter_mut().zip(found) {
        if let Some(name) = source {
            node.upstream.get_or_insert_with(Upstream::default).node = Some(name);
        }
    }
}

fn source(node: &Facts, nodes: &[Facts]) -> Option<String> {
    if !node.is_replica() || node.galera.is_some() {
        return None;
    }
    let others = || {
        nodes
            .iter()
            .filter(|other| other.name != node.name && other.is_reached())
    };
    let upstream = node.upstream.as_ref();
    let address = upstream.and_then(|upstream| upstream.address.as_deref());
    let id = upstream.and_then(|upstream| upstream.server_id.as_deref());
    let by_address = others().find(|other| address.is_some_and(|address| is_at(other, address)));
    let by_id = others().filter(|other| id.is_some() && other.setting("server_id") == id);
    // Where two servers have one id, it says nothing.
    let by_id: Vec<_> = by_id.collect();
    let by_id = match by_id.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    let cluster_name = node.setting("cluster_name").filter(|name| !name.is_empty());
    let by_list = others().find(|other| {
        let mut names = other.standbys.iter().map(|standby| standby.name.as_str());
        names.any(|name| name == node.name || Some(name) == cluster_name)
    });
    by_address
        .or(by_id)
        .or(by_list)
        .map(|other| other.name.clone())
}

fn is_at(node: &Facts, address: &str) -> bool {
    let hosts = node.configured.hosts.iter().chain(&node.address);
    let mut hosts = hosts.map(|(host, port)| format!("{host}:{port}"));
    hosts.any(|host| host.eq_ignore_ascii_case(address))
}
