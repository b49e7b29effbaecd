//! Connections that a router can lend.

use diesel::connection::TransactionManager;
use diesel::{Connection, QueryResult};

use crate::cluster::{Observation, ServerFacts, ServerVersion};
use crate::dialect::Dialect;
use crate::error::NodeRole;

/// A blocking Diesel connection that a [`Router`](super::Router) can lend.
///
/// Implemented for Diesel's three; implement it for a backend of your own to route it.
pub trait RoutedConnection: Connection<Backend: Dialect> + 'static {
    /// What the server says it is, or `None` where servers cannot tell (SQLite).
    ///
    /// Asked when a pool opens a connection and again before each loan, so it is also the check
    /// that the connection is alive.
    ///
    /// # Errors
    ///
    /// Diesel's, when the server does not answer.
    fn node_role(&mut self) -> QueryResult<Option<NodeRole>>;

    /// Whether nodes report positions, so that each is watched. Defaults to `false`.
    const WATCHED: bool = false;

    /// What the server is and where it is in the replication stream, in one round trip; `None` where
    /// that cannot be known.
    ///
    /// # Errors
    ///
    /// Diesel's, when the server does not answer.
    fn observe(&mut self) -> QueryResult<Option<Observation>> {
        Ok(None)
    }

    /// The oldest version of the server that is supported: a router refuses what is older. Defaults
    /// to `None`, any.
    const OLDEST: Option<ServerVersion> = None;

    /// What the server is, in one round trip; every account may ask. Defaults to knowing nothing.
    ///
    /// Asked of each node when a router is built.
    ///
    /// # Errors
    ///
    /// Diesel's, when the server does not answer.
    fn facts(&mut self) -> QueryResult<ServerFacts> {
        Ok(ServerFacts::default())
    }

    /// Opens a transaction with `sql`, outside any.
    ///
    /// # Errors
    ///
    /// Diesel's; [`AlreadyInTransaction`](diesel::result::Error::AlreadyInTransaction) inside one.
    fn begin_with(&mut self, sql: &str) -> QueryResult<()>;
}

/// How many transactions are open: 0 outside any, 2 inside one savepoint.
pub(crate) fn depth<C: Connection>(conn: &mut C) -> u32 {
    C::TransactionManager::transaction_manager_status_mut(conn)
        .transaction_depth()
        .ok()
        .flatten()
        .map_or(0, std::num::NonZero::get)
}
