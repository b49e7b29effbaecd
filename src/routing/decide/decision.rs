//! `Decision`: a node, and the reason for it.

use std::time::Instant;

use crate::cluster::{ServerId, Snapshot};
use crate::routing::{Reason, Refusal};

/// A node, and the reason for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) node: usize,
    pub(crate) reason: Reason,
    pub(crate) basis: Basis,
    /// The version of the session's requirements that the node meets; `None` for a read of no session.
    pub(crate) version: Option<u64>,
    /// The serial of the [member](crate::cluster::Member) that the node is.
    pub(crate) serial: u32,
    /// Set if the caller fails rather than go there.
    pub(crate) refusal: Option<Refusal>,
}

/// The basis of a decision: the connections of the node that it holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Nothing that a node said: every one.
    Nothing,
    /// What this server said of itself at some time: those that lead to it.
    Server(ServerId),
    /// What this server was asked for at `sent`, by the system's clock: those that lead to it and were opened before, for
    /// it has not restarted since.
    Answer { server: ServerId, sent: Instant },
    /// Nothing is known: those that prove themselves.
    Itself,
}

impl Decision {
    pub(crate) fn primary(cluster: &Snapshot, reason: Reason) -> Self {
        Self {
            node: cluster.primary,
            reason,
            basis: Basis::Nothing,
            version: None,
            serial: cluster.serial(cluster.primary),
            refusal: None,
        }
    }

    /// Returns the decision for a connection of this node that has to prove that it serves.
    pub(crate) fn itself(node: usize) -> Self {
        Self {
            node,
            reason: Reason::Covered,
            basis: Basis::Itself,
            version: None,
            serial: 0,
            refusal: None,
        }
    }

    /// Returns whether the decision holds for a connection to `server` that was opened at `opened` and is still open.
    pub(crate) fn holds_for(self, server: Option<ServerId>, opened: Instant) -> bool {
        match self.basis {
            Basis::Nothing => true,
            Basis::Server(said) => server == Some(said),
            Basis::Answer { server: said, sent } => server == Some(said) && opened < sent,
            Basis::Itself => false,
        }
    }

    /// Returns whether a fresher replica would have changed the decision.
    pub(crate) fn wants_fresher(self) -> bool {
        matches!(
            self.reason,
            Reason::NotCaughtUp | Reason::TooStale | Reason::CapturePending
        )
    }
}
