//! The knowledge about every node, as one immutable value.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use order::Order;

use super::history::{Sample, age, complete_as_of};
use super::roster::Feed;
use super::{Member, Members, Observation, Said, ServerId};
use crate::position::{Behind, Position};
use crate::server::NodeRole;

mod order;

/// The knowledge about the nodes at one moment. Decisions read it; watchers replace it.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) nodes: Vec<NodeState>,
    /// The node that accepts writes, as far as is known. It may be down.
    pub(crate) primary: usize,
    /// Set once a node was seen to accept writes. Until then, `primary` is the one that is meant to.
    pub(crate) has_primary: bool,
    /// The newest samples of the primary, oldest first.
    pub(crate) recent: Arc<[Sample]>,
    /// The replicas in order; `None` for a small cluster.
    pub(crate) order: Option<Order>,
    /// Set if there is no other node than the primary.
    pub(crate) is_alone: bool,
    /// The id of the primary, where servers name the one whose writes they have.
    pub(crate) writer: Option<String>,
    /// The last position of the primary, if that was removed and has no successor yet.
    removed: Option<Position>,
    /// The feeds of logical subscribers, by node; empty if none is one.
    feeds: Vec<Option<Feed>>,
}

/// The knowledge about one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeState {
    /// The serial of the [member](super::Member) that it is of; 0 in a free slot.
    pub(crate) serial: u32,
    pub(crate) health: Health,
    /// The server that answered, if it tells which one it is.
    pub(crate) server: Option<ServerId>,
    /// The instant, by the system's clock, at which the connection was opened that it answered on: none survives a
    /// restart, and a restart may set a replica back.
    pub(crate) opened: Option<Instant>,
    /// The position it has replayed up to; on the primary, its present position.
    pub(crate) position: Option<Position>,
    /// The instant up to which it has everything that was acknowledged.
    pub(crate) complete_as_of: Option<Instant>,
    /// The time at which it was asked for its last answer.
    pub(crate) asked: Option<Instant>,
    /// The same, by the system's clock.
    pub(crate) sent: Option<Instant>,
    /// The reason why it serves nothing, in words.
    pub(crate) problem: Option<Arc<str>>,
    /// The present or expected obstacle to its replication, in words.
    pub(crate) notice: Option<Arc<str>>,
}

/// A node's fitness to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Health {
    /// Nothing is known of it yet.
    Unknown,
    /// It answers.
    Up,
    /// It does not answer.
    Down,
    /// It answers, and must not be used: another cluster, a second primary.
    Excluded,
}

impl Snapshot {
    /// Creates a cluster whose primary is known.
    pub(crate) fn new(nodes: Vec<NodeState>, primary: usize, recent: Arc<[Sample]>) -> Self {
        // The others may be free slots.
        let members = nodes.iter().filter(|node| node.serial != 0);
        Self {
            order: Order::of(&nodes, Some(primary)),
            is_alone: nodes.len() == 1 || members.count() == 1,
            nodes,
            primary,
            has_primary: true,
            recent,
            writer: None,
            removed: None,
            feeds: Vec::new(),
        }
    }

    /// Creates a cluster whose nodes count as up, and of which nothing else can be known: the one that is meant to be the
    /// primary is. One that was not met yet serves nothing. `told` says, by the serial of a node, up to when it has
    /// everything, if somebody knows.
    pub(crate) fn unwatched(members: &Members, told: impl Fn(u32) -> Option<Instant>) -> Self {
        let mut nodes = vec![NodeState::UNKNOWN; members.slots()];
        for (slot, member) in members.iter() {
            if let Some(node) = nodes.get_mut(slot) {
                node.serial = member.serial;
                if !member.is_joining() {
                    node.health = Health::Up;
                    node.complete_as_of = told(member.serial);
                }
            }
        }
        let meant = |(_, member): &(usize, &Arc<Member>)| {
            member.role == Some(NodeRole::TakesWrites) && !member.is_joining()
        };
        let primary = members.iter().find(meant).map_or(0, |(slot, _)| slot);
        Self::new(nodes, primary, Arc::new([]))
    }

    /// Creates a cluster none of whose nodes is known to accept writes; `primary` is meant to. One that did was `removed`
    /// when it was at this position, if there was one.
    pub(crate) fn without_primary(
        nodes: Vec<NodeState>,
        primary: usize,
        removed: Option<Position>,
    ) -> Self {
        Self {
            order: Order::of(&nodes, None),
            nodes,
            primary,
            has_primary: false,
            recent: Arc::new([]),
            is_alone: false,
            writer: None,
            removed,
            feeds: Vec::new(),
        }
    }

    /// Adds what feeds logical subscribers, by node.
    pub(super) fn fed(mut self, feeds: &[Option<Feed>]) -> Self {
        if feeds.iter().any(Option::is_some) {
            self.feeds = feeds.to_vec();
        }
        self
    }

    /// Returns what the server of a node's connection has said, as the primary would say it: a logical subscriber knows its
    /// place there, and not whose. `None` if that is unknown.
    pub(crate) fn heard<'s>(&self, node: usize, said: &'s Said) -> Option<Cow<'s, Said>> {
        if said.observation.feed.is_none() {
            return Some(Cow::Borrowed(said));
        }
        let feed = self.feeds.get(node)?.as_ref()?;
        let mut said = said.clone();
        said.observation.position = Some(feed.translated(&said.observation)?);
        Some(Cow::Owned(said))
    }

    /// Returns the serial of the member with this index; 0 if there is none.
    #[inline]
    pub(crate) fn serial(&self, node: usize) -> u32 {
        self.nodes.get(node).map_or(0, |node| node.serial)
    }

    /// Returns whether this node is known to be the primary. It may be down.
    #[inline]
    pub(crate) fn is_led_by_node(&self, node: usize) -> bool {
        self.has_primary && node == self.primary
    }

    /// Returns whether its nodes have positions, though that of the primary may be unknown at the moment, as of a new name
    /// of it: no session forgets what it requires meanwhile.
    pub(crate) fn knows_positions(&self) -> bool {
        self.position().is_some()
            || self.removed.is_some()
            || !self.recent.is_empty()
            || self.nodes.iter().any(|node| node.position.is_some())
    }

    /// Returns whether its nodes have positions at all.
    pub(crate) fn has_positions(&self) -> bool {
        if self.has_primary {
            self.position().is_some()
        } else {
            self.nodes.iter().any(|node| node.position.is_some())
        }
    }

    /// Returns whether `position` lies on the primary's history; without a primary, whether a node has it. `false` if
    /// that is unknown.
    pub(crate) fn shares_history(&self, position: &Position) -> bool {
        if self.has_primary {
            self.position().is_some_and(|ours| ours.may_reach(position))
        } else {
            self.nodes.iter().any(|node| node.covers(Some(position)))
        }
    }

    /// Returns whether a sample may be of the primary that is known, before or after it was last asked: another may have taken over
    /// since.
    pub(crate) fn continues(&self, sample: &Sample) -> bool {
        let position = &sample.position;
        self.position()
            .is_some_and(|ours| position.continues(ours) || ours.continues(position))
    }

    /// Returns whether this is the server of the primary, by its identity; where servers do not tell who they are, the
    /// name counts, and so does any server where every node takes writes.
    pub(crate) fn is_primary(&self, server: Option<ServerId>) -> bool {
        if !self.has_primary {
            // Any that takes writes; but after one that was removed, only its own word tells its history.
            return self.removed.is_none();
        }
        let primary = self.nodes.get(self.primary);
        server.is_none()
            || primary.is_none_or(|primary| {
                let is_multi_writer = primary
                    .position
                    .as_ref()
                    .is_some_and(Position::is_multi_writer);
                // Without positions, one that takes writes while the known primary is down is its successor.
                let is_succeeded = primary.position.is_none() && primary.health == Health::Down;
                primary.server.is_none()
                    || primary.is_server(server)
                    || is_multi_writer
                    || is_succeeded
            })
    }

    /// Returns whether a server that said this is the primary, by its identity or on a newer history.
    pub(crate) fn is_led_by(&self, server: Option<ServerId>, observation: &Observation) -> bool {
        let theirs = observation.position.as_ref();
        let is_newer = |ours: &Position| {
            theirs.is_some_and(|theirs| theirs.same_cluster(ours) && theirs.succeeds(ours))
        };
        let is_outrun = |removed: &Position| theirs.is_some_and(|theirs| removed.succeeds(theirs));
        observation.role == NodeRole::TakesWrites
            && match &self.removed {
                Some(removed) => !is_outrun(removed),
                None => self.is_primary(server) || self.position().is_some_and(is_newer),
            }
    }

    /// Returns the state of the server that a connection leads to, by that server's own word: as if it were a node.
    pub(crate) fn state_of(
        &self,
        server: Option<ServerId>,
        opened: Instant,
        said: &Said,
        now: BothClocks,
    ) -> NodeState {
        let Observation {
            role,
            position,
            lag,
            follows,
            problem,
            ..
        } = &said.observation;
        let mut known = self.nodes.iter().filter_map(|node| {
            let is_member = node.health != Health::Excluded;
            node.position.as_ref().filter(|_| is_member)
        });
        let ours = if self.has_primary {
            self.position()
        } else {
            known.next()
        };
        let is_foreign = || {
            let positions = ours.zip(position.as_ref());
            positions.is_some_and(|(ours, position)| !position.same_cluster(ours))
        };
        // One that takes writes is the primary, or must not be used.
        let is_apart =
            || *role == NodeRole::TakesWrites && !self.is_led_by(server, &said.observation);
        let follows_another = || {
            let names = self.writer.as_ref().zip(follows.as_ref());
            names.is_some_and(|(ours, theirs)| ours != theirs)
        };
        let is_excluded = problem.is_some() || is_foreign() || is_apart() || follows_another();
        let by_position = |position| complete_as_of(&self.recent, position);
        let by_lag = || now.at(said.sent)?.checked_sub((*lag)?);
        NodeState {
            health: if is_excluded {
                Health::Excluded
            } else {
                Health::Up
            },
            server,
            opened: Some(opened),
            complete_as_of: position.as_ref().and_then(by_position).or_else(by_lag),
            position: position.clone(),
            sent: Some(said.sent),
            ..NodeState::UNKNOWN
        }
    }

    /// Returns the time at which the primary was asked for its position.
    pub(crate) fn primary_asked(&self) -> Option<Instant> {
        self.nodes.get(self.primary)?.asked
    }

    /// Returns how much of the primary's log a node does not have, as of the last answers of both.
    pub(crate) fn behind(&self, node: usize) -> Option<Behind> {
        let position = self.nodes.get(node)?.position.as_ref()?;
        position.behind(self.position()?)
    }

    /// Returns the primary's position; `None` if it is unknown, or there is no primary.
    pub(crate) fn position(&self) -> Option<&Position> {
        let primary = self.nodes.get(self.primary)?;
        primary.position.as_ref().filter(|_| self.has_primary)
    }
}

/// The present, by the router's clock and by the system's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BothClocks {
    pub(crate) now: Instant,
    pub(crate) system_now: Instant,
}

impl BothClocks {
    /// Returns the instant by the router's clock that was `at` by the system's.
    fn at(self, at: Instant) -> Option<Instant> {
        self.now.checked_sub(age(at, self.system_now))
    }
}

impl NodeState {
    pub(crate) const UNKNOWN: Self = Self {
        serial: 0,
        health: Health::Unknown,
        server: None,
        opened: None,
        position: None,
        complete_as_of: None,
        asked: None,
        sent: None,
        problem: None,
        notice: None,
    };

    /// Returns whether this is the server that answered, by the same way: what it said holds there, too.
    #[inline]
    pub(crate) fn is_server(&self, server: Option<ServerId>) -> bool {
        server.is_some() && self.server == server
    }

    /// Returns the upper bound of its lag, if it is known.
    pub(crate) fn lag(&self, now: Instant) -> Option<Duration> {
        self.complete_as_of.map(|at| age(at, now))
    }

    /// Returns whether it is known to have everything up to `required`.
    pub(crate) fn covers(&self, required: Option<&Position>) -> bool {
        required.is_none_or(|required| {
            self.position
                .as_ref()
                .is_some_and(|position| position.covers(required))
        })
    }
}
