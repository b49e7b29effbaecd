//! The settings of a connection before it is lent.

use std::time::Instant;

use super::{Checkout, Loan, Next, State};
use crate::cluster::after;
use crate::engine::Grant;
use crate::routing::{Decision, Level};
use crate::statement::Access;

impl<G: Loan> Checkout<'_, G> {
    /// Lends the connection, once its reads are causal as far as they must be, and its session has the settings that are wanted.
    /// Where all nodes take writes, what others have acknowledged may not be there yet.
    pub(super) fn settle(&mut self, decision: Decision, guard: G, now: Instant) -> Next<G> {
        if self.shared.is_multi_writer() {
            let on = self.shared.is_primary(decision.node);
            if guard.known().reads_causally != on {
                self.state = State::Setting { decision };
                let node = decision.node;
                return Next::SetCausalReads { node, guard, on };
            }
        }
        let settings = self.request.settings;
        if !guard.known().applied.are(settings) {
            self.state = State::Setting { decision };
            return Next::ChangeSettings {
                node: decision.node,
                guard,
                settings: settings.cloned(),
                until: self.patience(now),
            };
        }
        #[cfg(feature = "metrics")]
        self.time_replica_wait(decision, now);
        Next::Lend(guard, self.grant(decision))
    }

    /// Returns the time up to which a connection's server may take for an answer.
    pub(super) fn patience(&self, now: Instant) -> Instant {
        let deadline = self
            .deadline
            .unwrap_or_else(|| after(now, self.shared.probe_timeout));
        let share = after(now, self.shared.node_share.min(self.shared.probe_timeout));
        deadline.min(share)
    }

    /// Returns the level that is required, all who have a say in it considered.
    #[cold]
    pub(crate) fn level(&self) -> Level {
        let required = self.shared.required(&self.request);
        required.unwrap_or(self.request.level)
    }

    /// Returns what is lent with a connection that this decision is for.
    pub(super) fn grant(&self, decision: Decision) -> Grant {
        let is_primary = decision.reason.is_for_primary() && self.shared.is_primary(decision.node);
        Grant {
            node: decision.node,
            reason: decision.reason,
            access: if is_primary {
                self.request.access.max(Access::Primary)
            } else {
                self.request.access
            },
            is_primary,
            function: self.request.function,
            fails_on_missing: self.terms.fails_on_missing || self.request.is_limited(),
            proved: decision.version,
            kind: self.terms.kind,
        }
    }
}
