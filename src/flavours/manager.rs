//! Opens and checks connections, for every pool alike.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::hooks::{Connect, SetUp, TransactionManager, establish};
use super::statement_guard::StatementGuard;
use super::{RoutedConnection, flavoured, io};
use crate::cluster::{Node, ServerFacts};
use crate::engine::Pooled;
use crate::error::{Error, Step};
use crate::server::NodeRole;
use crate::statement::Dialect;

/// The hooks that open and prepare connections.
pub(crate) struct Hooks<C> {
    pub(crate) connect: Connect<C>,
    pub(crate) set_up: Option<SetUp<C>>,
}

impl<C: RoutedConnection> Default for Hooks<C> {
    fn default() -> Self {
        Self {
            connect: establish(),
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
    /// The role that its server must have; `None` for any.
    pub(crate) role: Option<NodeRole>,
    pub(crate) read_only: bool,
    pub(crate) hooks: Hooks<C>,
}

#[flavoured]
impl<C: RoutedConnection> Manager<C> {
    /// Opens a connection and prepares it.
    pub(crate) async fn open(&self) -> Result<Pooled<C>, Error> {
        let since = Instant::now();
        let mut conn = self.connect().await?;
        let role = io::within(self.node.connect_timeout, self.make_ready(&mut conn, since))
            .await
            .map_err(|elapsed| self.failed(Step::SetUp, since, elapsed))??;
        Ok(Pooled::new(conn, role))
    }

    /// Opens a connection without preparing it.
    pub(crate) async fn connect(&self) -> Result<C, Error> {
        let since = Instant::now();
        io::within(
            self.node.connect_timeout,
            (self.hooks.connect)(&self.node.url),
        )
        .await
        .map_err(|elapsed| self.failed(Step::Connect, since, elapsed))?
        .map_err(|error| self.node.without_password(error))
        .map_err(|error| self.failed(Step::Connect, since, error))
    }

    /// Returns facts about the server: when a router is built, and later for its watchers.
    pub(crate) async fn facts(&self, conn: &mut C) -> Result<ServerFacts, Error> {
        let since = Instant::now();
        io::within(self.node.connect_timeout, conn.facts())
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

    /// Checks that a pooled connection may be handed out again.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) async fn recycle(&self, conn: &mut Pooled<C>) -> Result<(), Error> {
        let check = self.check_role(&mut conn.conn, Step::Recycle);
        // For every kind of connection: one whose check is abandoned may be cut off.
        conn.role = StatementGuard::marking(&mut conn.awaits_answer)
            .during(check)
            .await?;
        Ok(())
    }

    /// Returns whether a returned connection must be closed: it has an open transaction, or an answer is
    /// outstanding.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn is_broken(conn: &mut Pooled<C>) -> bool {
        conn.awaits_answer || C::TransactionManager::is_broken_transaction_manager(&mut conn.conn)
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
        Error::checkout(self.node.name.clone(), step, since, source)
    }
}

impl<C> fmt::Debug for Manager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}
