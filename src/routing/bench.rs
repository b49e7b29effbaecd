//! Exposes the decision to the project's own benches: `decide` is not public.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::balance::Balance;
use super::decide::{Inputs, Policy, decide};
use super::delay::Delay;
use super::level::Level;
use super::need::Need;
use super::{PeakEwma, Share, Tags};
use crate::cluster::{Health, NodeState, ServerId, Snapshot};
use crate::position::{Lsn, MySqlPosition, PgPosition, Position};

/// A cluster to decide about.
#[derive(Debug)]
pub struct Decider {
    cluster: Snapshot,
    policy: Policy,
    now: Instant,
    random: u64,
    is_silent: bool,
    /// Makes a position.
    at: fn(u64) -> Position,
    /// The position of what a session has written.
    wrote: Position,
}

const SECOND: Duration = Duration::from_secs(1);

impl Decider {
    /// Creates a cluster of a primary and `replicas` replicas, all up and caught up.
    #[must_use]
    pub fn new(replicas: u32) -> Self {
        Self::with_positions(replicas, lsn)
    }

    /// Creates a cluster whose positions are sets of GTIDs.
    #[must_use]
    pub fn with_gtids(replicas: u32) -> Self {
        Self::with_positions(replicas, gtids)
    }

    fn with_positions(replicas: u32, at: fn(u64) -> Position) -> Self {
        let now = Instant::now();
        let state = NodeState {
            serial: 0,
            notice: None,
            health: Health::Up,
            server: Some(ServerId::numbered(1)),
            opened: Some(now),
            position: Some(at(100)),
            complete_as_of: Some(now),
            asked: Some(now),
            sent: Some(now),
            problem: None,
        };
        let nodes = usize::try_from(replicas).unwrap_or(usize::MAX - 1) + 1;
        Self {
            cluster: Snapshot::new(vec![state; nodes], 0, [].into()),
            policy: Policy {
                max_lag: 60 * SECOND,
                max_silence: 2 * SECOND,
                balance: Balance::default(),
                weights: vec![1; nodes],
                latencies: Vec::new(),
                primary_share: Share::NONE,
                tags: Tags::default(),
                unreserved: nodes,
                logical: Vec::new(),
                near: None,
            },
            // Times before this one stay in the clock's range.
            now: now + 30 * SECOND,
            random: 0,
            is_silent: false,
            at,
            wrote: at(90),
        }
        .caught_up(replicas)
    }

    /// Sets the number of replicas that have caught up, the last ones; the others lag half a minute.
    #[must_use]
    pub fn caught_up(mut self, replicas: u32) -> Self {
        let (ahead, behind) = ((self.at)(100), (self.at)(50));
        let mut nodes = std::mem::take(&mut self.cluster.nodes);
        let count = nodes.len();
        for (index, node) in nodes.iter_mut().enumerate() {
            let is_ahead =
                index == 0 || count - index <= usize::try_from(replicas).unwrap_or(count);
            node.position = Some(if is_ahead {
                ahead.clone()
            } else {
                behind.clone()
            });
            node.sent = Some(self.now);
            node.complete_as_of = if is_ahead {
                Some(self.now)
            } else {
                self.now.checked_sub(30 * SECOND)
            };
        }
        self.cluster = Snapshot::new(nodes, 0, [].into());
        self
    }

    /// Sets that few replicas have caught up: one of three, five of a thousand.
    #[must_use]
    pub fn few_caught_up(self) -> Self {
        let few = if self.cluster.nodes.len() > 100 { 5 } else { 1 };
        self.caught_up(few)
    }

    /// Sets that no replica has answered for too long, though all are known to have caught up.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.is_silent = true;
        self
    }

    /// Sets how replicas are chosen.
    #[must_use]
    pub fn balance(mut self, balance: Balance) -> Self {
        self.policy.balance = balance;
        if balance == Balance::Latency {
            let start = self.cluster.nodes.first().and_then(|node| node.opened);
            let start = start.unwrap_or(self.now);
            let node = |index: u64| {
                let latency = PeakEwma::new(10 * SECOND, start);
                latency.observe(Duration::from_micros(100 + index % 7), self.now);
                Some(Arc::new(latency))
            };
            let nodes = u64::try_from(self.cluster.nodes.len()).unwrap_or_default();
            self.policy.latencies = (0..nodes).map(node).collect();
        }
        self
    }

    /// Sets that every third node is in the caller's zone.
    #[must_use]
    pub fn with_zones(mut self) -> Self {
        let nodes = 0..self.cluster.nodes.len();
        self.policy.near = Some(nodes.map(|index| index % 3 == 1).collect());
        self
    }

    /// Returns the node for an eventual read that no replica serves that lags more than ten seconds.
    pub fn eventual(&mut self) -> usize {
        self.decide(Level::Eventual, None)
    }

    /// Returns the node for a read that may be stale by one second.
    pub fn bounded(&mut self) -> usize {
        self.decide(Level::Bounded(SECOND), None)
    }

    /// Returns the node for the read of a session that has just written, what the replicas have that caught up.
    pub fn session(&mut self) -> usize {
        let need = Need {
            wrote: Some(self.wrote.clone()),
            may_leave: true,
            since: Some(self.now),
            ..Need::default()
        };
        self.decide(Level::Session, Some(need))
    }

    fn decide(&mut self, level: Level, need: Option<Need>) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let random = self.random;
        decide(&Inputs {
            level,
            bound: level.bound(),
            need,
            cluster: &self.cluster,
            policy: &self.policy,
            now: self.now,
            system_now: self.now,
            avoid: None,
            on: None,
            kept: None,
            is_limited: false,
            lot: random,
            // No replica is likely to have caught up, so all ways to find one are tried.
            delay: |_| Delay {
                time: SECOND,
                odds: u32::MAX,
            },
            may_try: true,
            is_silent: |_| self.is_silent,
            max_lag: (level == Level::Eventual).then_some(10 * SECOND),
            random,
            load: |_| 0,
            turn: || usize::try_from(random >> 32).unwrap_or_default(),
        })
        .node
    }
}

fn lsn(lsn: u64) -> Position {
    PgPosition::new(1, 1, Lsn(lsn)).into()
}

/// Returns the GTIDs of three servers, all but one of which write no more.
fn gtids(last: u64) -> Position {
    let server = |number: u64| format!("00000000-0000-0000-0000-{number:012}");
    let set = format!(
        "{}:1-70,{}:1-80,{}:1-{last}",
        server(1),
        server(2),
        server(3)
    );
    let set: MySqlPosition = set.parse().expect("it is a set of GTIDs");
    set.into()
}
