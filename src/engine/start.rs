//! Starting: whether a router may come to be with the nodes that are there.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::arrivals::Arrival;
use super::shared::too_slow;
use super::{Known, Shared};
use crate::cluster::{Health, Member, Node, ServerFacts};
use crate::error::{ConfigError, Error, Step, error_chain};
use crate::mutex::lock;
use crate::observe::Event;
use crate::server::NodeRole;

/// The conditions that nodes must meet for a router to start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conditions {
    /// Set if every node must be there, as it is meant to be.
    pub(crate) requires_all: bool,
    /// The beginning of the start, and the time within which nodes had to answer.
    pub(crate) since: Instant,
    pub(crate) limit: Duration,
}

impl Shared {
    /// Collects the nodes' answers from now on, until they are [weighed](Self::weigh).
    pub(crate) fn start(&self) {
        if self.watched {
            lock(&self.roster).start();
            self.starting.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether the nodes' first answers are not weighed yet.
    pub(crate) fn is_starting(&self) -> bool {
        self.starting.load(Ordering::Relaxed)
    }

    /// Weighs the nodes' answers: an error if the router cannot work with them.
    pub(crate) fn weigh(
        &self,
        nodes: &[Node],
        arrivals: Vec<Option<Arrival>>,
        conditions: Conditions,
    ) -> Result<(), Error> {
        let arrivals = arrivals.into_iter().enumerate();
        let arrivals = arrivals.map(|(node, arrival)| {
            arrival.unwrap_or_else(|| Err(self.no_answer(node, conditions)))
        });
        let (mut met, mut failures) = (Vec::new(), Vec::new());
        for (node, arrival) in nodes.iter().zip(arrivals) {
            match arrival {
                Ok(known) => met.push((node, known)),
                // It can never work.
                Err(error @ Error::Config(_)) => return Err(error),
                Err(error) => failures.push((node, error)),
            }
        }
        if conditions.requires_all || met.is_empty() {
            self.check_failures(&mut failures, conditions)?;
        }
        // Where nobody watches, roles are what they are said to be, for good.
        if conditions.requires_all || !self.watched {
            self.check_roles(nodes, &met)?;
        }
        ServerFacts::check_ids(met.iter().map(|(node, known)| (*node, &known.facts)))?;
        self.settle()?;
        if conditions.requires_all && !self.snapshot.load().has_primary {
            return Err(self.no_primary("all nodes answered, and none of them does"));
        }
        for (node, failure) in failures {
            self.is_missing(&node.name, &failure);
        }
        for (node, member) in self.members().iter() {
            self.announce(node, &member.name);
        }
        Ok(())
    }

    /// Weighs the answer of a node that has joined: an error if the router cannot work with it, or if it `must_answer` and
    /// does not. Nodes go with it whose names `ends` tells.
    pub(crate) fn weigh_newcomer(
        &self,
        (slot, node): (usize, &Member),
        arrival: Option<Arrival>,
        conditions: Conditions,
        must_answer: bool,
        ends: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let arrival = arrival.unwrap_or_else(|| Err(self.no_answer(slot, conditions)));
        match arrival {
            Ok(known) => {
                if conditions.requires_all || !self.watched {
                    let role = node.role;
                    let check = |role| known.facts.check_role(role, known.role, node);
                    role.map_or(Ok(()), check)?;
                }
                self.check_facts(node, &known.facts, ends)?;
                self.check_member(slot)?;
            }
            Err(error) if must_answer || matches!(error, Error::Config(_)) => return Err(error),
            Err(error) => {
                self.is_missing(&node.name, &error);
            }
        }
        Ok(())
    }

    /// Says so if a node that was added is not what it is configured as.
    pub(crate) fn announce(&self, slot: usize, name: &str) {
        if let Some(why) = self.differs(slot) {
            Event::NodeNotAsConfigured {
                node: name,
                why: &why,
            }
            .emit();
        }
    }

    /// Says that a node has not answered yet, where nobody watches it, and so nobody else says so.
    fn is_missing(&self, node: &str, failure: &Error) {
        if !self.watched {
            let why = &error_chain(failure);
            Event::NodeMissing { node, why }.emit();
        }
    }

    /// Records that a node has not answered in time, and returns the error.
    fn no_answer(&self, node: usize, conditions: Conditions) -> Error {
        let why = too_slow(conditions.limit);
        if self.watched {
            self.record_failure(node, &why);
        }
        Error::checkout(self.name(node), Step::Connect, conditions.since, why)
    }

    fn check_failures(
        &self,
        failures: &mut Vec<(&Node, Error)>,
        conditions: Conditions,
    ) -> Result<(), Error> {
        // Of a single node, and where each is needed, the error is its own.
        if !failures.is_empty() && (conditions.requires_all || failures.len() == 1) {
            return Err(failures.swap_remove(0).1);
        }
        if failures.is_empty() {
            return Ok(());
        }
        Err(Error::NoNode {
            failures: failures.drain(..).map(|(_, error)| error).collect(),
        })
    }

    fn check_roles(&self, nodes: &[Node], met: &[(&Node, Known)]) -> Result<(), Error> {
        for (node, known) in met {
            if let Some(role) = node.role {
                known.facts.check_role(role, known.role, node)?;
            }
        }
        let Some(((primary, first), others)) = met.split_first() else {
            return Ok(());
        };
        if nodes.first().is_none_or(|node| node.name != primary.name) {
            return Ok(());
        }
        for (node, known) in others {
            first.facts.check_replica(primary, &known.facts, node)?;
        }
        Ok(())
    }

    /// Weighs what the nodes' watchers heard.
    fn settle(&self) -> Result<(), ConfigError> {
        if !self.watched {
            return Ok(());
        }
        let mut roster = lock(&self.roster);
        let events = roster.settle();
        self.publish(&roster);
        drop(roster);
        self.starting.store(false, Ordering::Relaxed);
        self.check_cluster()?;
        let roster = lock(&self.roster);
        self.note_events(&events, &roster);
        self.publish(&roster);
        drop(roster);
        self.tell();
        let cluster = self.snapshot.load();
        for (index, node) in cluster.nodes.iter().enumerate() {
            let is_behind = node.health == Health::Up && node.complete_as_of.is_none();
            // It may have been asked before the primary was, which wrote meanwhile.
            if cluster.has_primary && is_behind {
                self.signals.ask(index);
            }
        }
        Ok(())
    }

    /// Returns the error of a caller whom only the primary could serve, while no node takes writes.
    pub(crate) fn no_primary(
        &self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::NoPrimary {
            nodes: self.states_of_nodes(),
            function: None,
            source: source.into(),
        }
    }

    /// Returns the difference between what a node is meant to be and what it is, in words, as far as it answers.
    pub(super) fn differs(&self, node: usize) -> Option<String> {
        let cluster = self.snapshot.load();
        let is_up = cluster.nodes.get(node)?.health == Health::Up;
        if !self.watched || !is_up {
            return None;
        }
        let primary = cluster.name(cluster.primary);
        let takes_writes = cluster.is_led_by_node(node);
        if self.leads_to_primary(node) {
            return Some(format!(
                "its name leads to the server of `{primary}`, which takes the writes: no read gains by it until it leads \
                 to a replica"
            ));
        }
        match cluster.members.get(node)?.role? {
            NodeRole::TakesWrites if takes_writes || self.is_multi_writer() => None,
            NodeRole::TakesWrites if cluster.has_primary => Some(format!(
                "it is configured as the primary and is a replica: `{primary}` takes the writes, as after a failover; \
                 change the configuration when it suits"
            )),
            NodeRole::TakesWrites => Some(
                "it is configured as the primary and is a replica, and no node takes writes: promote one".to_owned(),
            ),
            NodeRole::ReplaysWrites if takes_writes && !self.is_multi_writer() => Some(
                "it is configured as a replica and takes the writes, as after a failover; change the configuration when \
                 it suits"
                    .to_owned(),
            ),
            NodeRole::ReplaysWrites => None,
        }
    }
}
