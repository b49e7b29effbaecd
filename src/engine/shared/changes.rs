//! Nodes that come and go.

use std::sync::Arc;

use super::Shared;
use crate::cluster::{Member, Members, Node, ServerFacts};
use crate::engine::{Live, Settings};
use crate::error::ConfigError;
use crate::mutex::lock;
use crate::routing::Policy;
use crate::server::NodeRole;

impl Shared {
    /// Returns the nodes that there are.
    pub(crate) fn members(&self) -> Arc<Members> {
        Arc::clone(&self.snapshot.load().members)
    }

    /// Takes `node` in; `seat` is given its slot before any decision may be for it. Only one caller at a time may change the
    /// members.
    pub(crate) fn take_in<E>(
        &self,
        settings: &Settings,
        mut node: Node,
        seat: impl FnOnce(usize, &Arc<Member>) -> Result<(), E>,
    ) -> Result<(usize, Arc<Member>), E> {
        settings.prepare(std::slice::from_mut(&mut node));
        let (members, slot, member) = self.members().with(node);
        self.signals.add(slot);
        self.delays.add(slot);
        // Not reset: whoever counted a connection in there counts it out, late as it may be.
        self.out.add(slot);
        seat(slot, &member)?;
        let policy = self.policy_for(settings, &members);
        let mut roster = lock(&self.roster);
        roster.join(members, slot);
        self.publish_under(policy, &roster);
        Ok((slot, member))
    }

    /// Returns what bounds decisions for these members; tags that were known stay known.
    fn policy_for(&self, settings: &Settings, members: &Members) -> Arc<Policy> {
        let cluster = self.snapshot.load();
        let mut policy = settings.policy(&cluster.live, members);
        policy.tags = policy.tags.and_names_of(&cluster.policy.tags);
        Arc::new(policy)
    }

    /// Changes the settings that may change, all at once. Whoever waits looks again under the new ones.
    pub(crate) fn adjust<T>(&self, settings: &Settings, change: impl FnOnce(&mut Live) -> T) -> T {
        let roster = lock(&self.roster);
        let mut live = Live::clone(&self.snapshot.load().live);
        let outcome = change(&mut live);
        let members = self.members();
        let mut policy = settings.policy(&live, &members);
        policy.tags = policy.tags.and_names_of(&self.snapshot.load().policy.tags);
        self.publish_all(Arc::new(policy), Arc::new(live), &roster);
        outcome
    }

    /// Takes the node in `slot` out. Only one caller at a time may change the members.
    pub(crate) fn let_go(&self, settings: &Settings, slot: usize) {
        let members = self.members();
        let Some(member) = members.get(slot) else {
            return;
        };
        let left = members.without(slot);
        let policy = self.policy_for(settings, &left);
        let mut roster = lock(&self.roster);
        let events = roster.leave(left, slot);
        self.publish_under(policy, &roster);
        drop(roster);
        member.leave();
        lock(&self.facts).remove(&member.serial);
        lock(&self.sources).remove(&member.serial);
        lock(&self.told).remove(&member.serial);
        self.signals.wake(slot);
        // Whoever waits for it looks again.
        self.signals.answered();
        for event in events {
            self.report(&event);
        }
        if !self.snapshot.load().has_primary {
            self.signals.ask_all();
        }
    }

    /// Lets a node that has joined count as met.
    pub(crate) fn met(&self, member: &Member) {
        member.joined();
        let roster = lock(&self.roster);
        self.publish(&roster);
    }

    /// Checks a node that has joined and was met against those that were met before.
    pub(crate) fn check_facts(
        &self,
        node: &Member,
        facts: &ServerFacts,
    ) -> Result<(), ConfigError> {
        let members = self.members();
        let all = lock(&self.facts);
        let others = members.iter().filter(|(_, other)| {
            // One of its name is to be replaced by it.
            other.serial != node.serial && other.name != node.name
        });
        let others = others.filter_map(|(_, other)| Some((&***other, all.get(&other.serial)?)));
        let others: Vec<(&Node, _)> = others.collect();
        if !self.watched && node.role == Some(NodeRole::ReplaysWrites) {
            let is_primary = |other: &Node| other.role == Some(NodeRole::TakesWrites);
            if let Some((primary, known)) = others.iter().find(|(other, _)| is_primary(other)) {
                known.check_replica(primary, facts, node)?;
            }
        }
        ServerFacts::check_ids(others.into_iter().chain([(&**node, facts)]))
    }

    /// Checks that a node which has answered is of the cluster, and that its positions mean something if it is the primary.
    pub(crate) fn check_member(&self, slot: usize) -> Result<(), ConfigError> {
        let roster = lock(&self.roster);
        if let Some(why) = roster.is_foreign(slot) {
            let member = roster.member().unwrap_or_default();
            return Err(ConfigError::OtherCluster {
                replica: self.name(slot),
                primary: self.name(member),
                why: why.into_owned(),
            });
        }
        match roster.problem_of_primary() {
            Some((primary, why)) if primary == slot => Err(ConfigError::NoPositions {
                primary: self.name(primary),
                why: why.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}
