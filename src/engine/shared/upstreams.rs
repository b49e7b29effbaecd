//! Where replicas replicate from.

use super::Shared;
use super::state::State;
use crate::cluster::{Diagnosis, Member, ServerFacts, SourceAddress};
use crate::connect::endpoints;
use crate::engine::Upstream;
use crate::mutex::lock;

impl Shared {
    /// Records what a node says of its replication.
    pub(crate) fn record_diagnosis(&self, node: usize, diagnosis: Diagnosis) {
        let Diagnosis { problem, source } = diagnosis;
        let serial = self.snapshot.load().serial(node);
        let mut sources = lock(&self.sources);
        match source {
            Some(source) => sources.insert(serial, source),
            None => sources.remove(&serial),
        };
        drop(sources);
        let mut roster = lock(&self.roster);
        if roster.diagnosed(node, problem) {
            self.publish(&roster);
        }
    }

    /// Returns where a node replicates from, if it is a replica and says so.
    pub(in crate::engine) fn upstream(&self, node: usize, cluster: &State) -> Option<Upstream> {
        if cluster.is_led_by_node(node) {
            return None;
        }
        let source = lock(&self.sources).get(&cluster.serial(node))?.clone();
        let facts = lock(&self.facts);
        let is_it = |member: &Member| is_at(member, facts.get(&member.serial), &source);
        let mut members = cluster.members.iter().filter(|(slot, _)| *slot != node);
        let found = members.find(|(_, member)| is_it(member));
        Some(Upstream {
            node: found.map(|(_, member)| member.name.clone()),
            address: source.to_string(),
        })
    }
}

/// Returns whether a node is at this address, by its URL or by what its server says.
fn is_at(node: &Member, facts: Option<&ServerFacts>, source: &SourceAddress) -> bool {
    let SourceAddress { host, port } = source;
    let by_url = endpoints(&node.url)
        .iter()
        .any(|(known, known_port)| known.eq_ignore_ascii_case(host) && known_port == port);
    // PostgreSQL's has the length of its network in it: 10.0.0.2/32/5432.
    let by_word = facts
        .and_then(|facts| facts.address.as_deref())
        .and_then(|address| address.rsplit_once('/'))
        .is_some_and(|(known, known_port)| {
            known.split('/').next() == Some(host) && known_port.parse() == Ok(*port)
        });
    by_url || by_word
}
