//! Nodes that are preferred: those with the tag that is asked for, and the primary for its share.

use super::{Decision, Inputs};
use crate::cluster::{Health, NodeState};
use crate::routing::{Delay, Level, Reason, Wanted};

impl<L, T, D, S> Inputs<'_, L, T, D, S>
where
    L: Fn(usize) -> u32,
    T: Fn() -> usize,
    D: Fn(usize) -> Delay,
    S: Fn(usize) -> bool,
{
    /// Returns whether the primary serves this caller, whom a replica may serve: it belongs to the primary's share, and
    /// the primary answers.
    pub(super) fn is_primarys_share(&self) -> bool {
        let primary = self.cluster.primary;
        let node = self.cluster.nodes.get(primary);
        self.on.is_none()
            && self.policy.primary_share.is_drawn(self.lot)
            && self.cluster.has_primary
            && self.avoid != Some(primary)
            && node.is_some_and(|node| node.health == Health::Up)
            && !(self.is_silent)(primary)
    }

    /// Returns whether a node is outside the caller's zone, if any node is inside.
    pub(super) fn is_afar(&self, index: usize) -> bool {
        self.policy.near.is_some() && self.policy.is_afar(index)
    }

    /// Returns whether a replica may be taken, as far as its place and the switch are concerned.
    #[cold]
    pub(super) fn may_take(&self, index: usize) -> bool {
        self.kept.is_none()
            && Some(index) != self.avoid
            && self.policy.tags.admit(self.on, index)
            // What was seen there may be more than it tells of itself.
            && (self.level != Level::Session || !self.policy.is_logical(index))
    }

    /// Returns the reason for the primary where no replica may serve this caller: that there is none, if all are reserved for
    /// others, for then none was lost.
    pub(super) fn without_replica(&self) -> Reason {
        let primary = usize::from(!self.policy.tags.is_reserved(self.cluster.primary));
        if self.on.is_none() && self.policy.unreserved <= primary {
            Reason::NoReplica
        } else {
            Reason::Fallback
        }
    }

    /// Returns a replica with the tag that may serve this caller.
    pub(super) fn tagged(&self, on: Wanted<'_>) -> Option<Decision> {
        let reason = self.reason()?;
        let node = self.pick_tagged(on, |index, node| self.qualifies(index, node))?;
        Some(self.at(node, reason))
    }

    /// Returns a node that qualifies and has the tag, in the caller's zone if there is one. Of a large cluster, it looks at
    /// all nodes if few have the tag: a read that is limited to them must find the one that qualifies.
    pub(super) fn pick_tagged(
        &self,
        on: Wanted<'_>,
        qualifies: impl Fn(usize, &NodeState) -> bool,
    ) -> Option<usize> {
        let fits = |index: usize| {
            let node = self.cluster.nodes.get(index);
            on.has(index) && node.is_some_and(|node| qualifies(index, node))
        };
        let chooser = self.chooser(self.policy.balance);
        let nodes = self.cluster.nodes.len();
        let near = self.policy.near.as_ref();
        near.and_then(|near| {
            let is_near = |index: usize| near.get(index).is_some_and(|&near| near);
            chooser.pick(nodes, |index| is_near(index) && fits(index))
        })
        .or_else(|| chooser.pick(nodes, fits))
    }
}
