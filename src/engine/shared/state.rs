//! `State`: what decisions read.

use std::ops::Deref;
use std::sync::Arc;

use crate::cluster::{Members, Snapshot};
use crate::engine::Live;
use crate::protection::{Strain, WindowStatus};
use crate::routing::Policy;

/// The state that decisions read: one value, so that indices mean the same in all of it. Never changed, but replaced.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) cluster: Snapshot,
    /// The nodes that there are, by index.
    pub(crate) members: Arc<Members>,
    /// The bounds of decisions, by index where they are about nodes.
    pub(crate) policy: Arc<Policy>,
    /// The settings that may change.
    pub(crate) live: Arc<Live>,
    /// The time for which reads go to the primary after a write at an unknown position, by these settings and the lags seen.
    pub(crate) window: WindowStatus,
    /// The strain on the primary.
    pub(crate) strain: Strain,
}

impl State {
    /// Returns the primary, if that is too strained to have a share of what replicas may serve.
    #[inline]
    pub(crate) fn strained_primary(&self) -> Option<usize> {
        (self.strain != Strain::Normal).then_some(self.cluster.primary)
    }

    /// Returns the name of the node with this index, as far as there is one.
    pub(crate) fn name(&self, node: usize) -> &str {
        self.members.get(node).map_or("?", |member| &member.name)
    }

    /// Returns the replicas and their health, in words.
    pub(crate) fn replicas(&self) -> String {
        let replicas = self.nodes.iter().enumerate();
        let replicas: Vec<_> = replicas
            .filter(|(index, node)| node.serial != 0 && !self.is_led_by_node(*index))
            .map(|(index, node)| {
                let is_reserved = self.policy.tags.is_reserved(index);
                let reserved = if is_reserved { ", for its tags" } else { "" };
                format!("`{}` is {}{reserved}", self.name(index), node.health)
            })
            .collect();
        replicas.join(", ")
    }
}

impl Deref for State {
    type Target = Snapshot;

    #[inline]
    fn deref(&self) -> &Snapshot {
        &self.cluster
    }
}
