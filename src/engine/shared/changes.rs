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
        self.counts.add(slot);
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
        self.note_events(&events, &roster);
        self.publish_under(policy, &roster);
        drop(roster);
        self.forget(&[(slot, Arc::clone(member))]);
    }

    /// Replaces members and settings at once: `members` are the present ones, some with other settings, of which those in the
    /// `leaving` slots go and the `joined` ones, which were met, serve from now on. Only one caller at a time may change the
    /// members.
    #[cfg(feature = "config")]
    pub(crate) fn commit<'a>(
        &self,
        settings: &Settings,
        mut members: Members,
        leaving: &[usize],
        joined: impl Iterator<Item = &'a Member>,
        live: impl FnOnce(&Live) -> Live,
    ) {
        let mut roster = lock(&self.roster);
        let live = live(&self.snapshot.load().live);
        joined.for_each(Member::joined);
        roster.change(Arc::new(members.clone()));
        // The primary last: none of those that go as well becomes it.
        let mut leaving = leaving.to_vec();
        leaving.sort_by_key(|slot| *slot == roster.primary());
        let (mut gone, mut events) = (Vec::new(), Vec::new());
        for slot in leaving {
            gone.extend(members.get(slot).map(|member| (slot, Arc::clone(member))));
            members = members.without(slot);
            events.extend(roster.leave(members.clone(), slot));
        }
        self.note_events(&events, &roster);
        let mut policy = settings.policy(&live, &members);
        policy.tags = policy.tags.and_names_of(&self.snapshot.load().policy.tags);
        self.publish_all(Arc::new(policy), Arc::new(live), &roster);
        drop(roster);
        self.forget(&gone);
    }

    /// Forgets members that have left, and says what came of it.
    fn forget(&self, gone: &[(usize, Arc<Member>)]) {
        for (slot, member) in gone {
            member.leave();
            self.counts.keep(*slot);
            lock(&self.facts).remove(&member.serial);
            lock(&self.sources).remove(&member.serial);
            lock(&self.told).remove(&member.serial);
            self.signals.wake(*slot);
        }
        #[cfg(feature = "metrics")]
        self.record_metrics();
        // Whoever waits for one looks again.
        self.signals.answered();
        self.tell();
        if !self.snapshot.load().has_primary {
            self.signals.ask_all();
        }
    }

    /// Lets a node that has joined count as met.
    pub(crate) fn met(&self, member: &Member) {
        member.joined();
        let roster = lock(&self.roster);
        self.publish(&roster);
        drop(roster);
        self.tell();
    }

    /// Checks a node that has joined and was met against those that were met before, and do not go as `ends` says.
    pub(crate) fn check_facts(
        &self,
        node: &Member,
        facts: &ServerFacts,
        ends: impl Fn(&str) -> bool,
    ) -> Result<(), ConfigError> {
        let members = self.members();
        let all = lock(&self.facts);
        let others = members.iter().filter(|(_, other)| {
            // One of its name is to be replaced by it.
            other.serial != node.serial && other.name != node.name
        });
        // Of those that go, the ones that come in their places are looked at.
        let others = others.filter(|(_, other)| other.is_joining() || !ends(&other.name));
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
