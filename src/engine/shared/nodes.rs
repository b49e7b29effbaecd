//! What is known of nodes.

use std::time::{Duration, Instant};

use super::Shared;
use crate::cluster::Health;
use crate::engine::Known;
use crate::mutex::lock;
use crate::position::{Position, ServerKind};
use crate::server::ServerVersion;

/// The time for which status tells that a name leads to several servers, after that was noticed. Chosen.
const RECENT: Duration = Duration::from_secs(10);

/// The words for a node whose name leads to several servers.
const SEVERAL: &str = "its name leads to more than one server: connections to others than the one that is watched prove \
                       themselves, which costs a round trip now and then; give each server a name of its own to save that";

impl Shared {
    /// Records a caller's connection that leads to another server than the node's watcher's, if it does.
    pub(crate) fn meet(&self, node: usize, known: &Known, now: Instant) {
        let cluster = self.snapshot.load();
        let Some(state) = cluster.nodes.get(node) else {
            return;
        };
        let servers = state.server.zip(known.server);
        if servers.is_some_and(|(ours, theirs)| !ours.is_same_server(theirs)) {
            let is_newer = state.opened.is_some_and(|opened| known.opened > opened);
            self.signals.met_another(node, is_newer, now);
        }
    }

    /// Returns the words for a node whose name was lately seen to lead to several servers.
    pub(crate) fn several(&self, node: usize) -> Option<&'static str> {
        let strayed = self.signals.strayed(node, Instant::now());
        strayed
            .is_some_and(|strayed| strayed < RECENT)
            .then_some(SEVERAL)
    }

    /// Returns whether a connection leads to the primary, as far as is known.
    pub(crate) fn is_the_primary(&self, known: &Known) -> bool {
        if !self.watched {
            return true;
        }
        let cluster = self.snapshot.load();
        match &known.said {
            Some(said) => cluster.is_led_by(known.server, &said.observation),
            None => cluster.is_primary(known.server),
        }
    }

    /// Returns the kind and the version of a node's server, as far as they are known.
    pub(in crate::engine) fn server_of(
        &self,
        serial: u32,
    ) -> (Option<ServerKind>, Option<ServerVersion>) {
        let facts = lock(&self.facts);
        let facts = facts.get(&serial);
        let kind = facts.and_then(|facts| facts.kind);
        (kind, facts.and_then(|facts| facts.version))
    }

    /// Returns whether a node answers, and must not be used.
    pub(crate) fn is_excluded(&self, node: usize) -> bool {
        let cluster = self.snapshot.load();
        let node = cluster.nodes.get(node);
        node.is_some_and(|node| node.health == Health::Excluded)
    }

    /// Returns whether a node owes its watcher an answer for longer than a node may take of a caller's time.
    #[inline]
    pub(crate) fn is_silent(&self, node: usize, now: Instant) -> bool {
        let pending = self.signals.pending(node, now);
        pending.is_some_and(|pending| pending >= self.node_share)
    }

    /// Returns whether a node is known not to answer, or has not answered for too long.
    pub(crate) fn is_lost(&self, node: usize) -> bool {
        self.is_silent(node, Instant::now()) || self.is_down(node)
    }

    /// Returns whether a replica's name leads to the primary, as far as is known: as after a failover, until there is
    /// another server for that name.
    pub(crate) fn leads_to_primary(&self, node: usize) -> bool {
        let cluster = self.snapshot.load();
        let server = |node: usize| cluster.nodes.get(node)?.server;
        let servers = server(node).zip(server(cluster.primary));
        cluster.has_primary
            && node != cluster.primary
            && servers.is_some_and(|(one, other)| one.is_same_server(other))
    }

    /// Returns whether a connection leads to the primary, and the name of the replica that it was opened by has left
    /// that since.
    pub(crate) fn has_left(&self, node: usize, known: &Known) -> bool {
        let cluster = self.snapshot.load();
        let server = |node: usize| cluster.nodes.get(node)?.server;
        let Some((there, (now, primary))) =
            known.server.zip(server(node).zip(server(cluster.primary)))
        else {
            return false;
        };
        let opened = cluster.nodes.get(node).and_then(|node| node.opened);
        cluster.has_primary
            && there.is_same_server(primary)
            && !now.is_same_server(primary)
            && opened.is_some_and(|opened| known.opened < opened)
    }

    /// Returns whether a node is known not to answer.
    pub(crate) fn is_down(&self, node: usize) -> bool {
        let cluster = self.snapshot.load();
        let node = cluster.nodes.get(node);
        node.is_some_and(|node| node.health == Health::Down)
    }

    pub(crate) fn is_primary(&self, node: usize) -> bool {
        self.snapshot.load().is_led_by_node(node)
    }

    /// Returns whether every node takes writes.
    pub(crate) fn is_multi_writer(&self) -> bool {
        let cluster = self.snapshot.load();
        cluster.position().is_some_and(Position::is_multi_writer)
    }

    /// Returns the node that takes writes, as far as is known, and its serial; until one is known, the one that is meant to.
    pub(crate) fn primary(&self) -> (usize, u32) {
        let cluster = self.snapshot.load();
        (cluster.primary, cluster.serial(cluster.primary))
    }

    /// Records the time that a node took to answer.
    pub(crate) fn answered_in(&self, node: usize, time: Duration, now: Instant) {
        let cluster = self.snapshot.load();
        if let Some(Some(latency)) = cluster.policy.latencies.get(node) {
            latency.observe(time, now);
        }
        if self.breaker.is_on() && cluster.is_led_by_node(node) {
            self.breaker.answered_in(time, now);
        }
    }

    /// Returns the time that a node is expected to take to answer, if that is measured and it has answered.
    pub(crate) fn latency(&self, node: usize) -> Option<Duration> {
        let cluster = self.snapshot.load();
        let latency = cluster.policy.latencies.get(node)?;
        latency.as_ref()?.latency(Instant::now())
    }

    /// Returns how long a caller waits at most for a checkout that begins with this node.
    pub(crate) fn checkout_timeout(&self, node: usize) -> Duration {
        let cluster = self.snapshot.load();
        // Of one that was just removed it is as long as of the one that may serve in its place.
        let members = [node, cluster.primary].into_iter();
        let mut members = members.filter_map(|node| cluster.members.get(node));
        let node = members.next();
        node.map_or(self.node_share, |node| node.checkout_timeout)
    }
}
