//! PostgreSQL: the handles without the connection type, `COPY`, and notifications.

use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::pg::{CopyFromQuery, PgNotification};
use diesel::prelude::ExecuteCopyFromDsl;
use diesel::result::Error;
use diesel::{Connection, ConnectionResult, PgConnection, QueryResult};

#[doc(no_inline)]
pub use diesel::copy_from;
pub use diesel_routing_macros::read_sql_pg as read_sql;

use super::RoutedConnection;
pub use super::copy::{CopyRows, CopyToQuery, CopyToReader, copy_to};
use crate::backend::postgres::checksum;
use crate::cluster::{Checksum, ChecksumLimits, Diagnosis, Introduction, Observation, ServerFacts};
use crate::connect::{SettingChanges, conceal};
use crate::position::Position;
use crate::server::NodeRole;
use crate::statement::TableName;

/// [`ReadConn`](super::ReadConn) on PostgreSQL.
pub type ReadConn<R> = super::ReadConn<R, PgConnection>;
/// [`WriteConn`](super::WriteConn) on PostgreSQL.
pub type WriteConn = super::WriteConn<PgConnection>;
/// [`Router`](super::Router) on PostgreSQL.
pub type Router = super::Router<PgConnection>;
/// [`TestRouter`](super::TestRouter) on PostgreSQL.
#[cfg(feature = "test-util")]
pub type TestRouter = super::TestRouter<PgConnection>;
/// [`Session`](super::Session) on PostgreSQL.
pub type Session = super::Session<PgConnection>;
/// [`ReadSql`](crate::ReadSql) on PostgreSQL.
pub type ReadSql = crate::ReadSql<diesel::pg::Pg>;

impl RoutedConnection for PgConnection {
    const WATCHED: bool = true;
    const KNOWS_SUBSCRIBERS: bool = true;
    const WAITS: bool = true;
    const RESETS: bool = true;

    /// Opens a connection as libpq does.
    fn open(url: &str) -> ConnectionResult<Self> {
        Self::establish(url).map_err(|error| conceal(url, error))
    }

    fn observe(&mut self, facts: &ServerFacts) -> QueryResult<Option<Observation>> {
        if facts.is_aurora {
            let answer: crate::backend::aurora::Answer =
                diesel::RunQueryDsl::get_result(crate::backend::aurora::Observe, self)?;
            return Ok(Some(answer.observation()));
        }
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

    /// Returns the role and the mode of the session.
    fn role_and_mode(&mut self) -> QueryResult<(Option<NodeRole>, Option<bool>)> {
        let query = crate::backend::postgres::role_and_mode_query();
        let (in_recovery, read_only): (bool, String) =
            diesel::RunQueryDsl::get_result(query, self)?;
        let role = crate::backend::postgres::role(in_recovery);
        Ok((Some(role), Some(read_only == "on")))
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

    /// Returns the facts, the role and the lag of an instance of Aurora, and makes the connection read-only, with one query.
    fn introduce_aurora(&mut self, read_only: bool) -> QueryResult<Introduction> {
        let introduce = crate::backend::aurora::Introduce { read_only };
        diesel::RunQueryDsl::get_result::<crate::backend::aurora::Introduced>(introduce, self)
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

    fn diagnose(&mut self, facts: &ServerFacts) -> QueryResult<Diagnosis> {
        if facts.is_aurora {
            return Ok(Diagnosis::default());
        }
        let query = diesel::sql_query(crate::backend::postgres::DIAGNOSE);
        let replication = diesel::RunQueryDsl::get_result(query, self);
        crate::backend::postgres::diagnosed(replication)
    }

    fn connections_in_use(&mut self, _: &ServerFacts) -> QueryResult<Option<f64>> {
        let query = diesel::sql_query(crate::backend::postgres::LOAD);
        let load: crate::backend::postgres::Load = diesel::RunQueryDsl::get_result(query, self)?;
        Ok(load.share)
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
        Ok(observation.is_some_and(|observation| observation.covers(required)))
    }

    /// Returns the role, by whether the server is in recovery.
    fn node_role(&mut self) -> QueryResult<Option<NodeRole>> {
        diesel::RunQueryDsl::get_result(crate::backend::postgres::role_query(), self)
            .map(|in_recovery| Some(crate::backend::postgres::role(in_recovery)))
    }

    fn checksum(
        &mut self,
        table: &TableName,
        limits: &ChecksumLimits,
        _: &ServerFacts,
    ) -> QueryResult<Option<Checksum>> {
        self.begin_with(checksum::BEGIN)?;
        let sum = sum(self, table, limits);
        AnsiTransactionManager::rollback_transaction(self)?;
        sum.map(Some)
    }

    fn reset(&mut self, read_only: bool) -> QueryResult<()> {
        self.batch_execute(crate::backend::postgres::reset(read_only))?;
        // What arrived for the last user: after the answer, there is nothing more to come.
        self.notifications_iter().for_each(drop);
        Ok(())
    }

    fn change_settings(&mut self, changes: &SettingChanges<'_>) -> QueryResult<()> {
        let change = crate::backend::postgres::ChangeSettings::new(changes);
        diesel::RunQueryDsl::execute(change, self).map(drop)
    }

    fn begin_with(&mut self, sql: &str) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, sql)
    }
}

/// Returns the checksum of a table's rows, inside a transaction.
fn sum(
    conn: &mut PgConnection,
    table: &TableName,
    limits: &ChecksumLimits,
) -> QueryResult<Checksum> {
    conn.batch_execute(&checksum::settings(limits))?;
    let key =
        diesel::sql_query(checksum::KEY).bind::<diesel::sql_types::Text, _>(table.quoted('"'));
    let key: Vec<checksum::KeyColumn> = diesel::RunQueryDsl::load(key, conn)?;
    let sum = diesel::sql_query(checksum::checksum(table, &key, limits)?);
    let sum: checksum::Sum = diesel::RunQueryDsl::get_result(sum, conn)?;
    Ok(sum.into())
}

impl super::RouterBuilder<PgConnection> {
    /// Asks servers what instances of Aurora PostgreSQL can tell, `aurora_replica_status()`, instead of positions, which
    /// they do not have.
    ///
    /// **This was never run on the real service**: it was written from its documentation, and run on PostgreSQL with
    /// functions of those names. Try it on a cluster of your own first.
    ///
    /// - Roles are followed: a failover among the nodes is noticed, and a process may start after one. Nodes may be given
    ///   with [`node`](Self::node), as instances' endpoints.
    /// - Lag is known, as far as the rows vouch for it: what a reader says, and the age of what it knows of the writer. So
    ///   `read_bounded` and [`max_lag`](Self::max_lag) hold as far as these are right. A reader of which nothing is known
    ///   counts as within the limits, as with [`window_only`](Self::window_only), but serves no `read_bounded`.
    /// - A session's reads go to the writer for the [`window`](Self::window) after it wrote, as with `window_only`: nothing
    ///   that is documented proves that a reader shows a commit. But a reader that says it lags more than the window serves
    ///   no session.
    ///
    /// Of this and `window_only()`, the last one counts. On another server than Aurora's, `build` fails with
    /// [`ConfigError::NotAurora`](crate::ConfigError::NotAurora).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(feature = "r2d2")] {
    /// use diesel_routing::{Node, sync::pg::Router};
    ///
    /// # fn example() -> Result<(), diesel_routing::Error> {
    /// let host = "c7tj4.us-east-1.rds.amazonaws.com";
    /// let instance = |id: &str| Node::new(id, format!("postgres://app@{id}.{host}/app?sslmode=verify-full"));
    /// let router = Router::builder()
    ///     .aurora()
    ///     .node(instance("mydb-1"))
    ///     .node(instance("mydb-2"))
    ///     .build()?;
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn aurora(self) -> Self {
        self.asks_aurora()
    }
}

impl WriteConn {
    /// Returns the notifications that have arrived on this connection, after a `LISTEN`, without waiting for
    /// more.
    ///
    /// A `LISTEN` belongs to its database session: keep this handle while you listen. It ends before the connection is lent again, by
    /// a [`Reset`](crate::Reset).
    ///
    /// # Example
    ///
    /// ```no_run
    /// use diesel::connection::SimpleConnection;
    /// use diesel_routing::sync::{pg::WriteConn, prelude::*};
    ///
    /// fn listen(conn: &mut WriteConn) -> QueryResult<()> {
    ///     conn.batch_execute("LISTEN orders")?;
    ///     for notification in conn.notifications_iter() {
    ///         println!("{}", notification?.payload);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn notifications_iter(&mut self) -> impl Iterator<Item = QueryResult<PgNotification>> + '_ {
        self.raw().notifications_iter()
    }

    /// Lends the raw connection for a `COPY .. TO`, which reads: unlike [`raw_counts_as_write`](Self::raw_counts_as_write),
    /// it does not count as a write.
    ///
    /// For code that needs a raw connection for Diesel's own `copy_to(..).load(conn)`; `f` gets one, and must not use it for anything else.
    /// [`copy_to`] does the same on every handle, and notices an export that the server ends early.
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
        let (raw, guard) = self.lease_mut().guard.parts();
        match f(raw) {
            Err(error) if !matches!(error, Error::DatabaseError(..)) => {
                // There may be more to come, and nobody reads it.
                let _closed = guard.leave_open();
                Err(error)
            }
            copied => {
                // Diesel leaves the end of the answer for this to read: until then, a statement would find the connection busy.
                let ended = guard.during(raw.batch_execute("SELECT 1"));
                let copied = copied?;
                ended?;
                Ok(copied)
            }
        }
    }
}

/// Runs `diesel::copy_from(..).execute(conn)`, a write.
impl<T, A> ExecuteCopyFromDsl<WriteConn> for CopyFromQuery<T, A>
where
    Self: ExecuteCopyFromDsl<PgConnection>,
    <Self as ExecuteCopyFromDsl<PgConnection>>::Error: From<Error>,
{
    type Error = <Self as ExecuteCopyFromDsl<PgConnection>>::Error;

    fn execute(self, conn: &mut WriteConn) -> Result<usize, Self::Error> {
        let (conn, guard, ending) = conn.begin_write("COPY")?;
        let entry = guard.distrust();
        let copied = ExecuteCopyFromDsl::execute(self, conn);
        match (&copied, entry) {
            (Ok(rows), Some(entry)) => entry.finish_with(Ok(Some(*rows))),
            (Err(_), Some(entry)) => entry.fail(),
            (_, None) => {}
        }
        let rows = copied?;
        ending.finish(None);
        Ok(rows)
    }
}
