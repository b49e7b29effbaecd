//! `Observation`: what a server says of itself.

use std::borrow::Cow;
use std::time::Instant;

use crate::position::Position;
use crate::server::NodeRole;

/// A server's role and position, from one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// The node's role.
    pub role: NodeRole,
    /// The node's position in the replication stream.
    pub position: Position,
    /// The reason why its position proves nothing, or why it should serve nothing, with a remedy; if there is one.
    pub problem: Option<Cow<'static, str>>,
    /// On a logical subscriber, the run of what feeds it: another number for each.
    pub(crate) feed: Option<u64>,
}

impl Observation {
    /// Creates an observation of a node that may serve.
    #[must_use]
    pub fn new(role: NodeRole, position: Position) -> Self {
        Self {
            role,
            position,
            problem: None,
            feed: None,
        }
    }

    /// Makes it that of a logical subscriber, which is fed by this run of its workers.
    #[cfg(any(feature = "postgres", feature = "sync-postgres", test))]
    pub(crate) fn fed_by(mut self, run: u64) -> Self {
        self.feed = Some(run);
        self
    }

    /// Adds a reason not to use the node, and a remedy.
    #[must_use]
    pub fn with_problem(mut self, problem: impl Into<Cow<'static, str>>) -> Self {
        self.problem = Some(problem.into());
        self
    }
}

/// The last word of a connection's server on itself.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) observation: Observation,
    /// The instant, by the system's clock, at which it was asked.
    pub(crate) sent: Instant,
}
