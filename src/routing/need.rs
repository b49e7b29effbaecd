//! The requirements of a session's read.

use std::time::Instant;

use super::Reason;
use crate::cluster::{NodeState, ServerId};
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
    /// The server that it last read from.
    pub(crate) home: Option<HomeServer>,
    /// Set if the position of what it saw at home is known; otherwise only home and the primary have it.
    pub(crate) may_leave: bool,
    /// The additional position that a node other than home must have.
    pub(crate) leaving: Option<Position>,
    /// The time of the latest write or read that only the window says replicas have by now: one whose lag is known must have
    /// what was acknowledged until then.
    pub(crate) passed: Option<Instant>,
    /// The time of the latest write or read among these: a replica catches up some time after it.
    pub(crate) since: Option<Instant>,
    /// The version of these requirements: it grows with them.
    pub(crate) version: u64,
}

/// The server that a session last read from: what it saw there is still there, as long as the server has not
/// restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HomeServer {
    /// A node that led there.
    pub(crate) node: usize,
    pub(crate) server: ServerId,
    /// The last instant, by the system's clock, at which a connection stood that the session read there, with proof that
    /// all that it had seen was there. Another from before then, if it still stands, has led to the same run of the
    /// server since. The time of the read itself says less: the connection may have ended with that run, unnoticed.
    pub(crate) stood: Instant,
    /// Set if all that the session required was there then, and it has required nothing else since.
    pub(crate) has_all: bool,
}

impl HomeServer {
    /// Returns whether a connection of `server` that was opened at `opened`, and stands, sees what was seen here. The
    /// very connection that was read on does.
    #[inline]
    fn is(&self, server: Option<ServerId>, opened: Option<Instant>) -> bool {
        server == Some(self.server) && opened.is_some_and(|opened| opened <= self.stood)
    }
}

impl Need {
    /// Returns whether a node meets all requirements.
    #[inline]
    pub(crate) fn is_met(&self, node: &NodeState) -> bool {
        let home = self.home.filter(|home| home.is(node.server, node.opened));
        self.block.is_none()
            && self.has_passed(node)
            && (home.is_some_and(|home| home.has_all)
                || node.covers(self.wrote.as_ref())
                    && node.covers(self.seen.as_ref())
                    && (home.is_some() || self.may_leave && node.covers(self.leaving.as_ref())))
    }

    /// Returns whether a node has what only the window says it has, as far as its lag is known.
    #[inline]
    pub(crate) fn has_passed(&self, node: &NodeState) -> bool {
        self.passed
            .zip(node.complete_as_of)
            .is_none_or(|(passed, complete)| passed <= complete)
    }

    /// Returns whether this is the server that the session last read from, not restarted since.
    #[inline]
    pub(crate) fn is_home(&self, node: &NodeState) -> bool {
        self.home
            .is_some_and(|home| home.is(node.server, node.opened))
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
    /// A state that is not known, within the window.
    StateUnknown,
    /// A commit whose position is not known yet.
    CapturePending,
    /// A write or a read within the window that lies on the history before a failover.
    OldHistory,
    /// A read whose position is not known yet.
    SeenPending,
}
