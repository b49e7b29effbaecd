//! The deadpool adapter.

use std::time::Instant;

use deadpool::Runtime;
use deadpool::managed::{
    Manager as ManageConnection, Metrics, Object, PoolError, RecycleError, RecycleResult,
    TimeoutType,
};

use super::Manager;
use crate::RoutedConnection;
use crate::cluster::{Node, Pooled};
use crate::error::{Error, Step};

impl<C: RoutedConnection> ManageConnection for Manager<C> {
    type Type = Pooled<C>;
    type Error = Error;

    async fn create(&self) -> Result<Pooled<C>, Error> {
        self.open().await
    }

    async fn recycle(&self, conn: &mut Pooled<C>, _: &Metrics) -> RecycleResult<Error> {
        if std::thread::panicking() || Self::is_broken(&mut conn.conn) {
            return Err(RecycleError::message(
                "it came back with an open transaction",
            ));
        }
        Self::recycle(self, conn)
            .await
            .map_err(RecycleError::Backend)
    }
}

/// One deadpool pool.
pub(crate) struct Pool<C: RoutedConnection> {
    pool: deadpool::managed::Pool<Manager<C>>,
    node: Node,
}

impl<C: RoutedConnection> Pool<C> {
    pub(crate) fn new(manager: Manager<C>, node: &Node, size: u32) -> Result<Self, Error> {
        let since = Instant::now();
        let timeout = Some(node.checkout_timeout);
        let pool = deadpool::managed::Pool::builder(manager)
            .max_size(size as usize)
            .wait_timeout(timeout)
            .recycle_timeout(timeout)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| failed(node, Step::Wait, since, error))?;
        Ok(Self {
            pool,
            node: node.clone(),
        })
    }

    pub(crate) async fn get(&self) -> Result<Object<Manager<C>>, Error> {
        let since = Instant::now();
        self.pool.get().await.map_err(|error| {
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
        source: Box::new(error),
    }
}
