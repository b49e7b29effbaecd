//! Opens and checks connections, for every pool alike.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use diesel::QueryResult;
use diesel::connection::TransactionManager;

use crate::cluster::{Node, ServerFacts};
use crate::engine::Pooled;
use crate::error::{Error, Step};
use crate::server::NodeRole;
use crate::statement::Dialect;
use crate::sync::RoutedConnection;

/// A hook that makes a new connection ready.
type SetUp<C> = Arc<dyn Fn(&mut C) -> QueryResult<()> + Send + Sync>;

/// How connections are made ready.
pub(crate) struct Hooks<C> {
    pub(crate) set_up: Option<SetUp<C>>,
}

impl<C> Default for Hooks<C> {
    fn default() -> Self {
        Self { set_up: None }
    }
}

impl<C> Clone for Hooks<C> {
    fn clone(&self) -> Self {
        Self {
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
    pub(crate) fn open(&self) -> Result<Pooled<C>, Error> {
        let since = Instant::now();
        let mut conn = self.connect()?;
        let set_up = |error| self.failed(Step::SetUp, since, error);
        if let Some(hook) = &self.hooks.set_up {
            hook(&mut conn).map_err(set_up)?;
        }
        let role = self.check_role(&mut conn, Step::SetUp)?;
        if self.read_only {
            conn.batch_execute(C::Backend::READ_ONLY).map_err(set_up)?;
        }
        Ok(Pooled::new(conn, role))
    }

    /// Whether a pooled connection may be lent again.
    pub(crate) fn recycle(&self, conn: &mut Pooled<C>) -> Result<(), Error> {
        conn.role = self.check_role(&mut conn.conn, Step::Recycle)?;
        Ok(())
    }

    /// Whether a connection that comes back must be closed: it has an open transaction.
    pub(crate) fn is_broken(conn: &mut Pooled<C>) -> bool {
        C::TransactionManager::is_broken_transaction_manager(&mut conn.conn)
    }

    /// A new connection, as it comes.
    pub(crate) fn connect(&self) -> Result<C, Error> {
        let since = Instant::now();
        C::establish(&self.node.url)
            .map_err(|error| self.node.without_password(error))
            .map_err(|error| self.failed(Step::Connect, since, error))
    }

    /// What the server is, at build time.
    pub(crate) fn facts(&self, conn: &mut C) -> Result<ServerFacts, Error> {
        let since = Instant::now();
        conn.facts()
            .map_err(|error| self.failed(Step::SetUp, since, error).at_build())
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

    fn check_role(&self, conn: &mut C, step: Step) -> Result<Option<NodeRole>, Error> {
        let since = Instant::now();
        match conn.node_role() {
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
}

impl<C> fmt::Debug for Manager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}
