//! The knowledge about every node, as one immutable value.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::history::{Sample, age};
use crate::position::Position;

/// The knowledge about the nodes at one moment. Decisions read it; watchers replace it.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) nodes: Vec<NodeState>,
    /// The node that accepts writes, as far as is known. It may be down.
    pub(crate) primary: usize,
    /// The newest samples of the primary, oldest first.
    pub(crate) recent: Arc<[Sample]>,
}

/// The knowledge about one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeState {
    pub(crate) health: Health,
    /// The number of the connection that answered: none survives a restart, and a restart may set a replica back.
    pub(crate) run: u64,
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
    /// Creates a cluster whose nodes count as up, and of which nothing else can be known: the first
    /// is the primary.
    pub(crate) fn unwatched(nodes: usize) -> Self {
        let node = NodeState {
            health: Health::Up,
            ..NodeState::UNKNOWN
        };
        Self {
            nodes: vec![node; nodes],
            primary: 0,
            recent: Arc::new([]),
        }
    }

    /// Returns whether its nodes have positions at all.
    pub(crate) fn has_positions(&self) -> bool {
        self.position().is_some()
    }

    /// Returns whether `position` lies on the primary's history; `false` if the primary's position is unknown.
    pub(crate) fn shares_history(&self, position: &Position) -> bool {
        self.position().is_some_and(|ours| ours.may_reach(position))
    }

    /// Returns the time, by the system's clock, at which `node` was asked for its last answer.
    pub(crate) fn sent(&self, node: usize) -> Option<Instant> {
        self.nodes.get(node)?.sent
    }

    /// Returns the primary's position.
    pub(crate) fn position(&self) -> Option<&Position> {
        self.nodes.get(self.primary)?.position.as_ref()
    }
}

impl NodeState {
    pub(crate) const UNKNOWN: Self = Self {
        health: Health::Unknown,
        run: 0,
        position: None,
        complete_as_of: None,
        asked: None,
        sent: None,
        problem: None,
        notice: None,
    };

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
