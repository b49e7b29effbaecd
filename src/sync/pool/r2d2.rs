//! The r2d2 adapter.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use diesel::QueryResult;
use diesel::connection::TransactionManager;
use r2d2::{HandleError, ManageConnection, PooledConnection};
use scheduled_thread_pool::ScheduledThreadPool;

use super::RoutedConnection;
use crate::cluster::{Node, PoolStatus, Pooled, ServerFacts};
use crate::dialect::Dialect;
use crate::error::{Error, NodeRole, Step};

/// A hook that makes a new connection ready.
pub(crate) type SetUp<C> = Arc<dyn Fn(&mut C) -> QueryResult<()> + Send + Sync>;

/// Opens and checks the connections of one pool.
pub(crate) struct Manager<C> {
    node: Node,
    /// The role that its server must have; any, if none.
    role: Option<NodeRole>,
    read_only: bool,
    set_up: Option<SetUp<C>>,
}

impl<C: RoutedConnection> Manager<C> {
    pub(crate) fn new(
        node: Node,
        role: Option<NodeRole>,
        read_only: bool,
        set_up: Option<SetUp<C>>,
    ) -> Self {
        Self {
            node,
            role,
            read_only,
            set_up,
        }
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }

    /// A new connection, as it comes.
    pub(crate) fn establish(&self) -> Result<C, Error> {
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

impl<C: RoutedConnection> ManageConnection for Manager<C> {
    type Connection = Pooled<C>;
    type Error = Error;

    fn connect(&self) -> Result<Pooled<C>, Error> {
        let since = Instant::now();
        let mut conn = self.establish()?;
        let set_up = |error| self.failed(Step::SetUp, since, error);
        if let Some(hook) = &self.set_up {
            hook(&mut conn).map_err(set_up)?;
        }
        let role = self.check_role(&mut conn, Step::SetUp)?;
        if self.read_only {
            conn.batch_execute(C::Backend::READ_ONLY).map_err(set_up)?;
        }
        Ok(Pooled::new(conn, role))
    }

    fn is_valid(&self, conn: &mut Pooled<C>) -> Result<(), Error> {
        conn.role = self.check_role(&mut conn.conn, Step::Recycle)?;
        Ok(())
    }

    fn has_broken(&self, conn: &mut Pooled<C>) -> bool {
        std::thread::panicking()
            || C::TransactionManager::is_broken_transaction_manager(&mut conn.conn)
    }
}

impl<C> fmt::Debug for Manager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

/// One r2d2 pool, and the last error of its background threads: r2d2's own error has the text only.
pub(crate) struct Pool<C: RoutedConnection> {
    pool: r2d2::Pool<Manager<C>>,
    node: Node,
    last_error: Arc<LastError>,
}

#[derive(Debug, Default)]
struct LastError(Mutex<Option<(Instant, Error)>>);

impl LastError {
    fn take_since(&self, since: Instant) -> Option<Error> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.take_if(|(at, _)| *at >= since).map(|(_, error)| error)
    }
}

impl HandleError<Error> for Arc<LastError> {
    fn handle_error(&self, error: Error) {
        tracing::debug!(%error, "a pool could not open or keep a connection");
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), error));
    }
}

impl<C: RoutedConnection> Pool<C> {
    /// A pool that opens connections as they are needed, on the `threads` it shares with others.
    pub(crate) fn new(manager: Manager<C>, size: u32, threads: &Arc<ScheduledThreadPool>) -> Self {
        let last_error = Arc::<LastError>::default();
        let node = manager.node.clone();
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(node.checkout_timeout)
            .test_on_check_out(true)
            .thread_pool(Arc::clone(threads))
            .error_handler(Box::new(Arc::clone(&last_error)))
            .build_unchecked(manager);
        Self {
            pool,
            node,
            last_error,
        }
    }

    pub(crate) fn status(&self, pool: &'static str) -> PoolStatus {
        let state = self.pool.state();
        PoolStatus {
            pool,
            max_size: self.pool.max_size(),
            open: state.connections,
            idle: state.idle_connections,
        }
    }

    pub(crate) fn get(&self) -> Result<PooledConnection<Manager<C>>, Error> {
        let since = Instant::now();
        self.pool.get().map_err(|error| {
            // The cause, if one was seen while this caller waited; else the wait itself.
            self.last_error
                .take_since(since)
                .unwrap_or_else(|| Error::Checkout {
                    node: self.node.name.clone(),
                    step: Step::Wait,
                    waited: since.elapsed(),
                    function: None,
                    source: Box::new(error),
                })
        })
    }
}
