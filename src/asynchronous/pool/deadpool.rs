//! The deadpool adapter.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use deadpool::Runtime;
use deadpool::managed::{
    Manager as ManageConnection, Metrics, Object, PoolError, RecycleError, RecycleResult,
    TimeoutType,
};
use tokio::sync::oneshot;

use super::{Library, Manager};
use crate::asynchronous::RoutedConnection;
use crate::cluster::{Member, PoolOptions};
use crate::engine::{PoolStatus, Pooled};
use crate::engine::{Router, RouterBuilder};
use crate::error::{Error, Step};
use crate::mutex::lock;
use crate::server::PoolKind;

/// Opens connections for deadpool.
///
/// deadpool opens one in the caller's own future. A caller who gives up after a node's share of the time would end that,
/// and where opening takes longer, no connection would ever come about: so it goes on without the caller, for the next.
pub(crate) struct Opener<C> {
    manager: Arc<Manager<C>>,
    /// Connections that were opened for callers who have gone.
    unclaimed: Arc<Mutex<Vec<Box<Pooled<C>>>>>,
}

impl<C: RoutedConnection> ManageConnection for Opener<C> {
    type Type = Box<Pooled<C>>;
    type Error = Error;

    async fn create(&self) -> Result<Box<Pooled<C>>, Error> {
        if let Some(conn) = lock(&self.unclaimed).pop() {
            return Ok(conn);
        }
        let (claim, opened) = oneshot::channel();
        let (manager, unclaimed) = (Arc::clone(&self.manager), Arc::clone(&self.unclaimed));
        tokio::spawn(async move {
            if let Err(Ok(conn)) = claim.send(manager.open().await) {
                lock(&unclaimed).push(conn);
            }
        });
        opened.await.unwrap_or_else(|gone| {
            let node = self.manager.node.name.clone();
            let since = Instant::now();
            Err(Error::checkout(node, Step::Connect, since, gone))
        })
    }

    async fn recycle(&self, conn: &mut Box<Pooled<C>>, _: &Metrics) -> RecycleResult<Error> {
        // It was returned already: one that was idle is not alive for that.
        if Manager::must_close(conn) {
            return Err(RecycleError::message(
                "it came back with an open transaction, or without its last answer",
            ));
        }
        self.manager
            .recycle(conn)
            .await
            .map_err(RecycleError::Backend)
    }
}

impl<C: RoutedConnection> Router<C> {
    /// Starts the configuration of a router with deadpool pools.
    pub fn deadpool_builder() -> RouterBuilder<C> {
        RouterBuilder::new(Library::Deadpool(Settings))
    }
}

/// Empty: all settings come from the node.
#[derive(Debug, Clone)]
pub(crate) struct Settings;

/// One deadpool pool.
pub(crate) struct Pool<C: RoutedConnection> {
    pool: deadpool::managed::Pool<Opener<C>>,
    node: Arc<Member>,
}

impl<C: RoutedConnection> Pool<C> {
    pub(crate) fn new(
        _: &Settings,
        manager: Manager<C>,
        size: u32,
        _: &PoolOptions,
    ) -> Result<Self, Error> {
        let node = Arc::clone(&manager.node);
        let since = Instant::now();
        let timeout = Some(node.checkout_timeout);
        let opener = Opener {
            manager: Arc::new(manager),
            unclaimed: Arc::default(),
        };
        let pool = deadpool::managed::Pool::builder(opener)
            .max_size(size as usize)
            .wait_timeout(timeout)
            .recycle_timeout(timeout)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| failed(&node, Step::Wait, since, error))?;
        Ok(Self { pool, node })
    }

    pub(crate) fn status(&self, kind: PoolKind) -> PoolStatus {
        let status = self.pool.status();
        let count = |count| u32::try_from(count).unwrap_or(u32::MAX);
        let (open, idle) = (status.size, status.available.min(status.size));
        PoolStatus::of(kind, count(status.max_size), count(open), count(idle))
    }

    /// Closes the connections that are idle, and ends the waits of callers.
    pub(crate) fn drain(&self) {
        self.pool.close();
        lock(&self.pool.manager().unclaimed).clear();
    }

    pub(crate) async fn get(&self, since: Instant) -> Result<Loan<C>, Error> {
        self.pool.get().await.map(Loan::new).map_err(|error| {
            let step = match error {
                PoolError::Backend(error) => return error,
                PoolError::Timeout(TimeoutType::Wait) => Step::Wait,
                PoolError::Timeout(TimeoutType::Create) => Step::Connect,
                PoolError::Timeout(TimeoutType::Recycle) => Step::Recycle,
                // Pools are closed by nothing else.
                PoolError::Closed => Step::Removed,
                PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Step::SetUp,
            };
            failed(&self.node, step, since, error)
        })
    }
}

/// A checked-out connection.
///
/// deadpool checks a connection when it is next handed out. Until then an open transaction would keep its
/// locks, so this type checks it when it is returned.
pub(crate) struct Loan<C: RoutedConnection> {
    // In this order: dropping the first returns the connection to the pool, the second takes it out again.
    conn: Object<Opener<C>>,
    discard: Option<Discard<C>>,
}

impl<C: RoutedConnection> Loan<C> {
    fn new(conn: Object<Opener<C>>) -> Self {
        Self {
            conn,
            discard: None,
        }
    }
}

impl<C: RoutedConnection> Deref for Loan<C> {
    type Target = Pooled<C>;

    #[inline]
    fn deref(&self) -> &Pooled<C> {
        &self.conn
    }
}

impl<C: RoutedConnection> DerefMut for Loan<C> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Pooled<C> {
        &mut self.conn
    }
}

impl<C: RoutedConnection> Drop for Loan<C> {
    fn drop(&mut self) {
        if std::thread::panicking() || Manager::is_broken(&mut self.conn) {
            self.discard = Object::pool(&self.conn).map(|pool| Discard {
                pool,
                created: Object::metrics(&self.conn).created,
            });
        }
    }
}

/// Closes the idle connection that was opened at this instant (and, at worst, another).
struct Discard<C: RoutedConnection> {
    pool: deadpool::managed::Pool<Opener<C>>,
    created: Instant,
}

impl<C: RoutedConnection> Drop for Discard<C> {
    fn drop(&mut self) {
        let created = self.created;
        drop(self.pool.retain(|_, metrics| metrics.created != created));
    }
}

fn failed(
    node: &Member,
    step: Step,
    since: Instant,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::checkout(node.name.clone(), step, since, error)
}
