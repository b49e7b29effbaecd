//! Schemas that tests have for themselves: what differs by server and flavour.

use std::error::Error as StdError;
use std::future::Future;
use std::time::{Duration, Instant};

use diesel::QueryResult;

use super::test_router::{TestRouter, TestRouterBuilder};
use super::test_schema::{Schema, failed};
use super::{RoutedConnection, RouterBuilder};
use crate::error::{Error, Step};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use crate::testing::own;

/// The time that removing a schema takes at most, as a test ends. Chosen.
const REMOVAL: Duration = Duration::from_secs(10);

/// A diesel-async connection to servers on which a test can have a schema, a database or a file for itself.
///
/// Implemented for diesel-async's three.
pub trait TestDatabase: RoutedConnection {
    /// Returns the names of the schemas that tests of killed processes have left.
    #[doc(hidden)]
    fn left(&mut self) -> impl Future<Output = QueryResult<Vec<String>>> + Send;
}

impl<C: TestDatabase> TestRouter<C> {
    /// Starts a router for one test on a schema of its own, which is empty, is made ready by `set_up` and is dropped afterwards. On
    /// MySQL and MariaDB, it is a database; on SQLite, a file beside the one that `url` names.
    ///
    /// For code that no transaction around it serves: tasks that commit, several connections at once, DDL on MySQL. It costs
    /// what `set_up` costs. The router has pools, and a read-only stand-in for a replica, as
    /// [`single_database`](crate::RouterBuilder::single_database).
    ///
    /// It is dropped with this, also by a panic. What a process that was killed leaves, the next test removes: each schema is owned by
    /// a lock that the server ends with its connection. The account must be allowed to make schemas, or databases. Names that
    /// have a schema in them (`public.users`) do not lead into it. What the URL's own `search_path` names is searched after it.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`]: the server's error, or that of `set_up`.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "bb8", feature = "postgres"))]
    /// # mod example {
    /// use diesel_async::SimpleAsyncConnection;
    /// use diesel_routing::pg::TestRouter;
    ///
    /// # async fn example() -> Result<(), diesel_routing::Error> {
    /// let test = TestRouter::with_schema("postgres://app@localhost/app_test", async |conn| {
    ///     conn.batch_execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)").await
    /// })
    /// .await?;
    /// let session = test.session();
    /// # drop(session);
    /// # Ok(()) }
    /// # }
    /// ```
    pub async fn with_schema<E>(
        url: impl Into<String>,
        set_up: impl AsyncFnOnce(&mut C) -> Result<(), E>,
    ) -> Result<Self, Error>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self::builder(url).build_with_schema(set_up).await
    }
}

impl<C: TestDatabase> TestRouterBuilder<C> {
    /// Makes a schema, and connects: see [`TestRouter::with_schema`].
    ///
    /// # Errors
    ///
    /// As for [`TestRouter::with_schema`].
    pub async fn build_with_schema<E>(
        self,
        set_up: impl AsyncFnOnce(&mut C) -> Result<(), E>,
    ) -> Result<TestRouter<C>, Error>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let since = Instant::now();
        let schema = Schema::create(self.url.clone()).await?;
        let mut conn = schema.connect().await?;
        let is_ready = set_up(&mut conn).await;
        drop(conn);
        is_ready.map_err(|error| failed(Step::SetUp, since, error))?;
        let default = super::pool::default_library().map(RouterBuilder::new);
        self.on_schema(schema, default).await
    }
}

/// Runs SQL that removes a schema, on a thread of its own: the test's runtime may be this thread.
pub(super) fn remove_now<C: RoutedConnection>(
    url: &str,
    sql: &str,
) -> Result<(), Box<dyn StdError + Send + Sync>> {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    let removing = std::thread::Builder::new().spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build()?.block_on(async {
            let remove = async {
                let mut conn = C::open(&url).await?;
                Ok(conn.batch_execute(&sql).await?)
            };
            tokio::time::timeout(REMOVAL, remove).await?
        })
    })?;
    removing
        .join()
        .unwrap_or_else(|_| Err("removing it has panicked".into()))
}

#[cfg(feature = "postgres")]
impl TestDatabase for diesel_async::AsyncPgConnection {
    async fn left(&mut self) -> QueryResult<Vec<String>> {
        let query = diesel::sql_query(own::LEFT_ON_POSTGRES);
        let left: Vec<own::Left> = diesel_async::RunQueryDsl::load(query, self).await?;
        Ok(left.into_iter().map(|left| left.name).collect())
    }
}

#[cfg(feature = "mysql")]
impl TestDatabase for diesel_async::AsyncMysqlConnection {
    async fn left(&mut self) -> QueryResult<Vec<String>> {
        let query = diesel::sql_query(own::LEFT_ON_MYSQL);
        let left: Vec<own::Left> = diesel_async::RunQueryDsl::load(query, self).await?;
        Ok(left.into_iter().map(|left| left.name).collect())
    }
}

#[cfg(feature = "sqlite")]
impl TestDatabase for super::sqlite::Connection {
    /// Returns none: files are found in their directory.
    async fn left(&mut self) -> QueryResult<Vec<String>> {
        Ok(Vec::new())
    }
}
