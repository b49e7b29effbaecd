//! What a session's read needs.

use super::Reason;
use crate::cluster::NodeState;
use crate::position::Position;

/// What a node must have, to serve a session-level read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Need {
    /// Only the primary will do.
    pub(crate) block: Option<Block>,
    /// What the session wrote.
    pub(crate) wrote: Option<Position>,
    /// What it has seen elsewhere than at home.
    pub(crate) seen: Option<Position>,
    /// The node, and the run of it, that it read from last.
    pub(crate) home: Option<(usize, u64)>,
    /// Whether it is known what it has seen at home; if not, only home and the primary have it.
    pub(crate) may_leave: bool,
    /// What another node than home must have.
    pub(crate) leaving: Option<Position>,
}

impl Need {
    /// Returns whether a node has all of it.
    pub(crate) fn is_met(&self, index: usize, node: &NodeState) -> bool {
        self.block.is_none()
            && node.covers(self.wrote.as_ref())
            && node.covers(self.seen.as_ref())
            && (self.is_home(index, node) || self.may_leave && node.covers(self.leaving.as_ref()))
    }

    /// Returns whether this is the node, in the run of it, that the session read from last.
    pub(crate) fn is_home(&self, index: usize, node: &NodeState) -> bool {
        self.home == Some((index, node.run))
    }

    /// Why a replica that has it all serves the read.
    pub(crate) fn reason(&self) -> Reason {
        if self.wrote.is_some() || self.seen.is_some() || self.leaving.is_some() {
            Reason::Covered
        } else {
            Reason::NothingToCatchUp
        }
    }
}

/// Why only the primary will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// A write within the window, of which no position is or will be known.
    RecentWrite,
    /// A commit whose position is not known yet.
    CapturePending,
    /// A write or a read within the window, on the history before a failover.
    OldHistory,
    /// A read whose position is not known yet.
    SeenPending,
}
