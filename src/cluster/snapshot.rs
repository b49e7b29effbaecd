//! What is known of every node, as one immutable value.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::history::{Sample, age};
use crate::position::Position;

/// What is known of the nodes at one moment. Decisions read it; watchers replace it.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) nodes: Vec<NodeState>,
    /// Who takes writes, as far as is known. It may be down.
    pub(crate) primary: usize,
    /// The newest samples of the primary, oldest first.
    pub(crate) recent: Arc<[Sample]>,
}

/// What is known of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NodeState {
    pub(crate) health: Health,
    /// Which connection it said this on: a restart, which none survives, may take a replica back.
    pub(crate) run: u64,
    /// Up to where it has replayed; on the primary, where it is.
    pub(crate) position: Option<Position>,
    /// It has everything that was acknowledged before this instant.
    pub(crate) complete_as_of: Option<Instant>,
    /// When it was asked for what it said last.
    pub(crate) asked: Option<Instant>,
    /// The same, by the system's clock.
    pub(crate) sent: Option<Instant>,
    /// Why it serves nothing, in words.
    pub(crate) problem: Option<Arc<str>>,
    /// What holds it up, or will, in words.
    pub(crate) notice: Option<Arc<str>>,
}

/// Whether a node may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Health {
    /// Nothing is known yet.
    Unknown,
    /// It answers.
    Up,
    /// It does not answer.
    Down,
    /// It answers, and must not be used: another cluster, a second primary.
    Excluded,
}

impl Snapshot {
    /// A cluster whose nodes are taken to be up, and of which nothing else can be known: the first
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

    /// Whether its nodes have positions at all.
    pub(crate) fn has_positions(&self) -> bool {
        self.position().is_some()
    }

    /// Whether `position` lies on the primary's history, as far as is known. Without any, it does not.
    pub(crate) fn shares_history(&self, position: &Position) -> bool {
        self.position().is_some_and(|ours| ours.may_reach(position))
    }

    /// When `node` was asked for what it said last, by the system's clock.
    pub(crate) fn sent(&self, node: usize) -> Option<Instant> {
        self.nodes.get(node)?.sent
    }

    /// Where the primary is.
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

    /// How far it lags at most, if that is known.
    pub(crate) fn lag(&self, now: Instant) -> Option<Duration> {
        self.complete_as_of.map(|at| age(at, now))
    }

    /// Whether it is known to have everything up to `required`.
    pub(crate) fn covers(&self, required: Option<&Position>) -> bool {
        required.is_none_or(|required| {
            self.position
                .as_ref()
                .is_some_and(|position| position.covers(required))
        })
    }
}
