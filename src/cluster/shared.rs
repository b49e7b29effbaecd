//! What all handles and sessions of a router share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel_routing_sql::Dialect as Sql;

use super::PRIMARY;
use crate::check::{Checker, StatementCheck};
use crate::routing::{Inputs, Level, Reason, Token, decide};
use crate::session::{Clock, SessionState, SystemClock};

/// A router's settings, as its builder collects them.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) window: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) check: StatementCheck,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
            check: StatementCheck::default(),
        }
    }
}

impl Settings {
    pub(crate) fn share(self, nodes: Vec<String>, dialect: Sql) -> Shared {
        Shared {
            nodes,
            window: self.window,
            start: self.clock.now(),
            clock: self.clock,
            checker: self.check.build(dialect),
        }
    }
}

/// What all handles and sessions of a router share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Names of the nodes: the primary first, then the replicas.
    pub(crate) nodes: Vec<String>,
    window: Duration,
    clock: Arc<dyn Clock>,
    /// When the router was built: sessions count time from here.
    start: Instant,
    pub(crate) checker: Checker,
}

impl Shared {
    /// Name of the node with this index.
    pub(crate) fn name(&self, node: usize) -> &str {
        self.nodes.get(node).map_or("?", String::as_str)
    }

    /// The node for a read or write at `level`, and the reason.
    pub(crate) fn decide(&self, level: Level, session: Option<&SessionState>) -> (usize, Reason) {
        decide(Inputs {
            level,
            token: session.map_or(Token::Absent, |session| self.token(session)),
            replicas: self.nodes.len() - 1,
            random: fastrand::u64(..),
        })
    }

    /// Why a connection of `node` may serve a read of `session`, if it may.
    pub(crate) fn covers(&self, node: usize, session: &SessionState) -> Option<Reason> {
        if node == PRIMARY {
            return Some(Reason::NoReplica);
        }
        (self.token(session) == Token::Settled).then_some(Reason::NothingToCatchUp)
    }

    /// The session has written.
    pub(crate) fn wrote(&self, session: &SessionState) {
        session.wrote(self.start, self.clock.now());
    }

    fn token(&self, session: &SessionState) -> Token {
        if session.wrote_within(self.window, self.start, self.clock.now()) {
            Token::InsideWindow
        } else {
            Token::Settled
        }
    }
}
