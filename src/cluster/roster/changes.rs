//! Nodes that come and go.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::{Member, Members, Observation, ServerId};
use super::{Event, NodeState, Roster, foreign};
use crate::cluster::history::History;
use crate::server::NodeRole;

impl Roster {
    /// Returns the members.
    pub(crate) fn members(&self) -> &Arc<Members> {
        &self.members
    }

    /// Replaces the members by the same ones with other settings.
    #[cfg(feature = "config")]
    pub(crate) fn change(&mut self, members: Arc<Members>) {
        self.members = members;
    }

    /// Returns the slot of the primary, or of the node that stands for it.
    #[cfg(feature = "config")]
    pub(crate) fn primary(&self) -> usize {
        self.primary
    }

    /// Takes a member in, which has this slot among these.
    pub(crate) fn join(&mut self, members: Members, slot: usize) {
        self.members = Arc::new(members);
        self.vacate(slot);
    }

    /// Takes the member in `slot` out; these stay.
    ///
    /// If it was the primary, another node that takes writes is, on the same history or a newer one; if there is none, there
    /// is no primary until one does.
    pub(crate) fn leave(&mut self, members: Members, slot: usize) -> Vec<Event> {
        self.members = Arc::new(members);
        let gone = self.nodes.get_mut(slot).and_then(Option::take);
        let server = self.servers.get(slot).copied().flatten();
        self.vacate(slot);
        if slot != self.primary {
            return Vec::new();
        }
        if let Some(gone) = gone.filter(|gone| self.may_be_written_to(gone)) {
            self.removed = gone.position;
        }
        let mut events = Vec::new();
        self.find_primary(&mut events);
        let has_successor = self.primary != slot;
        if !has_successor {
            self.primary = self.heir().unwrap_or(slot);
        }
        let continues = has_successor && self.continues(server);
        if continues {
            // It is no failover.
            events.clear();
        } else {
            // What the nodes have is measured by what the next one says.
            self.history = History::default();
        }
        events
    }

    /// Returns whether the primary continues what the node wrote whose server this was: it is the same one, or all nodes
    /// write.
    fn continues(&self, server: Option<ServerId>) -> bool {
        let servers = server.zip(self.servers[self.primary]);
        let said = self.nodes[self.primary].as_ref();
        servers.is_some_and(|(one, other)| one.is_same_server(other))
            || said.is_some_and(Observation::is_multi_writer)
    }

    /// Returns the node that stands for the primary while none takes writes: the one that is meant to be it, or the first.
    fn heir(&self) -> Option<usize> {
        let meant = |member: &Member| match member.role {
            Some(NodeRole::TakesWrites) => 0,
            None => 1,
            Some(NodeRole::ReplaysWrites) => 2,
        };
        let members = self.members.iter();
        members
            .min_by_key(|(_, member)| meant(member))
            .map(|(slot, _)| slot)
    }

    /// Returns whether this is the first answer of a server that takes writes, and did not before.
    pub(super) fn is_promotion(
        &self,
        slot: usize,
        server: Option<ServerId>,
        said: &Observation,
    ) -> bool {
        let before = self.nodes.get(slot).and_then(Option::as_ref);
        let known = self.servers.get(slot).copied().flatten();
        said.role == NodeRole::TakesWrites
            && before.is_some_and(|before| before.role == NodeRole::ReplaysWrites)
            && known
                .zip(server)
                .is_some_and(|(known, server)| known.is_same_server(server))
    }

    /// Forgets what is known of the node in `slot`.
    pub(super) fn vacate(&mut self, slot: usize) {
        if slot >= self.nodes.len() {
            self.nodes.resize(slot + 1, None);
            self.servers.resize(slot + 1, None);
            self.states.resize(slot + 1, NodeState::UNKNOWN);
            self.feeds.resize(slot + 1, None);
        }
        self.nodes[slot] = None;
        self.servers[slot] = None;
        self.feeds[slot] = None;
        self.states[slot] = NodeState {
            serial: self.members.get(slot).map_or(0, |member| member.serial),
            ..NodeState::UNKNOWN
        };
    }

    /// Returns the difference, if the node in `slot` is known to belong to another cluster.
    pub(crate) fn is_foreign(&self, slot: usize) -> Option<Cow<'static, str>> {
        let (ours, said) = self.cluster.as_ref().zip(self.nodes.get(slot)?.as_ref())?;
        (!self.is_ours(said)).then(|| foreign(said, ours))
    }
}
