//! Opens and checks connections, for every pool alike.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use diesel::{ConnectionResult, QueryResult};
use diesel_async::TransactionManager;
use futures_core::future::BoxFuture;

use crate::asynchronous::RoutedConnection;
use crate::asynchronous::flight::Flight;
use crate::cluster::{Node, ServerFacts};
use crate::engine::Pooled;
use crate::error::{Error, Step};
use crate::server::NodeRole;
use crate::statement::Dialect;

/// Opens a connection to a URL.
type Connect<C> = Arc<dyn Fn(&str) -> BoxFuture<'_, ConnectionResult<C>> + Send + Sync>;

/// A hook that makes a new connection ready.
type SetUp<C> = Arc<dyn for<'a> Fn(&'a mut C) -> BoxFuture<'a, QueryResult<()>> + Send + Sync>;

/// How connections are opened and made ready.
pub(crate) struct Hooks<C> {
    pub(crate) connect: Connect<C>,
    pub(crate) set_up: Option<SetUp<C>>,
}

impl<C: RoutedConnection> Default for Hooks<C> {
    fn default() -> Self {
        Self {
            connect: Arc::new(|url| Box::pin(C::establish(url))),
            set_up: None,
        }
    }
}

impl<C> Clone for Hooks<C> {
    fn clone(&self) -> Self {
        Self {
            connect: Arc::clone(&self.connect),
            set_up: self.set_up.clone(),
        }
    }
}

/// Opens and checks the connections of one pool.
pub(crate) struct Manager<C> {
    pub(crate) node: Node,
    /// The role that its server must have; any, if none.
    pub(crate) role: Option<NodeRole>,
    pub(crate) read_only: bool,
    pub(crate) hooks: Hooks<C>,
}

impl<C: RoutedConnection> Manager<C> {
    /// A new connection, ready to be lent.
    pub(crate) async fn open(&self) -> Result<Pooled<C>, Error> {
        let since = Instant::now();
        let mut conn = self.connect().await?;
        let role =
            tokio::time::timeout(self.node.connect_timeout, self.make_ready(&mut conn, since))
                .await
                .map_err(|elapsed| self.failed(Step::SetUp, since, elapsed))??;
        Ok(Pooled::new(conn, role))
    }

    /// A new connection, as it comes.
    pub(crate) async fn connect(&self) -> Result<C, Error> {
        let since = Instant::now();
        tokio::time::timeout(
            self.node.connect_timeout,
            (self.hooks.connect)(&self.node.url),
        )
        .await
        .map_err(|elapsed| self.failed(Step::Connect, since, elapsed))?
        .map_err(|error| self.node.without_password(error))
        .map_err(|error| self.failed(Step::Connect, since, error))
    }

    /// What the server is, at build time.
    pub(crate) async fn facts(&self, conn: &mut C) -> Result<ServerFacts, Error> {
        let since = Instant::now();
        tokio::time::timeout(self.node.connect_timeout, conn.facts())
            .await
            .map_err(|elapsed| self.failed(Step::SetUp, since, elapsed))?
            .map_err(|error| self.failed(Step::SetUp, since, error).at_build())
    }

    async fn make_ready(&self, conn: &mut C, since: Instant) -> Result<Option<NodeRole>, Error> {
        let failed = |error| self.failed(Step::SetUp, since, error);
        if let Some(hook) = &self.hooks.set_up {
            hook(conn).await.map_err(failed)?;
        }
        let role = self.check_role(conn, Step::SetUp).await?;
        if self.read_only {
            conn.batch_execute(C::Backend::READ_ONLY)
                .await
                .map_err(failed)?;
        }
        Ok(role)
    }

    /// Whether a pooled connection may be lent again.
    pub(crate) async fn recycle(&self, conn: &mut Pooled<C>) -> Result<(), Error> {
        let check = self.check_role(&mut conn.conn, Step::Recycle);
        // Of every kind of connection: one whose check is given up may be cut off.
        conn.role = Flight::marking(&mut conn.awaits_answer)
            .during(check)
            .await?;
        Ok(())
    }

    /// Whether a connection that comes back must be closed: it has an open transaction, or an answer is still to
    /// come.
    pub(crate) fn is_broken(conn: &mut Pooled<C>) -> bool {
        conn.awaits_answer || C::TransactionManager::is_broken_transaction_manager(conn)
    }

    async fn check_role(&self, conn: &mut C, step: Step) -> Result<Option<NodeRole>, Error> {
        let since = Instant::now();
        match conn.node_role().await {
            Ok(role) => match (self.role, role) {
                (Some(expected), Some(found)) if found != expected => Err(Error::WrongRole {
                    node: self.node.name.clone(),
                    expected,
                    found,
                }),
                _ => Ok(role),
            },
            Err(error) => Err(self.failed(step, since, error)),
        }
    }

    fn failed(
        &self,
        step: Step,
        since: Instant,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::Checkout {
            node: self.node.name.clone(),
            step,
            waited: since.elapsed(),
            function: None,
            source: source.into(),
        }
    }
}

impl<C> fmt::Debug for Manager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}
