//! PostgreSQL: the handles without the connection type, and notifications.
//!
//! There is no `COPY`, which diesel-async does not have: a blocking router runs it, see `sync::pg::copy_to` (feature `sync-postgres`).

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use diesel::pg::{Pg, PgNotification};
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::{ConnectionResult, QueryResult};
use diesel_async::{
    AnsiTransactionManager, AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection,
    TransactionManager,
};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;

pub use diesel_routing_macros::read_sql_pg as read_sql;

use crate::asynchronous::{Pipelines, RoutedConnection};
use crate::backend::postgres::checksum;
use crate::cluster::{Checksum, ChecksumLimits, Diagnosis, Introduction, Observation, ServerFacts};
use crate::connect::{SettingChanges, conceal};
use crate::position::Position;
use crate::server::NodeRole;
use crate::statement::TableName;

/// [`ReadConn`](crate::ReadConn) on PostgreSQL.
pub type ReadConn<R> = crate::ReadConn<R, AsyncPgConnection>;
/// [`WriteConn`](crate::WriteConn) on PostgreSQL.
pub type WriteConn = crate::WriteConn<AsyncPgConnection>;
/// [`Router`](crate::Router) on PostgreSQL.
pub type Router = crate::Router<AsyncPgConnection>;
/// [`TestRouter`](crate::TestRouter) on PostgreSQL.
#[cfg(feature = "test-util")]
pub type TestRouter = crate::TestRouter<AsyncPgConnection>;
/// [`Session`](crate::Session) on PostgreSQL.
pub type Session = crate::Session<AsyncPgConnection>;
/// [`ReadSql`](crate::ReadSql) on PostgreSQL.
pub type ReadSql = crate::ReadSql<Pg>;

impl RoutedConnection for AsyncPgConnection {
    // The task that owns the socket reads and drops the answers that are not awaited any more.
    const SURVIVES_CANCELLATION: bool = true;
    const WATCHED: bool = true;
    const KNOWS_SUBSCRIBERS: bool = true;
    const WAITS: bool = true;
    const RESETS: bool = true;

    /// Opens a connection to what libpq takes as well; TLS needs the feature `rustls`.
    async fn open(url: &str) -> ConnectionResult<Self> {
        let opened = super::connect::postgres::open(url).await;
        opened.map_err(|error| conceal(url, error))
    }

    async fn observe(&mut self, facts: &ServerFacts) -> QueryResult<Option<Observation>> {
        if facts.is_aurora {
            let answer: crate::backend::aurora::Answer =
                diesel_async::RunQueryDsl::get_result(crate::backend::aurora::Observe, self)
                    .await?;
            return Ok(Some(answer.observation()));
        }
        if facts.is_subscriber {
            return observe_subscriber(self).await.map(Some);
        }
        let observe = crate::backend::postgres::Observe::new(facts);
        let answer: crate::backend::postgres::Answer =
            diesel_async::RunQueryDsl::get_result(observe, self).await?;
        if answer.is_promoted(facts) {
            return Ok(self.introduce(true, false).await?.observation);
        }
        Ok(answer.observation(facts))
    }

    /// Returns the role and the mode of the session.
    async fn role_and_mode(&mut self) -> QueryResult<(Option<NodeRole>, Option<bool>)> {
        let query = crate::backend::postgres::role_and_mode_query();
        let (in_recovery, read_only): (bool, String) =
            diesel_async::RunQueryDsl::get_result(query, self).await?;
        let role = crate::backend::postgres::role(in_recovery);
        Ok((Some(role), Some(read_only == "on")))
    }

    /// Returns the server's identity, its role, its version, and the process behind the connection.
    async fn facts(&mut self, positions: bool) -> QueryResult<ServerFacts> {
        let facts = crate::backend::postgres::AskFacts {
            positions,
            read_only: false,
        };
        diesel_async::RunQueryDsl::get_result::<crate::backend::postgres::Facts>(facts, self)
            .await
            .map(Into::into)
    }

    /// Returns the facts, the role and the position, and makes the connection read-only, with one query.
    async fn introduce(&mut self, positions: bool, read_only: bool) -> QueryResult<Introduction> {
        let facts = crate::backend::postgres::AskFacts {
            positions,
            read_only,
        };
        diesel_async::RunQueryDsl::get_result::<crate::backend::postgres::Facts>(facts, self)
            .await
            .map(Into::into)
    }

    /// Returns the facts, the role and the lag of an instance of Aurora, and makes the connection read-only, with one query.
    async fn introduce_aurora(&mut self, read_only: bool) -> QueryResult<Introduction> {
        let introduce = crate::backend::aurora::Introduce { read_only };
        diesel_async::RunQueryDsl::get_result::<crate::backend::aurora::Introduced>(introduce, self)
            .await
            .map(Into::into)
    }

    async fn shares(&mut self, backend: u64) -> QueryResult<bool> {
        let ran = self
            .batch_execute(&crate::backend::postgres::fails_on(backend))
            .await;
        if crate::backend::postgres::has_failed(&ran) {
            // It still answers.
            self.facts(false).await?;
            return Ok(true);
        }
        ran.map(|()| false)
    }

    async fn diagnose(&mut self, facts: &ServerFacts) -> QueryResult<Diagnosis> {
        if facts.is_aurora {
            return Ok(Diagnosis::default());
        }
        let query = diesel::sql_query(crate::backend::postgres::DIAGNOSE);
        let replication = diesel_async::RunQueryDsl::get_result(query, self).await;
        crate::backend::postgres::diagnosed(replication)
    }

    async fn connections_in_use(&mut self, _: &ServerFacts) -> QueryResult<Option<f64>> {
        let query = diesel::sql_query(crate::backend::postgres::LOAD);
        let load: crate::backend::postgres::Load =
            diesel_async::RunQueryDsl::get_result(query, self).await?;
        Ok(load.share)
    }

    async fn wait_for(
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
            diesel_async::RunQueryDsl::get_result(query, self).await?;
        if !waited.is_there() {
            return Ok(false);
        }
        let observation = self.observe(facts).await?;
        Ok(observation.is_some_and(|observation| observation.covers(required)))
    }

    /// Returns the role, by whether the server is in recovery.
    async fn node_role(&mut self) -> QueryResult<Option<NodeRole>> {
        diesel_async::RunQueryDsl::get_result(crate::backend::postgres::role_query(), self)
            .await
            .map(|in_recovery| Some(crate::backend::postgres::role(in_recovery)))
    }

    async fn checksum(
        &mut self,
        table: &TableName,
        limits: &ChecksumLimits,
        _: &ServerFacts,
    ) -> QueryResult<Option<Checksum>> {
        self.begin_with(checksum::BEGIN).await?;
        let sum = sum(self, table, limits).await;
        AnsiTransactionManager::rollback_transaction(self).await?;
        sum.map(Some)
    }

    async fn reset(&mut self, read_only: bool) -> QueryResult<()> {
        let sql = crate::backend::postgres::reset(read_only);
        self.batch_execute(sql).await?;
        // What arrived for the last user: after the answer, there is nothing more to come.
        let mut notifications = pin!(self.notifications_stream());
        poll_fn(|cx| {
            while let Poll::Ready(Some(_)) = notifications.as_mut().poll_next(cx) {}
            Poll::Ready(())
        })
        .await;
        Ok(())
    }

    async fn change_settings(&mut self, changes: &SettingChanges<'_>) -> QueryResult<()> {
        let change = crate::backend::postgres::ChangeSettings::new(changes);
        let changed = diesel_async::RunQueryDsl::execute(change, self).await;
        changed.map(drop)
    }

    async fn begin_with(&mut self, sql: &str) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction_sql(self, sql).await
    }
}

impl Pipelines for AsyncPgConnection {
    type PipelinedRow = <Self as AsyncConnectionCore>::Row<'static, 'static>;

    fn load_beside<'conn, 'query, Q>(
        &'conn self,
        query: Q,
    ) -> BoxFuture<'conn, QueryResult<BoxStream<'static, QueryResult<Self::PipelinedRow>>>>
    where
        Q: AsQuery + 'query,
        Q::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let mut conn = self;
        AsyncConnectionCore::load(&mut conn, query)
    }

    fn execute_beside<'conn, 'query, Q>(
        &'conn self,
        query: Q,
    ) -> BoxFuture<'conn, QueryResult<usize>>
    where
        Q: QueryFragment<Pg> + QueryId + 'query,
    {
        let mut conn = self;
        AsyncConnectionCore::execute_returning_count(&mut conn, query)
    }

    fn observe_beside<'conn>(
        &'conn self,
        facts: &'conn ServerFacts,
    ) -> Option<BoxFuture<'conn, QueryResult<Option<Observation>>>> {
        if facts.is_aurora {
            return None;
        }
        Some(Box::pin(async move {
            if facts.is_subscriber {
                return observe_subscriber(self).await.map(Some);
            }
            let observe = crate::backend::postgres::Observe::new(facts);
            let answer: crate::backend::postgres::Answer =
                diesel_async::RunQueryDsl::get_result(observe, &mut &*self).await?;
            // One that was promoted has more to say, which is another question.
            Ok(answer.observation(facts))
        }))
    }

    fn batch_beside<'conn>(&'conn self, sql: &'conn str) -> BoxFuture<'conn, QueryResult<()>> {
        Box::pin(async move {
            let mut conn = self;
            SimpleAsyncConnection::batch_execute(&mut conn, sql).await
        })
    }
}

/// Returns what a logical subscriber says of itself.
async fn observe_subscriber(mut conn: &AsyncPgConnection) -> QueryResult<Observation> {
    let ask = crate::backend::postgres::AskSubscriber;
    let answer: crate::backend::postgres::Subscriptions =
        diesel_async::RunQueryDsl::get_result(ask, &mut conn).await?;
    Ok(answer.observation())
}

/// Returns the checksum of a table's rows, inside a transaction.
async fn sum(
    conn: &mut AsyncPgConnection,
    table: &TableName,
    limits: &ChecksumLimits,
) -> QueryResult<Checksum> {
    conn.batch_execute(&checksum::settings(limits)).await?;
    let key =
        diesel::sql_query(checksum::KEY).bind::<diesel::sql_types::Text, _>(table.quoted('"'));
    let key: Vec<checksum::KeyColumn> = diesel_async::RunQueryDsl::load(key, conn).await?;
    let sum = diesel::sql_query(checksum::checksum(table, &key, limits)?);
    let sum: checksum::Sum = diesel_async::RunQueryDsl::get_result(sum, conn).await?;
    Ok(sum.into())
}

impl crate::RouterBuilder<AsyncPgConnection> {
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
    /// # #[cfg(feature = "bb8")] {
    /// use std::time::Duration;
    /// use diesel_routing::{Node, pg::Router};
    ///
    /// # async fn example() -> Result<(), diesel_routing::Error> {
    /// let host = "c7tj4.us-east-1.rds.amazonaws.com";
    /// let instance = |id: &str| Node::new(id, format!("postgres://app@{id}.{host}/app?sslmode=verify-full"));
    /// let router = Router::builder()
    ///     .aurora()
    ///     .node(instance("mydb-1"))
    ///     .node(instance("mydb-2"))
    ///     .window(Duration::from_secs(5)) // more than readers lag
    ///     .build()
    ///     .await?;
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn aurora(self) -> Self {
        self.asks_aurora()
    }
}

impl WriteConn {
    /// Returns the notifications that arrive on this connection, after a `LISTEN`.
    ///
    /// A `LISTEN` belongs to its database session: keep this handle while you listen. It ends before the connection is lent again, by
    /// a [`Reset`](crate::Reset).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a notification is lost only once the stream has yielded it.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use diesel_async::SimpleAsyncConnection;
    /// use diesel_routing::{pg::WriteConn, prelude::*};
    /// use futures_util::{TryStreamExt, pin_mut};
    ///
    /// async fn listen(conn: &mut WriteConn) -> QueryResult<()> {
    ///     conn.batch_execute("LISTEN orders").await?;
    ///     let notifications = conn.notifications_stream();
    ///     pin_mut!(notifications);
    ///     while let Some(notification) = notifications.try_next().await? {
    ///         println!("{}", notification.payload);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn notifications_stream(&mut self) -> impl Stream<Item = QueryResult<PgNotification>> + '_ {
        self.raw().notifications_stream()
    }
}
