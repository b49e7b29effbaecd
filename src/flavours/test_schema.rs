//! A schema that a test has for itself; on MySQL and MariaDB a database, on SQLite a file.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::time::Instant;

use diesel_routing_sql::Dialect as Sql;

use super::test_database::{TestDatabase, remove_now};
use super::test_router::NODE;
use super::{RoutedConnection, flavoured};
use crate::connect::{conceal, language_or_error};
use crate::error::{Error, Step};
use crate::statement::Dialect;
use crate::testing::{files, own};

/// A schema, until it is removed. Its keeper owns it: the server knows when that ends, however it ends.
pub(super) struct Schema<C: RoutedConnection> {
    keeper: Option<C>,
    /// The URL that a test was given, and one that leads into the schema.
    given: String,
    pub(super) url: String,
    name: String,
    /// The language of its server.
    dialect: Sql,
}

#[flavoured]
impl<C: RoutedConnection> Schema<C> {
    /// Makes a schema, after those that killed processes have left were removed.
    pub(super) async fn create(given: String) -> Result<Self, Error>
    where
        C: TestDatabase,
    {
        let (name, since) = (own::name(), Instant::now());
        // Before anything is opened: SQLite makes the file that a URL names.
        let dialect = language_or_error(&given, C::Backend::LANGUAGES)
            .map_err(|error| failed(Step::Connect, since, error))?;
        if dialect == Sql::Sqlite {
            return Self::create_file(given, name).await;
        }
        let url = own::url_of(dialect, &given, &name);
        let url = url.ok_or_else(|| failed(Step::Connect, since, "its URL is malformed"))?;
        let mut keeper = connect::<C>(&given, since).await?;
        let refused = |error: diesel::result::Error| failed(Step::SetUp, since, error);
        for left in keeper.left().await.map_err(refused)? {
            if let Err(error) = keeper.batch_execute(&own::remove(dialect, &left)).await {
                // Another test may be removing it.
                tracing::debug!(%error, "a schema that a test has left cannot be removed");
            }
        }
        let made = keeper.batch_execute(&own::create(dialect, &name)).await;
        made.map_err(refused)?;
        Ok(Self {
            keeper: Some(keeper),
            given,
            url,
            name,
            dialect,
        })
    }

    async fn create_file(given: String, name: String) -> Result<Self, Error>
    where
        C: TestDatabase,
    {
        let since = Instant::now();
        let directory = files::directory(&given);
        for left in files::names(&directory) {
            let (_, lock) = files::of_test(&directory, &left);
            let mut other = connect::<C>(&lock.to_string_lossy(), since).await?;
            // Nobody owns it.
            if other.batch_execute(files::OWN).await.is_ok() {
                drop(other);
                let removed = files::remove(&directory, &left);
                removed.map_err(|error| failed(Step::SetUp, since, error))?;
            }
        }
        let (database, lock) = files::of_test(&directory, &name);
        let mut keeper = connect::<C>(&lock.to_string_lossy(), since).await?;
        let owned = keeper.batch_execute(files::OWN).await;
        owned.map_err(|error| failed(Step::SetUp, since, error))?;
        Ok(Self {
            keeper: Some(keeper),
            url: database.to_string_lossy().into_owned(),
            given,
            name,
            dialect: Sql::Sqlite,
        })
    }

    /// Opens a connection that leads into it.
    pub(super) async fn connect(&self) -> Result<C, Error> {
        connect(&self.url, Instant::now()).await
    }

    /// Removes it.
    pub(super) async fn remove(mut self) -> Result<(), Error> {
        let since = Instant::now();
        let keeper = self.keeper.take();
        if self.dialect == Sql::Sqlite {
            drop(keeper);
            let removed = files::remove(&files::directory(&self.given), &self.name);
            return removed.map_err(|error| failed(Step::SetUp, since, error));
        }
        // Its keeper may be a runtime's that has ended.
        let mut conn = connect::<C>(&self.given, since).await?;
        let removed = conn
            .batch_execute(&own::remove(self.dialect, &self.name))
            .await;
        drop(keeper);
        removed.map_err(|error| failed(Step::SetUp, since, error))
    }
}

impl<C: RoutedConnection> Drop for Schema<C> {
    fn drop(&mut self) {
        let Some(keeper) = self.keeper.take() else {
            return;
        };
        if self.dialect == Sql::Sqlite {
            drop(keeper);
            if let Err(error) = files::remove(&files::directory(&self.given), &self.name) {
                tracing::debug!(%error, file = self.url, "a test's file cannot be removed: the next test does");
            }
            return;
        }
        let sql = own::remove(self.dialect, &self.name);
        if let Err(error) = remove_now::<C>(&self.given, &sql) {
            let schema = &self.name;
            tracing::debug!(%error, schema, "a test's schema cannot be removed: the next test does");
        }
        drop(keeper);
    }
}

#[flavoured]
async fn connect<C: RoutedConnection>(url: &str, since: Instant) -> Result<C, Error> {
    let opened = C::open(url).await;
    opened.map_err(|error| failed(Step::Connect, since, conceal(url, error)))
}

/// Returns the error of a test that could not be made ready.
pub(super) fn failed(
    step: Step,
    since: Instant,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> Error {
    Error::checkout(NODE.to_owned(), step, since, source)
}
