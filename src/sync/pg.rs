//! PostgreSQL: the handles without the connection type, `COPY`, and notifications.

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection};
use diesel::pg::{CopyFromQuery, PgNotification};
use diesel::prelude::ExecuteCopyFromDsl;
use diesel::{Connection, ConnectionResult, PgConnection, QueryResult};

pub use diesel_routing_macros::read_sql_pg as read_sql;

use super::RoutedConnection;
use crate::cluster::{Diagnosis, Introduction, Observation, ServerFacts};
use crate::connect::conceal;
use crate::position::Position;
use crate::server::NodeRole;

/// [`ReadConn`](super::ReadConn) on PostgreSQL.
pub type ReadConn<R> = super::ReadConn<R, PgConnection>;
/// [`WriteConn`](super::WriteConn) on PostgreSQL.
pub type WriteConn = super::WriteConn<PgConnection>;
/// [`Router`](super::Router) on PostgreSQL.
pub type Router = super::Router<PgConnection>;
/// [`Session`](super::Session) on PostgreSQL.
pub type Session = super::Session<PgConnection>;
/// [`ReadSql`](crate::ReadSql) on PostgreSQL.
pub type ReadSql = crate::ReadSql<diesel::pg::Pg>;

impl RoutedConnection for PgConnection {
    const WATCHED: bool = true;
    const KNOWS_SUBSCRIBERS: bool = true;
    const WAITS: bool = true;

    /// Opens a connection as libpq does.
    fn open(url: &str) -> ConnectionResult<Self> {
        Self::establish(url).map_err(|error| conceal(url, error))
    }

    fn observe(&mut self, facts: &ServerFacts) -> QueryResult<Option<Observation>> {
        if facts.is_subscriber {
            let ask = crate::backend::postgres::AskSubscriber;
            let answer: crate::backend::postgres::Subscriptions =
                diesel::RunQueryDsl::get_result(ask, self)?;
            return Ok(Some(answer.observation()));
        }
        let observe = crate::backend::postgres::Observe::new(facts);
        let answer: crate::backend::postgres::Answer =
            diesel::RunQueryDsl::get_result(observe, self)?;
        if answer.is_promoted(facts) {
            return Ok(self.introduce(true, false)?.observation);
        }
        Ok(answer.observation(facts))
    }

    /// Returns the server's identity, its role, its version, and the process behind the connection.
    fn facts(&mut self, positions: bool) -> QueryResult<ServerFacts> {
        let facts = crate::backend::postgres::AskFacts {
            positions,
            read_only: false,
        };
        diesel::RunQueryDsl::get_result::<crate::backend::postgres::Facts>(facts, self)
            .map(Into::into)
    }

    /// Returns the facts, the role and the position, and makes the connection read-only, with one query.
    fn introduce(&mut self, positions: bool, read_only: bool) -> QueryResult<Introduction> {
        let facts = crate::backend::postgres::AskFacts {
            positions,
            read_only,
        };
        diesel::RunQueryDsl::get_result::<crate::backend::postgres::Facts>(facts, self)
            .map(Into::into)
    }

    fn shares(&mut self, backend: u64) -> QueryResult<bool> {
        let ran = self.batch_execute(&crate::backend::postgres::fails_on(backend));
        if crate::backend::postgres::has_failed(&ran) {
            // It still answers.
            self.facts(false)?;
            return Ok(true);
        }
        ran.map(|()| false)
    }

    fn diagnose(&mut self, _: &ServerFacts) -> QueryResult<Diagnosis> {
        let query = diesel::sql_query(crate::backend::postgres::DIAGNOSE);
        let replication = diesel::RunQueryDsl::get_result(query, self);
        crate::backend::postgres::diagnosed(replication)
    }

    fn wait_for(
        &mut self,
        required: &Position,
        limit: Duration,
        facts: &ServerFacts,
    ) -> QueryResult<bool> {
        let Some(sql) = crate::backend::postgres::wait(required, limit) else {
            return Ok(false);
        };
        let query = diesel::sql_query(sql);
        let waited: crate::backend::postgres::Waited =
            diesel::RunQueryDsl::get_result(query, self)?;
        if !waited.is_there() {
            return Ok(false);
        }
        let observation = self.observe(facts)?;
        Ok(observation.is_some_and(|observation| observation.position.covers(required)))
    }

    /// Returns the role, by whether the server is in recovery.
    fn node_role(&mut self) -> QueryResult<Option<NodeRole>> {
        diesel::RunQueryDsl::get_result(crate::backend::postgres::role_query(), self)
            .map(|in_recovery| Some(crate::backend::postgres::role(in_recovery)))
    }

    fn begin_with(&mut self, sql: &str) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, sql)
    }
}

impl WriteConn {
    /// Returns the notifications that have arrived on this connection, after a `LISTEN`, without waiting for
    /// more.
    ///
    /// A `LISTEN` belongs to its database session and ends with it: keep this handle while
    /// you listen, and `UNLISTEN *` before you drop it, or the next user of the pooled connection
    /// gets your notifications.
    pub fn notifications_iter(&mut self) -> impl Iterator<Item = QueryResult<PgNotification>> + '_ {
        self.raw().notifications_iter()
    }

    /// Runs a `COPY .. TO`, which reads: unlike [`raw_counts_as_write`](Self::raw_counts_as_write),
    /// it does not count as a write.
    ///
    /// Diesel's `copy_to(..).load(conn)` and `.load_raw(conn)` require a raw connection; `f` gets one,
    /// and must not use it for anything else.
    ///
    /// # Errors
    ///
    /// Returns the error of `f`.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use std::io::Read;
    /// use diesel_routing::sync::{pg::WriteConn, prelude::*};
    ///
    /// diesel::table! { users { id -> Integer, name -> Text, } }
    ///
    /// fn export(conn: &mut WriteConn) -> QueryResult<String> {
    ///     conn.copy_to(|raw| {
    ///         let mut csv = String::new();
    ///         let mut rows = diesel::copy_to(users::table).load_raw(raw)?;
    ///         rows.read_to_string(&mut csv)
    ///             .map_err(|error| diesel::result::Error::DeserializationError(error.into()))?;
    ///         Ok(csv)
    ///     })
    /// }
    /// ```
    pub fn copy_to<T>(
        &mut self,
        f: impl FnOnce(&mut PgConnection) -> QueryResult<T>,
    ) -> QueryResult<T> {
        f(self.raw())
    }
}

/// Runs `diesel::copy_from(..).execute(conn)`, a write.
impl<T, A> ExecuteCopyFromDsl<WriteConn> for CopyFromQuery<T, A>
where
    Self: ExecuteCopyFromDsl<PgConnection>,
    <Self as ExecuteCopyFromDsl<PgConnection>>::Error: From<diesel::result::Error>,
{
    type Error = <Self as ExecuteCopyFromDsl<PgConnection>>::Error;

    fn execute(self, conn: &mut WriteConn) -> Result<usize, Self::Error> {
        let (conn, guard, ending) = conn.begin_write()?;
        guard.distrust();
        let rows = ExecuteCopyFromDsl::execute(self, conn)?;
        ending.finish(None);
        Ok(rows)
    }
}
