//! The deadpool adapter.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use deadpool::Runtime;
use deadpool::managed::{
    Manager as ManageConnection, Metrics, Object, PoolError, RecycleError, RecycleResult,
    TimeoutType,
};

use super::{Library, Manager};
use crate::asynchronous::RoutedConnection;
use crate::cluster::Node;
use crate::engine::{PoolStatus, Pooled};
use crate::engine::{Router, RouterBuilder};
use crate::error::{Error, Step};
use crate::server::PoolKind;

impl<C: RoutedConnection> ManageConnection for Manager<C> {
    type Type = Pooled<C>;
    type Error = Error;

    async fn create(&self) -> Result<Pooled<C>, Error> {
        self.open().await
    }

    async fn recycle(&self, conn: &mut Pooled<C>, _: &Metrics) -> RecycleResult<Error> {
        if Self::is_broken(conn) {
            return Err(RecycleError::message(
                "it came back with an open transaction, or without its last answer",
            ));
        }
        Self::recycle(self, conn)
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

/// All settings come from the node.
#[derive(Debug, Clone)]
pub(crate) struct Settings;

/// One deadpool pool.
pub(crate) struct Pool<C: RoutedConnection> {
    pool: deadpool::managed::Pool<Manager<C>>,
    node: Node,
}

impl<C: RoutedConnection> Pool<C> {
    pub(crate) fn new(_: &Settings, manager: Manager<C>, size: u32) -> Result<Self, Error> {
        let node = manager.node.clone();
        let since = Instant::now();
        let timeout = Some(node.checkout_timeout);
        let pool = deadpool::managed::Pool::builder(manager)
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
        PoolStatus {
            pool: kind,
            max_size: count(status.max_size),
            open: count(status.size),
            idle: count(status.available.min(status.size)),
        }
    }

    pub(crate) async fn get(&self) -> Result<Loan<C>, Error> {
        let since = Instant::now();
        self.pool.get().await.map(Loan::new).map_err(|error| {
            let step = match error {
                PoolError::Backend(error) => return error,
                PoolError::Timeout(TimeoutType::Wait) => Step::Wait,
                PoolError::Timeout(TimeoutType::Create) => Step::Connect,
                PoolError::Timeout(TimeoutType::Recycle) => Step::Recycle,
                PoolError::Closed => Step::Closed,
                PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Step::SetUp,
            };
            failed(&self.node, step, since, error)
        })
    }
}

/// A connection on loan.
///
/// deadpool looks at a connection when it is lent again. Until then an open transaction would keep its
/// locks, so this one looks when it comes back.
pub(crate) struct Loan<C: RoutedConnection> {
    // In this order: dropping the first gives the connection back, the second takes it out again.
    conn: Object<Manager<C>>,
    discard: Option<Discard<C>>,
}

impl<C: RoutedConnection> Loan<C> {
    fn new(conn: Object<Manager<C>>) -> Self {
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
    pool: deadpool::managed::Pool<Manager<C>>,
    created: Instant,
}

impl<C: RoutedConnection> Drop for Discard<C> {
    fn drop(&mut self) {
        let created = self.created;
        drop(self.pool.retain(|_, metrics| metrics.created != created));
    }
}

fn failed(
    node: &Node,
    step: Step,
    since: Instant,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::Checkout {
        node: node.name.clone(),
        step,
        waited: since.elapsed(),
        function: None,
        source: Box::new(error),
    }
}
