//! `Observation`: what a server says of itself.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use crate::position::Position;
use crate::server::NodeRole;

/// A server's role, and how far it is, from one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// The node's role.
    pub role: NodeRole,
    /// The node's position in the replication stream; `None` where servers have none that means anything, which then
    /// holds for all of a cluster.
    pub position: Option<Position>,
    /// The most that the node lags, as it says itself; `None` if its position tells, or if nothing does.
    pub lag: Option<Duration>,
    /// The id of the server whose writes it has, by its own words: of one that takes writes, its own. `None` where servers
    /// do not say.
    pub follows: Option<String>,
    /// The reason why its position proves nothing, or why it should serve nothing, with a remedy; if there is one.
    pub problem: Option<Cow<'static, str>>,
    /// On a logical subscriber, the run of what feeds it: another number for each.
    pub(crate) feed: Option<u64>,
    /// Set if the database session that was asked is read-only; `None` if that was not asked.
    pub(crate) session_is_read_only: Option<bool>,
}

impl Observation {
    /// Creates an observation of a node that may serve.
    #[must_use]
    pub fn new(role: NodeRole, position: Position) -> Self {
        Self {
            position: Some(position),
            ..Self::without_position(role)
        }
    }

    /// Creates an observation of a node that may serve, and has no position.
    #[must_use]
    pub fn without_position(role: NodeRole) -> Self {
        Self {
            role,
            position: None,
            lag: None,
            follows: None,
            problem: None,
            feed: None,
            session_is_read_only: None,
        }
    }

    /// Makes it that of a logical subscriber, which is fed by this run of its workers.
    #[cfg(any(feature = "postgres", feature = "sync-postgres", test))]
    pub(crate) fn fed_by(mut self, run: u64) -> Self {
        self.feed = Some(run);
        self
    }

    /// Adds whether the database session that was asked is read-only.
    #[allow(dead_code, reason = "where servers have no positions")]
    pub(crate) fn in_session(mut self, read_only: bool) -> Self {
        self.session_is_read_only = Some(read_only);
        self
    }

    /// Adds a reason not to use the node, and a remedy.
    #[must_use]
    pub fn with_problem(mut self, problem: impl Into<Cow<'static, str>>) -> Self {
        self.problem = Some(problem.into());
        self
    }

    /// Returns whether it is known to have everything up to `required`.
    #[allow(dead_code, reason = "where servers cannot be asked to wait")]
    pub(crate) fn covers(&self, required: &Position) -> bool {
        let position = self.position.as_ref();
        position.is_some_and(|position| position.covers(required))
    }

    /// Returns whether it is of a cluster whose nodes all accept writes.
    pub(crate) fn is_multi_writer(&self) -> bool {
        self.position
            .as_ref()
            .is_some_and(Position::is_multi_writer)
    }

    /// Returns whether nothing was ever written at its position.
    pub(crate) fn is_empty(&self) -> bool {
        self.position.as_ref().is_some_and(Position::is_empty)
    }

    /// Returns whether, of two nodes that accept writes, this one is the primary: its history continues where the other's
    /// ended. `false` without positions.
    pub(crate) fn succeeds(&self, other: &Self) -> bool {
        let positions = self.position.as_ref().zip(other.position.as_ref());
        positions.is_some_and(|(one, other)| one.succeeds(other))
    }

    /// Returns whether both name the servers whose writes they have, and these differ.
    pub(crate) fn follows_another(&self, other: &Self) -> bool {
        let names = self.follows.as_ref().zip(other.follows.as_ref());
        names.is_some_and(|(one, other)| one != other)
    }
}

/// The last word of a connection's server on itself.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) observation: Observation,
    /// The instant, by the system's clock, at which it was asked.
    pub(crate) sent: Instant,
}
