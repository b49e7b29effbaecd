//! Exposes the decision to the project's own benches: `decide` is not public.

use std::time::{Duration, Instant};

use super::balance::Balance;
use super::decide::{Inputs, Policy, decide};
use super::level::Level;
use super::need::Need;
use crate::cluster::{Health, NodeState, ServerId, Snapshot};
use crate::position::{Lsn, PgPosition, Position};

/// A cluster to decide about.
#[derive(Debug)]
pub struct Decider {
    cluster: Snapshot,
    policy: Policy,
    now: Instant,
    random: u64,
}

impl Decider {
    /// Creates a cluster of a primary and `replicas` replicas, all up and caught up.
    #[must_use]
    pub fn new(replicas: u32) -> Self {
        let now = Instant::now();
        let state = NodeState {
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
            cluster: Snapshot {
                nodes: vec![state; nodes],
                primary: 0,
                recent: [].into(),
            },
            policy: Policy {
                max_lag: Duration::from_secs(60),
                max_silence: Duration::from_secs(2),
                balance: Balance::default(),
                weights: vec![1; nodes],
                near: None,
            },
            now,
            random: 0,
        }
    }

    /// Returns the node for an eventual read.
    pub fn eventual(&mut self) -> usize {
        self.decide(Level::Eventual, None)
    }

    /// Returns the node for a read that may be stale by one second.
    pub fn bounded(&mut self) -> usize {
        self.decide(Level::Bounded(Duration::from_secs(1)), None)
    }

    /// Returns the node for the read of a session whose writes all replicas have.
    pub fn session(&mut self) -> usize {
        let need = Need {
            wrote: Some(at(90)),
            may_leave: true,
            ..Need::default()
        };
        self.decide(Level::Session, Some(need))
    }

    fn decide(&mut self, level: Level, need: Option<Need>) -> usize {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        decide(&Inputs {
            level,
            need,
            cluster: &self.cluster,
            policy: &self.policy,
            now: self.now,
            system_now: self.now,
            avoid: None,
            delay: |_| Duration::ZERO,
            may_try: true,
            is_silent: |_| false,
            max_lag: None,
            random: self.random,
            load: |_| 0,
            turn: || 0,
        })
        .node
    }
}

fn at(lsn: u64) -> Position {
    Position::Postgres(PgPosition::new(1, 1, Lsn(lsn)))
}
