//! `TestRouter`: a router for one test.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pool::Library;
use super::test_pool::Settings;
use super::test_schema::{Schema, failed};
use super::{RoutedConnection, Router, RouterBuilder, flavoured};
use crate::cluster::Node;
use crate::error::{Error, Step};
use crate::testing::{Slot, end_with_thread};

/// The time that a test waits for its connection, unless it says otherwise. Chosen: longer than any statement of a test, shorter
/// than a test that hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// The name of its node.
pub(super) const NODE: &str = "test";

/// A router for one test: one connection, in one transaction that is rolled back. It is a [`Router`], so handlers, tasks and
/// layers take it as they are.
///
/// Every handle, of all roles, is lent that connection, one at a time: what one wrote, the next one reads, whichever it is. A
/// handle that is asked for while another is out waits for it, and fails after a [time](TestRouterBuilder::timeout) with an error
/// that says where the other one was taken. Nothing is left once this is dropped, be it by a panic; nor where the process is
/// killed, for the server rolls back.
///
/// As in production are
///
/// - the handles' types, the statement check, and classes, settings and keys of the [builder](TestRouterBuilder::router) that the
///   test gives;
/// - routes: a session's reads after it wrote go to the primary, `test`, for the [window](crate::RouterBuilder::window), and to
///   the replica, `test-replica`, otherwise. It is one database: a stale read it cannot show;
/// - transactions, as savepoints: one that is committed stays for the rest of the test, one that is rolled back does not, nor one
///   whose handle was dropped, whose future was dropped or which panicked in the middle;
/// - failures: after a statement that failed, a handler goes on, as it would without the test's transaction. After one that
///   failed in its own transaction, it does not;
/// - servers' refusal of writes on handles that read, on PostgreSQL and SQLite. MySQL and MariaDB cannot do that inside a
///   transaction;
/// - [resets](crate::Reset) of a connection's session between loans, on PostgreSQL.
///
/// Otherwise than in production, isolation levels are that of the test's transaction, deferred constraints are checked at no commit, `now()` of
/// PostgreSQL stands still, sequences are not rolled back, and whatever commits by itself ends the test with an error: DDL on
/// MySQL and MariaDB. Code that needs several connections at once, or what is committed, is tested
/// [with a schema](Self::with_schema) of its own.
///
/// See [`docs/testing.md`](https://github.com/diesel-routing/diesel-routing/blob/main/docs/testing.md).
#[must_use = "the test's transaction is rolled back when it is dropped"]
pub struct TestRouter<C: RoutedConnection> {
    router: Router<C>,
    url: String,
    /// Its connection, of a test in a transaction.
    slot: Option<Arc<Slot<C>>>,
    /// Its schema, of a test that has one.
    schema: Option<Schema<C>>,
}

/// The configuration of a [`TestRouter`], from [`TestRouter::builder`].
#[must_use = "a router starts with `build`"]
pub struct TestRouterBuilder<C: RoutedConnection> {
    pub(super) url: String,
    pub(super) router: Option<RouterBuilder<C>>,
    timeout: Duration,
}

#[flavoured]
impl<C: RoutedConnection> TestRouter<C> {
    /// Connects to `url`, and opens the transaction of a test.
    ///
    /// # Errors
    ///
    /// As for [`RouterBuilder::build`](crate::RouterBuilder); the server's, if it does not open a transaction.
    pub async fn new(url: impl Into<String>) -> Result<Self, Error> {
        Self::builder(url).build().await
    }

    /// Starts the configuration of a router for one test.
    pub fn builder(url: impl Into<String>) -> TestRouterBuilder<C> {
        TestRouterBuilder {
            url: url.into(),
            router: None,
            timeout: PATIENCE,
        }
    }

    /// Returns the router, for code that keeps one. It serves until the test is over.
    #[must_use]
    pub fn router(&self) -> &Router<C> {
        &self.router
    }

    /// Returns the URL that its connections are opened with.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends the test: waits for the handle that is out, if one is, and rolls back; or drops its schema.
    ///
    /// Dropping it rolls back as well, and tells nobody what was wrong.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`] in the step [`Test`](crate::Step::Test), if a handle is still out after the test's
    /// [time](TestRouterBuilder::timeout), a task's say; if the test's transaction is open no more, because a statement committed it; or if
    /// the connection was lost.
    pub async fn finish(mut self) -> Result<(), Error> {
        if let Some(schema) = self.schema.take() {
            self.router.close();
            return schema.remove().await;
        }
        // It ends the last loan, and so finds what that left behind.
        let last = self.router.write().await;
        last.map(drop)
    }
}

#[flavoured]
impl<C: RoutedConnection> TestRouterBuilder<C> {
    /// Sets the configuration of the application's own router: its classes, statement check, keys, hooks and window. Its nodes and
    /// pools are the test's. Defaults to none.
    pub fn router(mut self, builder: RouterBuilder<C>) -> Self {
        self.router = Some(builder);
        self
    }

    /// Sets how long a handle waits while another one is out. Defaults to 5 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Connects, and opens the transaction of a test.
    ///
    /// # Errors
    ///
    /// As for [`TestRouter::new`].
    pub async fn build(self) -> Result<TestRouter<C>, Error> {
        let slot = Arc::new(Slot::new(self.timeout));
        let library = Library::Testing(Settings);
        let router = self
            .router
            .unwrap_or_else(|| RouterBuilder::new(library.clone()));
        let node = Node::new(NODE, &self.url);
        let mut router = router.under_test(library, node);
        router.hooks.test = Some(Arc::clone(&slot));
        let router = router.build().await?;
        end_with_thread(&slot);
        let test = TestRouter {
            router,
            url: self.url,
            slot: Some(slot),
            schema: None,
        };
        // What the server has against it is said now.
        drop(test.router.write().await?);
        Ok(test)
    }

    /// Connects to a schema, with the pools of the given builder or of the default one.
    pub(super) async fn on_schema(
        self,
        schema: Schema<C>,
        default: Option<RouterBuilder<C>>,
    ) -> Result<TestRouter<C>, Error> {
        let without =
            "no library for pools is compiled in: enable one of the crate's features for pools";
        let router = self.router.or(default);
        let router = router.ok_or_else(|| failed(Step::SetUp, Instant::now(), without))?;
        let node = Node::new(NODE, &schema.url);
        let router = router.on_one(node).build().await?;
        Ok(TestRouter {
            router,
            url: schema.url.clone(),
            slot: None,
            schema: Some(schema),
        })
    }
}

impl<C: RoutedConnection> Deref for TestRouter<C> {
    type Target = Router<C>;

    fn deref(&self) -> &Router<C> {
        &self.router
    }
}

impl<C: RoutedConnection> Drop for TestRouter<C> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            slot.end();
        }
        if let Some(schema) = self.schema.take() {
            self.router.close();
            drop(schema);
        }
    }
}

impl<C: RoutedConnection> fmt::Debug for TestRouter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRouter").finish_non_exhaustive()
    }
}

impl<C: RoutedConnection> fmt::Debug for TestRouterBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestRouterBuilder")
            .field("router", &self.router)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
