//! The decision.

use std::time::{Duration, Instant};

use super::balance::{Balance, pick};
use super::{Block, Need, Reason};
use crate::cluster::{Health, NodeState, Snapshot};

/// How fresh a read must be, or that it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Any state, however old.
    Eventual,
    /// A state that has everything acknowledged before this long ago.
    Bounded(Duration),
    /// What the session wrote, and never less than it has seen.
    Session,
    /// The primary's present state.
    Strong,
    /// A write.
    Write,
}

/// What a decision depends on.
pub(crate) struct Inputs<'a> {
    pub(crate) level: Level,
    /// What a session-level read must see; `None` outside sessions.
    pub(crate) need: Option<Need>,
    pub(crate) cluster: &'a Snapshot,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Instant,
    /// A random number.
    pub(crate) random: u64,
    /// Connections out, by node.
    pub(crate) load: &'a dyn Fn(usize) -> u32,
}

/// What a router's user decides.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// Replicas that may lag more than this serve nothing.
    pub(crate) max_lag: Duration,
    pub(crate) balance: Balance,
}

/// Where to go, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) node: usize,
    pub(crate) reason: Reason,
}

impl Decision {
    /// Whether a fresher replica would have made it another.
    pub(crate) fn wants_fresher(self) -> bool {
        matches!(
            self.reason,
            Reason::NotCaughtUp | Reason::TooStale | Reason::CapturePending
        )
    }
}

/// The node to use, and the reason. Pure: the same inputs give the same answer.
pub(crate) fn decide(inputs: &Inputs<'_>) -> Decision {
    let cluster = inputs.cluster;
    let primary = |reason| Decision {
        node: cluster.primary,
        reason,
    };
    match (inputs.level, inputs.need) {
        (Level::Write, _) => primary(Reason::Write),
        (Level::Strong, _) => primary(Reason::Strong),
        _ if cluster.nodes.len() == 1 => primary(Reason::NoReplica),
        (Level::Session, None) => primary(Reason::NoSession),
        (Level::Session, Some(need)) => session(inputs, &need),
        (Level::Eventual, _) => match inputs.pick(|_, _| true) {
            Some(node) => Decision {
                node,
                reason: Reason::Eventual,
            },
            None => primary(Reason::Fallback),
        },
        (Level::Bounded(bound), _) => {
            let fresh = |_, node: &NodeState| node.lag(inputs.now).is_some_and(|lag| lag <= bound);
            match inputs.pick(fresh) {
                Some(node) => Decision {
                    node,
                    reason: Reason::Bounded,
                },
                None => primary(Reason::TooStale),
            }
        }
    }
}

fn session(inputs: &Inputs<'_>, need: &Need) -> Decision {
    let cluster = inputs.cluster;
    let primary = |reason| Decision {
        node: cluster.primary,
        reason,
    };
    if let Some(block) = need.block {
        return primary(match block {
            Block::RecentWrite => Reason::RecentWrite,
            Block::CapturePending | Block::SeenPending => Reason::CapturePending,
            Block::OldHistory => Reason::OldHistory,
        });
    }
    let has_all =
        |node: &NodeState| node.covers(need.wrote.as_ref()) && node.covers(need.seen.as_ref());
    // A session stays where it has read: whatever it saw there, it sees again.
    if let Some((home, incarnation)) = need.home {
        let node = cluster.nodes.get(home);
        let stays = node.is_some_and(|node| {
            home != cluster.primary
                && node.incarnation == incarnation
                && inputs.serves(home, node)
                && has_all(node)
        });
        if stays {
            let reason = need.reason();
            return Decision { node: home, reason };
        }
        if !need.may_leave && cluster.nodes.get(cluster.primary).is_some() {
            return primary(Reason::CapturePending);
        }
    }
    match inputs.pick(|_, node| has_all(node) && node.covers(need.leaving.as_ref())) {
        Some(node) => Decision {
            node,
            reason: need.reason(),
        },
        None if inputs.pick(|_, _| true).is_some() => primary(Reason::NotCaughtUp),
        None => primary(Reason::Fallback),
    }
}

impl Inputs<'_> {
    /// Whether a replica is up and within the lag limit.
    fn serves(&self, index: usize, node: &NodeState) -> bool {
        index != self.cluster.primary
            && node.health == Health::Up
            && match node.lag(self.now) {
                Some(lag) => lag <= self.policy.max_lag,
                // Where positions are known, one that cannot be placed is too far behind.
                None => !self.cluster.has_positions(),
            }
    }

    fn pick(&self, also: impl Fn(usize, &NodeState) -> bool) -> Option<usize> {
        let eligible = |index: usize| {
            let node = &self.cluster.nodes[index];
            self.serves(index, node) && also(index, node)
        };
        pick(
            self.policy.balance,
            self.cluster.nodes.len(),
            eligible,
            self.load,
            self.random,
        )
    }
}
