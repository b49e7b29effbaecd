//! The settings that may change while a router runs.

use std::time::Duration;

use super::{Breaker, Window};
use crate::consistency::Class;
use crate::routing::{Balancing, Mode, ReplicaShare};

/// The settings that may change while a router runs. Part of what decisions read, and replaced as a whole: no decision mixes two.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    /// How long reads go to the primary after a write at an unknown position.
    pub(crate) window: Window,
    /// What protects the primary from reads; `None` if nothing does.
    pub(crate) breaker: Option<Breaker>,
    /// The lag past which a replica serves nothing.
    pub(crate) max_lag: Duration,
    /// The longest wait of reads for a fresher replica.
    pub(crate) wait: Duration,
    pub(crate) balance: Balancing,
    /// What of the routing is in force.
    pub(crate) mode: Mode,
    /// The share of sessions that may use replicas; classes may have less.
    pub(crate) replica_share: ReplicaShare,
    pub(crate) classes: Vec<(String, Class)>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            window: Window::default(),
            breaker: None,
            max_lag: Duration::from_secs(60),
            wait: Duration::ZERO,
            balance: Balancing::default(),
            mode: Mode::default(),
            replica_share: ReplicaShare::ALL,
            classes: Vec::new(),
        }
    }
}

impl Live {
    /// Returns the classes that have less than all sessions, with their shares in percent.
    pub(crate) fn class_shares(&self) -> Vec<(String, u8)> {
        let shares = self
            .classes
            .iter()
            .map(|(name, class)| (name, class.share()));
        let less = shares.filter(|(_, share)| *share < ReplicaShare::ALL);
        less.map(|(name, share)| (name.clone(), share.percent()))
            .collect()
    }

    /// Returns what is in force of the class with this name.
    pub(crate) fn class(&self, name: &str) -> Option<Class> {
        let class = self.classes.iter().find(|(known, _)| known == name);
        class.map(|(_, class)| class.under(self.mode))
    }
}
