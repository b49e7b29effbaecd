//! Schemas that tests have for themselves: what differs by server and flavour.

use std::error::Error as StdError;
use std::time::Instant;

use diesel::QueryResult;

use super::test_router::{TestRouter, TestRouterBuilder};
use super::test_schema::{Schema, failed};
use super::{RoutedConnection, RouterBuilder};
use crate::error::{Error, Step};
#[cfg(any(feature = "sync-postgres", feature = "sync-mysql"))]
use crate::testing::own;

/// A blocking Diesel connection to servers on which a test can have a schema, a database or a file for itself.
///
/// Implemented for Diesel's three, and by [`#[derive(RoutedConnection)]`](derive@crate::RoutedConnection) for an enum of them.
pub trait TestDatabase: RoutedConnection {
    /// Returns the names of the schemas that tests of killed processes have left.
    #[doc(hidden)]
    fn left(&mut self) -> QueryResult<Vec<String>>;
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
    /// ```
    /// use diesel::connection::SimpleConnection;
    /// use diesel_routing::sync::{prelude::*, sqlite::TestRouter};
    ///
    /// diesel::table! { users { id -> Integer, name -> Text, } }
    ///
    /// # fn main() -> Result<(), diesel_routing::Error> {
    /// let test = TestRouter::with_schema(":memory:", |conn| {
    ///     conn.batch_execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
    /// })?;
    /// let (one, another) = (test.session(), test.session());
    /// let (mut write, mut read) = (one.write()?, another.read()?); // two at once
    /// diesel::insert_into(users::table).values(users::name.eq("ann")).execute(&mut write)?;
    /// assert_eq!(users::table.count().get_result::<i64>(&mut read)?, 1); // it is committed
    /// # drop((write, read));
    /// test.finish()
    /// # }
    /// ```
    pub fn with_schema<E>(
        url: impl Into<String>,
        set_up: impl FnOnce(&mut C) -> Result<(), E>,
    ) -> Result<Self, Error>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self::builder(url).build_with_schema(set_up)
    }
}

impl<C: TestDatabase> TestRouterBuilder<C> {
    /// Makes a schema, and connects: see [`TestRouter::with_schema`].
    ///
    /// # Errors
    ///
    /// As for [`TestRouter::with_schema`].
    pub fn build_with_schema<E>(
        self,
        set_up: impl FnOnce(&mut C) -> Result<(), E>,
    ) -> Result<TestRouter<C>, Error>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let since = Instant::now();
        let schema = Schema::create(self.url.clone())?;
        let mut conn = schema.connect()?;
        let is_ready = set_up(&mut conn);
        drop(conn);
        is_ready.map_err(|error| failed(Step::SetUp, since, error))?;
        let default = super::pool::default_library().map(RouterBuilder::new);
        self.on_schema(schema, default)
    }
}

/// Runs SQL that removes a schema.
pub(super) fn remove_now<C: RoutedConnection>(
    url: &str,
    sql: &str,
) -> Result<(), Box<dyn StdError + Send + Sync>> {
    let mut conn = C::open(url)?;
    Ok(conn.batch_execute(sql)?)
}

#[cfg(feature = "sync-postgres")]
impl TestDatabase for diesel::PgConnection {
    fn left(&mut self) -> QueryResult<Vec<String>> {
        let query = diesel::sql_query(own::LEFT_ON_POSTGRES);
        let left: Vec<own::Left> = diesel::RunQueryDsl::load(query, self)?;
        Ok(left.into_iter().map(|left| left.name).collect())
    }
}

#[cfg(feature = "sync-mysql")]
impl TestDatabase for diesel::MysqlConnection {
    fn left(&mut self) -> QueryResult<Vec<String>> {
        let query = diesel::sql_query(own::LEFT_ON_MYSQL);
        let left: Vec<own::Left> = diesel::RunQueryDsl::load(query, self)?;
        Ok(left.into_iter().map(|left| left.name).collect())
    }
}

#[cfg(feature = "sync-sqlite")]
impl TestDatabase for diesel::SqliteConnection {
    /// Returns none: files are found in their directory.
    fn left(&mut self) -> QueryResult<Vec<String>> {
        Ok(Vec::new())
    }
}
