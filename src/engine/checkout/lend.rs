//! How a checkout lends a connection that is proved to serve.

use super::{Checkout, Grant, Loan, Next, State};
use crate::routing::Decision;
use crate::statement::Access;

impl<G: Loan> Checkout<'_, G> {
    /// Lends the connection, once its reads are causal as far as they must be. Where all nodes take writes,
    /// what others have acknowledged may not be there yet.
    pub(super) fn settle(&mut self, decision: Decision, guard: G) -> Next<G> {
        if self.shared.is_multi_writer() {
            let on = self.shared.is_primary(decision.node);
            if guard.known().reads_causally != on {
                self.state = State::Setting { decision };
                let node = decision.node;
                return Next::SetCausalReads { node, guard, on };
            }
        }
        Next::Lend(guard, self.grant(decision))
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
            proved: decision.version,
        }
    }
}
