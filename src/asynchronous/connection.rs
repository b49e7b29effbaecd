//! Connections that a router can lend.

use std::future::Future;
use std::time::Duration;

use diesel::QueryResult;
use diesel_async::{AsyncConnection, AsyncConnectionCore, TransactionManager};

use crate::cluster::{Observation, ServerFacts};
use crate::position::Position;
use crate::server::{NodeRole, ServerKind};
use crate::statement::Dialect;

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

    /// Whether the connection can be used as before when the future of a statement was dropped half-way.
    /// Defaults to `false`: then its handle runs no other statement, and the pool closes it.
    const SURVIVES_CANCELLATION: bool = false;

    /// Whether nodes report positions, so that each is watched. Defaults to `false`.
    const WATCHED: bool = false;

    /// What the server, of this [kind](ServerFacts::kind), is and where it is in the replication stream;
    /// `None` where that cannot be known. Defaults to that.
    ///
    /// # Errors
    ///
    /// Diesel's, when the server does not answer.
    fn observe(
        &mut self,
        kind: Option<ServerKind>,
    ) -> impl Future<Output = QueryResult<Option<Observation>>> + Send {
        let _ = kind;
        async { Ok(None) }
    }

    /// Why a replica of this kind that falls behind does so, in words, as far as it says. Defaults to
    /// `None`.
    ///
    /// Asked at most once a second, and of replicas that are behind only.
    ///
    /// # Errors
    ///
    /// Diesel's, when the server does not answer.
    fn diagnose(
        &mut self,
        kind: Option<ServerKind>,
    ) -> impl Future<Output = QueryResult<Option<String>>> + Send {
        let _ = kind;
        async { Ok(None) }
    }

    /// Whether servers can [wait](Self::wait_for) until they have replayed a position. Defaults to `false`:
    /// then the router waits for what they say of themselves.
    const WAITS: bool = false;

    /// Waits until the server has replayed `required`, for `limit` at most; whether it has.
    ///
    /// # Errors
    ///
    /// Diesel's.
    fn wait_for(
        &mut self,
        required: &Position,
        limit: Duration,
    ) -> impl Future<Output = QueryResult<bool>> + Send {
        let _ = (required, limit);
        async { Ok(false) }
    }

    /// Makes later reads on this connection wait, or not, until its server has all that any server of the
    /// cluster has acknowledged. Called where all servers take writes. Defaults to doing nothing.
    ///
    /// # Errors
    ///
    /// Diesel's.
    fn set_causal_reads(&mut self, on: bool) -> impl Future<Output = QueryResult<()>> + Send {
        let _ = on;
        async { Ok(()) }
    }

    /// What the server is, in one round trip; every account may ask. Defaults to knowing nothing.
    ///
    /// Asked of each node when a router is built, and on each new connection that watches it.
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
