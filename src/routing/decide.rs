//! The routing decision.

use std::time::{Duration, Instant};

use super::balance::{Balance, Chooser};
use super::{Block, Level, Need, Reason};
use crate::cluster::{Health, NodeState, Snapshot, age};
use crate::position::Position;

/// The inputs of a decision.
pub(crate) struct Inputs<'a, L, T> {
    pub(crate) level: Level,
    /// The requirements of a session-level read; `None` outside sessions.
    pub(crate) need: Option<Need>,
    pub(crate) cluster: &'a Snapshot,
    pub(crate) policy: &'a Policy,
    pub(crate) now: Instant,
    /// The present, by the system's clock.
    pub(crate) system_now: Instant,
    /// A replica that must not be chosen, because it has just failed this caller.
    pub(crate) avoid: Option<usize>,
    /// Replicas that lag more than this do not serve this caller; `None` applies the router's limit only.
    pub(crate) max_lag: Option<Duration>,
    /// A random number.
    pub(crate) random: u64,
    /// Connections in use, by node.
    pub(crate) load: L,
    /// Number of replicas chosen in turn so far.
    pub(crate) turn: T,
}

/// The settings of a router that its decisions depend on.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// Lag beyond which a replica serves no reads.
    pub(crate) max_lag: Duration,
    /// Time since its last answer after which a replica serves no reads. It limits the harm of a node that
    /// hangs and holds up its watcher too.
    pub(crate) max_silence: Duration,
    pub(crate) balance: Balance,
    pub(crate) weights: Vec<u32>,
    /// By node, set if it is in the caller's zone; `None` if no node is.
    pub(crate) near: Option<Vec<bool>>,
}

/// A node, and the reason for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) node: usize,
    pub(crate) reason: Reason,
    /// The time, by the system's clock, at which the replica was asked for what the decision relies on; `None`
    /// if it relies on no answer of a replica.
    pub(crate) rests_on: Option<Instant>,
}

impl Decision {
    pub(crate) fn primary(cluster: &Snapshot, reason: Reason) -> Self {
        Self {
            node: cluster.primary,
            reason,
            rests_on: None,
        }
    }

    /// Returns whether the decision holds for a connection that was opened at `opened` and is still open:
    /// its server has not restarted since it gave the answer that the decision relies on.
    pub(crate) fn holds_for(self, opened: Instant) -> bool {
        self.rests_on.is_none_or(|sent| sent > opened)
    }

    /// Returns whether a fresher replica would have changed the decision.
    pub(crate) fn wants_fresher(self) -> bool {
        matches!(
            self.reason,
            Reason::NotCaughtUp | Reason::TooStale | Reason::CapturePending
        )
    }
}

/// Returns the node to use, and the reason. Pure: the same inputs give the same answer.
pub(crate) fn decide<L, T>(inputs: &Inputs<'_, L, T>) -> Decision
where
    L: Fn(usize) -> u32,
    T: Fn() -> usize,
{
    let cluster = inputs.cluster;
    let primary = |reason| Decision::primary(cluster, reason);
    match (inputs.level, &inputs.need) {
        (Level::Write, _) => primary(Reason::Write),
        (Level::Strong, _) => primary(Reason::Strong),
        _ if cluster.nodes.len() == 1 => primary(Reason::NoReplica),
        (Level::Session, None) => primary(Reason::NoSession),
        (Level::Session, Some(need)) => session(inputs, need),
        (Level::Eventual, _) => inputs
            .replica()
            .unwrap_or_else(|| primary(Reason::Fallback)),
        (Level::Bounded(_), _) => inputs
            .replica()
            .unwrap_or_else(|| primary(Reason::TooStale)),
    }
}

fn session<L, T>(inputs: &Inputs<'_, L, T>, need: &Need) -> Decision
where
    L: Fn(usize) -> u32,
    T: Fn() -> usize,
{
    let cluster = inputs.cluster;
    let primary = |reason| Decision::primary(cluster, reason);
    if let Some(block) = need.block {
        return primary(match block {
            Block::RecentWrite => Reason::RecentWrite,
            Block::CapturePending | Block::SeenPending => Reason::CapturePending,
            Block::OldHistory => Reason::OldHistory,
        });
    }
    // A session stays with the replica it has read from: everything it saw there is still there.
    if let Some((home, run)) = need.home {
        let stays = cluster.nodes.get(home).filter(|node| node.run == run);
        if let Some(reason) = stays.and_then(|node| inputs.serves(home, node)) {
            return Decision {
                node: home,
                reason,
                rests_on: cluster.sent(home),
            };
        }
        if !need.may_leave {
            return primary(Reason::CapturePending);
        }
    }
    match inputs.replica() {
        Some(decision) => decision,
        None if inputs
            .pick(|index, node| inputs.is_eligible(index, node))
            .is_some() =>
        {
            primary(Reason::NotCaughtUp)
        }
        None => primary(Reason::Fallback),
    }
}

impl<L: Fn(usize) -> u32, T: Fn() -> usize> Inputs<'_, L, T> {
    /// Returns the reason why this node, as a replica, may serve this caller; `None` if it may not. The one rule,
    /// for decisions and for existing connections.
    pub(crate) fn serves(&self, index: usize, node: &NodeState) -> Option<Reason> {
        let reason = self.reason()?;
        self.qualifies(index, node).then_some(reason)
    }

    /// Returns the reason of whatever replica serves this caller; `None` if none ever does.
    #[inline]
    fn reason(&self) -> Option<Reason> {
        match (self.level, &self.need) {
            (Level::Eventual, _) => Some(Reason::Eventual),
            (Level::Bounded(_), _) => Some(Reason::Bounded),
            (Level::Session, Some(need)) => Some(need.reason()),
            (Level::Session, None) | (Level::Strong | Level::Write, _) => None,
        }
    }

    #[inline]
    fn qualifies(&self, index: usize, node: &NodeState) -> bool {
        self.is_eligible(index, node)
            && match (self.level, &self.need) {
                (Level::Eventual, _) => true,
                (Level::Bounded(bound), _) => node.lag(self.now).is_some_and(|lag| lag <= bound),
                (Level::Session, Some(need)) => need.is_met(index, node),
                (Level::Session, None) | (Level::Strong | Level::Write, _) => false,
            }
    }

    /// Returns a replica that may serve this caller.
    #[inline]
    fn replica(&self) -> Option<Decision> {
        let reason = self.reason()?;
        let node = self.pick(|index, node| self.qualifies(index, node))?;
        let rests_on = match reason {
            Reason::Bounded | Reason::Covered => self.cluster.sent(node),
            // A read of any state relies on no answer of a node.
            _ => None,
        };
        Some(Decision {
            node,
            reason,
            rests_on,
        })
    }

    /// Returns whether a node is a replica that is up and within the lag limit.
    #[inline]
    fn is_eligible(&self, index: usize, node: &NodeState) -> bool {
        index != self.cluster.primary
            && Some(index) != self.avoid
            && node.health == Health::Up
            && node
                .sent
                .is_none_or(|sent| age(sent, self.system_now) <= self.policy.max_silence)
            && match node.lag(self.now) {
                Some(lag) => lag <= self.max_lag.unwrap_or(self.policy.max_lag),
                // If the cluster has positions, a replica whose lag is unknown counts as too far behind.
                None => !self.cluster.has_positions(),
            }
    }

    /// Returns the freshest eligible replica, and the position it still has to reach, if any.
    ///
    /// Of a session's home whose state is not known by a position, only the run that it read from will do: the
    /// decision rests on the node's last answer.
    pub(crate) fn freshest_candidate(&self) -> Option<(Decision, Position)> {
        let need = self.need.as_ref().filter(|need| need.block.is_none())?;
        let nodes = self.cluster.nodes.iter().enumerate();
        let (node, state) = nodes
            .filter(|(index, node)| self.is_eligible(*index, node))
            .filter(|(index, node)| need.may_leave || need.is_home(*index, node))
            .max_by_key(|(_, node)| node.complete_as_of)?;
        let rests_on = if need.may_leave {
            None
        } else {
            Some(state.sent?)
        };
        // The home replica already has everything that the session read from it, so requiring it again is
        // harmless.
        let parts = [&need.wrote, &need.seen, &need.leaving];
        let mut parts = parts.into_iter().flatten();
        let first = parts.next()?.clone();
        let required = parts.try_fold(first, |all, part| all.join(part))?;
        let decision = Decision {
            node,
            reason: Reason::Covered,
            rests_on,
        };
        Some((decision, required))
    }

    /// Returns a node that qualifies, in the caller's zone if there is one.
    fn pick(&self, qualifies: impl Fn(usize, &NodeState) -> bool) -> Option<usize> {
        let eligible = |index: usize| {
            let node = self.cluster.nodes.get(index);
            node.is_some_and(|node| qualifies(index, node))
        };
        let count = self.cluster.nodes.len();
        let chooser = Chooser {
            balance: self.policy.balance,
            weights: &self.policy.weights,
            load: &self.load,
            random: self.random,
            turn: &self.turn,
        };
        let near = self.policy.near.as_ref().and_then(|near| {
            chooser.pick(count, |index| {
                near.get(index).is_some_and(|&near| near) && eligible(index)
            })
        });
        near.or_else(|| chooser.pick(count, eligible))
    }
}

#[cfg(test)]
mod tests;
