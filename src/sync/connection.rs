//! Connections that a router can hand out.

use std::time::Duration;

use diesel::connection::TransactionManager;
use diesel::{Connection, ConnectionResult, QueryResult};
use diesel_routing_sql::Dialect as Sql;

use crate::cluster::{Checksum, ChecksumLimits, Diagnosis, Introduction, Observation, ServerFacts};
use crate::connect::{SettingChanges, no_settings};
use crate::position::Position;
use crate::server::{Abilities, NodeRole};
use crate::statement::{Dialect, TableName};

/// A blocking Diesel connection that a [`Router`](super::Router) can hand out.
///
/// Implemented for Diesel's three; implement it for a backend of your own to route its connections. For an enum of them, of
/// `#[derive(diesel::MultiConnection)]`, there is [a derive](derive@crate::RoutedConnection).
pub trait RoutedConnection: Connection<Backend: Dialect> + 'static {
    /// Opens a connection to `url`, with TLS as it says. Defaults to [`Connection::establish`].
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, without any piece of a password of the URL.
    fn open(url: &str) -> ConnectionResult<Self> {
        Self::establish(url)
    }

    /// Returns the dialect that this connection speaks. Defaults to the only one of its type; an enum of connections is asked which of
    /// its variants it is.
    fn dialect(&self) -> Self::Backend {
        <Self::Backend as Dialect>::of(<Self::Backend as Dialect>::SQL)
    }

    /// Returns what servers of this language can do. Defaults to the constants below; an enum of connections has those of its variant.
    #[doc(hidden)]
    #[must_use]
    fn abilities(language: Sql) -> Abilities {
        let _ = language;
        Abilities {
            watched: Self::WATCHED,
            knows_subscribers: Self::KNOWS_SUBSCRIBERS,
            demoted_in_place: Self::DEMOTED_IN_PLACE,
            resets: Self::RESETS,
        }
    }

    /// Returns the role that the server reports, or `None` where servers cannot know it (SQLite).
    ///
    /// Called when a pool opens a connection whose [facts](Self::facts) have no role, and where servers have no
    /// positions, again before a checkout after the connection was idle for a while, to learn that it is alive.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, if the server does not answer.
    fn node_role(&mut self) -> QueryResult<Option<NodeRole>>;

    /// Returns the [role](Self::node_role), and whether the database session is read-only, if that is known, in one round trip.
    /// Defaults to the role alone. A pooled connection that was made read-only and is not any more is closed.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, if the server does not answer.
    fn role_and_mode(&mut self) -> QueryResult<(Option<NodeRole>, Option<bool>)> {
        Ok((self.node_role()?, None))
    }

    /// Set if nodes report positions, so that each is watched. Defaults to `false`.
    const WATCHED: bool = false;

    /// Set if logical subscribers can be asked how far they are. Defaults to `false`: a router refuses
    /// [them](crate::Node::logical).
    const KNOWS_SUBSCRIBERS: bool = false;

    /// Set if a primary can become a replica under open connections: then each read that needs the primary asks its
    /// connection first. Defaults to `false`: then a connection that has led to the primary once does so until it ends.
    const DEMOTED_IN_PLACE: bool = false;

    /// Returns the role and the position of the server, in one round trip that needs no privilege; `None` where they
    /// cannot be known. Defaults to `None`. `facts` are what [`facts`](Self::facts) returned on this connection.
    ///
    /// Asked again and again, of watchers' connections and of pooled ones that have to prove themselves: what cannot
    /// change within a run of the server belongs to the facts.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, if the server does not answer.
    fn observe(&mut self, facts: &ServerFacts) -> QueryResult<Option<Observation>> {
        let _ = facts;
        Ok(None)
    }

    /// Returns what a replica, of which these `facts` are known, says of its replication: what holds it up, and where it
    /// replicates from. Defaults to nothing.
    ///
    /// Called once on a replica's first connection, then at most once a second for one that is behind, and now and then for
    /// others.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, if the server does not answer.
    fn diagnose(&mut self, facts: &ServerFacts) -> QueryResult<Diagnosis> {
        let _ = facts;
        Ok(Diagnosis::default())
    }

    /// Returns the share of the connections that the server admits which are in use, from 0 to 1; `None` if the account may not
    /// know. Defaults to `None`.
    ///
    /// Called once a second on the primary, by routers with a [breaker](crate::Breaker).
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, if the server does not answer.
    fn connections_in_use(&mut self, facts: &ServerFacts) -> QueryResult<Option<f64>> {
        let _ = facts;
        Ok(None)
    }

    /// Set if servers can [wait](Self::wait_for) until they have replayed a position, those whose
    /// [facts](ServerFacts::waits) say so. Defaults to `false`: then the router asks again when a server is likely to
    /// have.
    const WAITS: bool = false;

    /// Waits until the server, of which these `facts` are known, has replayed `required`, for `limit` at most. Returns
    /// whether it has.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn wait_for(
        &mut self,
        required: &Position,
        limit: Duration,
        facts: &ServerFacts,
    ) -> QueryResult<bool> {
        let _ = (required, limit, facts);
        Ok(false)
    }

    /// Makes later reads on this connection wait, or not, until its server has everything that any server of the
    /// cluster has acknowledged. Called where all servers accept writes. Defaults to doing nothing.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn set_causal_reads(&mut self, on: bool) -> QueryResult<()> {
        let _ = on;
        Ok(())
    }

    /// Returns facts about the server, in one round trip that needs no privilege. Defaults to none. Without
    /// `positions`, the router never asks for positions, whose functions the account may be refused.
    ///
    /// Called on each new connection. A connection whose server has no [identity](ServerFacts::identity) proves
    /// nothing for others, and nothing proves it but its own word: each read costs a round trip more.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error, if the server does not answer.
    fn facts(&mut self, positions: bool) -> QueryResult<ServerFacts> {
        let _ = positions;
        Ok(ServerFacts::default())
    }

    /// Learns what a new connection's server says of itself, and makes the connection read-only if `read_only`, in as few
    /// round trips as that takes. Defaults to asking for the [facts](Self::facts), for the [role](Self::node_role) if they
    /// have none, and to the dialect's statement for read-only sessions, one after the other.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn introduce(&mut self, positions: bool, read_only: bool) -> QueryResult<Introduction> {
        let mut facts = self.facts(positions)?;
        if facts.role.is_none() {
            facts.role = self.node_role()?;
        }
        if read_only {
            self.batch_execute(self.dialect().read_only())?;
        }
        Ok(facts.into())
    }

    /// Learns what an instance of Aurora PostgreSQL says of itself, for routers whose builder was told `aurora()`, which only
    /// those of PostgreSQL have. Defaults to [`introduce`](Self::introduce).
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn introduce_aurora(&mut self, read_only: bool) -> QueryResult<Introduction> {
        self.introduce(true, read_only)
    }

    /// Returns whether the server's end of this connection is `backend`, as the [facts](ServerFacts::backend) of another
    /// one have it that is open: then something in between shares server connections among clients. Defaults to asking
    /// for this connection's facts.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error.
    fn shares(&mut self, backend: u64) -> QueryResult<bool> {
        let facts = self.facts(false)?;
        Ok(facts.backend == Some(backend))
    }

    /// Returns the number and a digest of the first rows of a table, in the order of its primary key, as this connection's server,
    /// of which these `facts` are known, has them now; `None` where that cannot be asked for. Defaults to `None`. Equal rows give equal
    /// digests on every server of a cluster.
    ///
    /// Called for [`Router::compare`](crate::Router::compare) alone, outside any transaction.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error; one of its own for a table that is not there, or has no primary key.
    fn checksum(
        &mut self,
        table: &TableName,
        limits: &ChecksumLimits,
        facts: &ServerFacts,
    ) -> QueryResult<Option<Checksum>> {
        let _ = (table, limits, facts);
        Ok(None)
    }

    /// Set if the database session can be [reset](Self::reset). Defaults to `false`: then a connection whose session has to be reset
    /// is closed.
    const RESETS: bool = false;

    /// Resets the database session to what it was when the connection was opened, and makes it read-only if `read_only`. What
    /// drivers have prepared has to stay valid. Called outside transactions, where there are [`RESETS`](Self::RESETS); see
    /// [`Reset`](crate::Reset).
    ///
    /// # Errors
    ///
    /// Returns Diesel's error. The connection is closed then.
    fn reset(&mut self, read_only: bool) -> QueryResult<()> {
        let _ = read_only;
        Ok(())
    }

    /// Changes settings of the database session, [those that travel with a session](crate::Session::with_settings), in one round
    /// trip. Values are sent as parameters. Defaults to an error.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error. The session is reset, or its connection closed, before its next loan.
    fn change_settings(&mut self, changes: &SettingChanges<'_>) -> QueryResult<()> {
        let _ = changes;
        Err(no_settings())
    }

    /// Opens a transaction with `sql`, outside any other.
    ///
    /// # Errors
    ///
    /// Returns Diesel's error; [`AlreadyInTransaction`](diesel::result::Error::AlreadyInTransaction) inside one.
    fn begin_with(&mut self, sql: &str) -> QueryResult<()>;
}

/// Returns the number of open transactions: 0 outside any, 2 inside one savepoint.
pub(crate) fn depth<C: Connection>(conn: &mut C) -> u32 {
    C::TransactionManager::transaction_manager_status_mut(conn)
        .transaction_depth()
        .ok()
        .flatten()
        .map_or(0, std::num::NonZero::get)
}

/// Returns whether a statement may be given up, or sent ahead of the next, and the connection stays what it was.
#[cfg(feature = "test-util")]
#[expect(clippy::extra_unused_type_parameters, reason = "as in async code")]
pub(crate) const fn survives<C: RoutedConnection>() -> bool {
    true
}
