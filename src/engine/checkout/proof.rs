//! What proves that a connection may serve a request.

use std::time::Instant;

use super::{Checkout, Loan};
use crate::engine::Known;
use crate::routing::{Decision, Reason};
use crate::server::NodeRole;

/// The times of a question to a connection's server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// The time by the router's clock.
    pub(super) asked: Instant,
    /// The time by the system's clock.
    pub(super) sent: Instant,
    /// The time up to which an answer was waited for.
    pub(super) until: Instant,
}

impl Asked {
    /// Returns whether the time for an answer is over.
    pub(super) fn is_late(self, now: Instant) -> bool {
        self.until <= now
    }
}

/// The evidence for a connection's right to serve a request.
pub(super) enum Proof {
    /// It may, for this reason; `version` is that of the session's requirements which its server meets.
    Given {
        reason: Reason,
        version: Option<u64>,
    },
    /// Its server may say that it may.
    Possible,
    /// Its server says that it may not.
    Missing,
    /// Its server replays another's writes, and the request needs the primary.
    WrongRole,
    /// Its server takes writes, and is not the primary.
    Outrun,
}

impl<G: Loan> Checkout<'_, G> {
    /// Returns what proves that the connection may serve the request: what the node's watcher heard, if from the same
    /// server; else what the connection's own server said, or may say if it was not `asked` yet.
    pub(super) fn proof(
        &self,
        decision: Decision,
        known: &Known,
        asked: Option<Asked>,
        now: Instant,
    ) -> Proof {
        let may_ask = asked.is_none();
        if decision.reason.is_for_primary() {
            return self.proof_of_primary(decision, known, may_ask);
        }
        if decision.holds_for(known.server, known.opened) {
            return Proof::Given {
                reason: decision.reason,
                version: decision.version,
            };
        }
        self.shared.meet(decision.node, known, now);
        match self.shared.serves(decision.node, known, &self.request, now) {
            Some((reason, version)) => Proof::Given { reason, version },
            None if may_ask => Proof::Possible,
            None => Proof::Missing,
        }
    }

    fn proof_of_primary(&self, decision: Decision, known: &Known, may_ask: bool) -> Proof {
        let given = Proof::Given {
            reason: decision.reason,
            version: decision.version,
        };
        match known.role {
            // It may have been promoted since it was asked.
            Some(NodeRole::ReplaysWrites) if may_ask => return Proof::Possible,
            Some(NodeRole::ReplaysWrites) => return Proof::WrongRole,
            // A write on a server that was demoted fails there, and loses nothing.
            Some(NodeRole::TakesWrites)
                if may_ask && self.shared.demoted_in_place && decision.reason != Reason::Write =>
            {
                return Proof::Possible;
            }
            _ => {}
        }
        // The primary's position is wanted: only it can tell what the session wrote or saw.
        let is_wanted = decision.reason == Reason::CapturePending && self.shared.is_watched();
        if may_ask && is_wanted {
            return Proof::Possible;
        }
        if self.shared.is_the_primary(known) {
            given
        } else if may_ask {
            Proof::Possible
        } else {
            Proof::Outrun
        }
    }
}
