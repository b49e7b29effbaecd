//! The requirements of a session's read.

use super::Reason;
use crate::cluster::NodeState;
use crate::position::Position;

/// The requirements on a node that is to serve a session-level read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Need {
    /// Set if only the primary will do.
    pub(crate) block: Option<Block>,
    /// The position of what the session wrote.
    pub(crate) wrote: Option<Position>,
    /// The position of what it has seen on nodes other than its home.
    pub(crate) seen: Option<Position>,
    /// The node, and the run of it, that it last read from: its home.
    pub(crate) home: Option<(usize, u64)>,
    /// Set if the position of what it saw at home is known; otherwise only home and the primary have it.
    pub(crate) may_leave: bool,
    /// The additional position that a node other than home must have.
    pub(crate) leaving: Option<Position>,
}

impl Need {
    /// Returns whether a node meets all requirements.
    #[inline]
    pub(crate) fn is_met(&self, index: usize, node: &NodeState) -> bool {
        self.block.is_none()
            && node.covers(self.wrote.as_ref())
            && node.covers(self.seen.as_ref())
            && (self.is_home(index, node) || self.may_leave && node.covers(self.leaving.as_ref()))
    }

    /// Returns whether this is the node, in the run of it, that the session last read from.
    #[inline]
    pub(crate) fn is_home(&self, index: usize, node: &NodeState) -> bool {
        self.home == Some((index, node.run))
    }

    /// Returns the reason for choosing a replica that meets all requirements.
    pub(crate) fn reason(&self) -> Reason {
        if self.wrote.is_some() || self.seen.is_some() || self.leaving.is_some() {
            Reason::Covered
        } else {
            Reason::NothingToCatchUp
        }
    }
}

/// A reason why only the primary will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// A write within the window whose position is not known and will not be.
    RecentWrite,
    /// A commit whose position is not known yet.
    CapturePending,
    /// A write or a read within the window that lies on the history before a failover.
    OldHistory,
    /// A read whose position is not known yet.
    SeenPending,
}
