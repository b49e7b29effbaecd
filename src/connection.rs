//! Connections that a router can lend.

use std::future::Future;

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncConnectionCore, TransactionManager};

use crate::cluster::{Observation, ServerFacts, ServerVersion};
use crate::dialect::Dialect;
use crate::error::NodeRole;

/// A diesel-async connection that a [`Router`](crate::Router) can lend.
///
/// Implemented for diesel-async's three; implement it for a backend of your own to route it.
pub trait RoutedConnection:
    AsyncConnection + AsyncConnectionCore<Backend: Dialect> + 'static
{
    /// What the server says it is, or `None` where servers cannot tell (SQLite).
    ///
    /// Asked when a pool opens a connection and again before each loan, so it is also the check
    /// that the connection is alive.
    ///
    /// # Errors
    ///
    /// Diesel's, when the server does not answer.
    fn node_role(&mut self) -> impl Future<Output = QueryResult<Option<NodeRole>>> + Send;

    /// Whether nodes report positions, so that each is watched. Defaults to `false`.
    const WATCHED: bool = false;

    /// What the server is and where it is in the replication stream, in one round trip; `None` where
    /// that cannot be known.
    ///
    /// # Errors
    ///
    /// Diesel's, when the server does not answer.
    fn observe(&mut self) -> impl Future<Output = QueryResult<Option<Observation>>> + Send {
        async { Ok(None) }
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
    fn facts(&mut self) -> impl Future<Output = QueryResult<ServerFacts>> + Send {
        async { Ok(ServerFacts::default()) }
    }

    /// Opens a transaction with `sql`, outside any.
    ///
    /// # Errors
    ///
    /// Diesel's; [`AlreadyInTransaction`](diesel::result::Error::AlreadyInTransaction) inside one.
    fn begin_with(&mut self, sql: &str) -> impl Future<Output = QueryResult<()>> + Send;
}

/// How many transactions are open: 0 outside any, 2 inside one savepoint.
pub(crate) fn depth<C: AsyncConnection>(conn: &mut C) -> u32 {
    C::TransactionManager::transaction_manager_status_mut(conn)
        .transaction_depth()
        .ok()
        .flatten()
        .map_or(0, std::num::NonZero::get)
}
