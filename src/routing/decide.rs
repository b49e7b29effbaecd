//! The routing decision.

mod candidates;
mod decision;
mod preferred;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::balance::{Balance, Chooser, Replicas};
use super::{
    Block, Delay, HomeServer, Level, Need, Otherwise, PeakEwma, Reason, Share, Tags, Wanted,
};
pub(crate) use decision::{Basis, Decision};

use crate::cluster::{Health, NodeState, Order, Snapshot, age};

/// The inputs of a decision.
pub(crate) struct Inputs<'a, L, T, D, S> {
    pub(crate) level: Level,
    /// The lag that a replica must be known not to exceed: that of a bounded read, and of others that are bounded as well.
    pub(crate) bound: Option<Duration>,
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
    /// The replicas that are asked for; `None` for any.
    pub(crate) on: Option<Wanted<'a>>,
    /// The reason why no replica may serve this caller, if the switch or the share keeps it from them.
    pub(crate) kept: Option<Reason>,
    /// Set if not every replica may be taken: one is to be avoided, or some are asked for or reserved, or none may. One
    /// test for each node instead of four.
    pub(crate) is_limited: bool,
    /// A random number.
    pub(crate) random: u64,
    /// The random number that says whether this caller belongs to the primary's share: the same for all of a session.
    pub(crate) lot: u64,
    /// Connections in use, by node.
    pub(crate) load: L,
    /// Number of replicas chosen in turn so far.
    pub(crate) turn: T,
    /// The time that a node takes to catch up, as far as it was seen to.
    pub(crate) delay: D,
    /// Set if a replica may be tried that is likely to serve, but not known to: its connection says so itself.
    pub(crate) may_try: bool,
    /// Whether a node owes its watcher an answer for too long.
    pub(crate) is_silent: S,
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
    /// The times that nodes take to answer, by node, where they are measured.
    pub(crate) latencies: Vec<Option<Arc<PeakEwma>>>,
    /// The primary's share of the reads that a replica may serve.
    pub(crate) primary_share: Share,
    pub(crate) tags: Tags,
    /// The number of nodes that are not reserved for the reads that ask for them.
    pub(crate) unreserved: usize,
    /// By node, set if it is a logical subscriber; empty if none is.
    pub(crate) logical: Vec<bool>,
    /// By node, set if it is in the caller's zone; `None` if no node is.
    pub(crate) near: Option<Vec<bool>>,
}

impl Policy {
    /// Returns whether a node is a logical subscriber.
    pub(crate) fn is_logical(&self, node: usize) -> bool {
        self.logical.get(node).is_some_and(|&is_logical| is_logical)
    }

    /// Returns whether a node is outside the caller's zone, if the caller has one.
    pub(crate) fn is_afar(&self, node: usize) -> bool {
        let near = self.near.as_ref();
        near.is_none_or(|near| near.get(node).is_none_or(|is_near| !is_near))
    }
}

/// Returns the node to use, and the reason. Pure: the same inputs give the same answer.
pub(crate) fn decide<L, T, D, S>(inputs: &Inputs<'_, L, T, D, S>) -> Decision
where
    L: Fn(usize) -> u32,
    T: Fn() -> usize,
    D: Fn(usize) -> Delay,
    S: Fn(usize) -> bool,
{
    // A decision is large: it is returned where it is made.
    if inputs.policy.primary_share == Share::NONE {
        return by_level(inputs);
    }
    let decision = by_level(inputs);
    if !decision.reason.is_for_primary() && inputs.is_primarys_share() {
        return Decision::primary(inputs.cluster, Reason::PrimaryShare);
    }
    decision
}

#[inline]
fn by_level<L, T, D, S>(inputs: &Inputs<'_, L, T, D, S>) -> Decision
where
    L: Fn(usize) -> u32,
    T: Fn() -> usize,
    D: Fn(usize) -> Delay,
    S: Fn(usize) -> bool,
{
    let cluster = inputs.cluster;
    let primary = |reason| Decision::primary(cluster, reason);
    match (inputs.level, inputs.kept, &inputs.need) {
        (Level::Write, ..) => primary(Reason::Write),
        (Level::Strong, ..) => primary(Reason::Strong),
        (_, Some(reason), _) => primary(reason),
        _ if cluster.is_alone => primary(Reason::NoReplica),
        (Level::Session, _, None) => primary(Reason::NoSession),
        (Level::Session, _, Some(need)) => session(inputs, need),
        (Level::Eventual, ..) => inputs
            .replica()
            .unwrap_or_else(|| primary(inputs.without_replica())),
        (Level::Bounded(_), ..) => inputs
            .replica()
            .unwrap_or_else(|| primary(Reason::TooStale)),
    }
}

fn session<L, T, D, S>(inputs: &Inputs<'_, L, T, D, S>, need: &Need) -> Decision
where
    L: Fn(usize) -> u32,
    T: Fn() -> usize,
    D: Fn(usize) -> Delay,
    S: Fn(usize) -> bool,
{
    let cluster = inputs.cluster;
    let primary = |reason| Decision::primary(cluster, reason);
    if let Some(block) = need.block {
        return primary(match block {
            Block::RecentWrite => Reason::RecentWrite,
            Block::StateUnknown => Reason::StateUnknown,
            Block::CapturePending | Block::SeenPending => Reason::CapturePending,
            Block::OldHistory => Reason::OldHistory,
        });
    }
    if let Some(on) = inputs.on
        && need.home.is_none_or(|home| !on.has(home.node))
        && let Some(decision) = inputs.tagged(on)
    {
        return decision;
    }
    // A session stays with the replica it has read from: everything it saw there is still there.
    if let Some(home) = &need.home
        && let Some(decision) = inputs.at_home(need, home)
    {
        return decision;
    }
    if let Some(decision) = inputs.replica() {
        return decision;
    }
    if !need.may_leave {
        return primary(Reason::CapturePending);
    }
    if let Some(decision) = inputs.likely(need) {
        return decision;
    }
    primary(if inputs.has(Inputs::is_eligible) {
        Reason::NotCaughtUp
    } else if inputs.bound.is_some() && inputs.has(Inputs::is_usable) {
        Reason::TooStale
    } else {
        inputs.without_replica()
    })
}

impl<L, T, D, S> Inputs<'_, L, T, D, S>
where
    L: Fn(usize) -> u32,
    T: Fn() -> usize,
    D: Fn(usize) -> Delay,
    S: Fn(usize) -> bool,
{
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
                (Level::Eventual | Level::Bounded(_), _) => true,
                (Level::Session, Some(need)) => need.is_met(node),
                (Level::Session, None) | (Level::Strong | Level::Write, _) => false,
            }
    }

    /// Returns a replica that may serve this caller.
    #[inline]
    fn replica(&self) -> Option<Decision> {
        let reason = self.reason()?;
        let node = self.pick(
            |index, node| self.qualifies(index, node),
            |order| match self.level {
                Level::Session => &order.by_position,
                _ => &order.by_freshness,
            },
        )?;
        Some(self.at(node, reason))
    }

    /// Returns the decision for a node that may serve this caller, for this reason.
    #[inline]
    fn at(&self, node: usize, reason: Reason) -> Decision {
        let state = self.cluster.nodes.get(node);
        let said = state.and_then(|state| Some((state.server?, state.sent?)));
        let basis = match said {
            None if !self.cluster.knows_positions() => Basis::Nothing,
            None => Basis::Itself,
            Some((server, sent)) => match reason {
                // A read of any state relies on no answer; one that must not go back, on the last.
                Reason::Eventual => Basis::Server(server),
                // A bound was met by the last answer alone.
                Reason::NothingToCatchUp if !self.has_home() && self.bound.is_none() => {
                    Basis::Server(server)
                }
                _ => Basis::Answer { server, sent },
            },
        };
        Decision {
            node,
            reason,
            basis,
            version: self.version(),
            serial: state.map_or(0, |state| state.serial),
            refusal: None,
        }
    }

    fn has_home(&self) -> bool {
        self.need.as_ref().is_some_and(|need| need.home.is_some())
    }

    /// Returns the decision for the replica that the session last read from, if that may serve it; or may be tried,
    /// because the node's name leads to several servers.
    fn at_home(&self, need: &Need, home: &HomeServer) -> Option<Decision> {
        let node = self.cluster.nodes.get(home.node)?;
        if need.is_home(node) {
            let reason = self.serves(home.node, node)?;
            return Some(self.at(home.node, reason));
        }
        let is_another = node.server != Some(home.server);
        let may_try = self.tries() && is_another && self.is_eligible(home.node, node);
        may_try.then(|| self.itself(home.node, need))
    }

    /// Returns a replica that is not known to have what the session needs, but likely to: in the caller's zone if there is one,
    /// for a try elsewhere that is in vain costs more than the primary would.
    fn likely(&self, need: &Need) -> Option<Decision> {
        if !self.tries() {
            return None;
        }
        let passed = age(need.since?, self.now);
        let node = self.pick(
            |index, node| {
                self.is_eligible(index, node)
                    && !self.is_afar(index)
                    && (self.delay)(index).allows(passed, self.random)
            },
            |order| &order.by_freshness,
        )?;
        Some(self.itself(node, need))
    }

    /// Returns whether a replica may be tried that is not known to serve.
    fn tries(&self) -> bool {
        self.may_try && self.cluster.has_positions()
    }

    fn itself(&self, node: usize, need: &Need) -> Decision {
        Decision {
            node,
            reason: need.reason(),
            basis: Basis::Itself,
            version: self.version(),
            serial: self.cluster.serial(node),
            refusal: None,
        }
    }

    /// Returns the version of the session's requirements.
    pub(crate) fn version(&self) -> Option<u64> {
        self.need.as_ref().map(|need| need.version)
    }

    /// Returns whether a node is a replica that is up, within the router's lag limit, and within the caller's bound.
    #[inline]
    fn is_eligible(&self, index: usize, node: &NodeState) -> bool {
        let is_within = |bound| node.lag(self.now).is_some_and(|lag| lag <= bound);
        self.is_usable(index, node) && self.bound.is_none_or(is_within)
    }

    /// Returns whether a node is a replica that is up and within the router's lag limit.
    #[inline]
    fn is_usable(&self, index: usize, node: &NodeState) -> bool {
        !self.cluster.is_led_by_node(index)
            && (!self.is_limited || self.may_take(index))
            && node.health == Health::Up
            && !(self.is_silent)(index)
            && node
                .sent
                .is_none_or(|sent| age(sent, self.system_now) <= self.policy.max_silence)
            && match node.lag(self.now) {
                Some(lag) => lag <= self.max_lag.unwrap_or(self.policy.max_lag),
                // If the cluster has positions, a replica whose lag is unknown counts as too far behind. Without a
                // primary, lag is unknown.
                None => !self.cluster.has_primary || !self.cluster.has_positions(),
            }
    }

    /// Returns whether some node is of this kind. In a large cluster it may miss a few.
    fn has(&self, kind: impl Fn(&Self, usize, &NodeState) -> bool) -> bool {
        let eligible = |index: usize| {
            let node = self.cluster.nodes.get(index);
            node.is_some_and(|node| kind(self, index, node))
        };
        let nodes = self.cluster.nodes.len();
        let Some(order) = &self.cluster.order else {
            return (0..nodes).any(eligible);
        };
        let replicas = Replicas {
            order: &order.by_freshness,
            nodes,
        };
        self.chooser(Balance::Random)
            .pick_among(replicas, None::<&fn(usize) -> bool>, eligible)
            .is_some()
    }

    /// Returns a node that qualifies, with the tag that is asked for if there is one, and in the caller's zone if there is
    /// one.
    ///
    /// In a cluster of more than 64 nodes, it may find none although a few qualify. It finds one if one of the first four
    /// does in the `order`.
    fn pick(
        &self,
        qualifies: impl Fn(usize, &NodeState) -> bool,
        order: impl FnOnce(&Order) -> &[u32],
    ) -> Option<usize> {
        if let Some(on) = self.on {
            let found = self.pick_tagged(on, &qualifies);
            if found.is_some() || on.otherwise != Otherwise::AnyReplica {
                return found;
            }
        }
        let eligible = |index: usize| {
            let node = self.cluster.nodes.get(index);
            node.is_some_and(|node| qualifies(index, node))
        };
        let near = self.policy.near.as_ref();
        let near = near.map(|near| |index: usize| near.get(index).is_some_and(|&near| near));
        let chooser = self.chooser(self.policy.balance);
        let nodes = self.cluster.nodes.len();
        if let Some(all) = &self.cluster.order {
            let order = order(all);
            return chooser.pick_among(Replicas { order, nodes }, near.as_ref(), eligible);
        }
        near.and_then(|near| chooser.pick(nodes, |index| near(index) && eligible(index)))
            .or_else(|| chooser.pick(nodes, eligible))
    }

    fn chooser(&self, balance: Balance) -> Chooser<'_, &L, &T> {
        Chooser {
            balance,
            weights: &self.policy.weights,
            latencies: &self.policy.latencies,
            now: self.system_now,
            load: &self.load,
            random: self.random,
            turn: &self.turn,
        }
    }
}

#[cfg(test)]
mod tests;
