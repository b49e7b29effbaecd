//! The bb8 adapter.

use std::time::Instant;

use bb8::{ManageConnection, PooledConnection, RunError};

use super::Manager;
use crate::RoutedConnection;
use crate::cluster::{Node, Pooled};
use crate::error::{Error, Step};

impl<C: RoutedConnection> ManageConnection for Manager<C> {
    type Connection = Pooled<C>;
    type Error = Error;

    async fn connect(&self) -> Result<Pooled<C>, Error> {
        self.open().await
    }

    async fn is_valid(&self, conn: &mut Pooled<C>) -> Result<(), Error> {
        self.recycle(conn).await
    }

    fn has_broken(&self, conn: &mut Pooled<C>) -> bool {
        std::thread::panicking() || Self::is_broken(&mut conn.conn)
    }
}

/// One bb8 pool.
pub(crate) struct Pool<C: RoutedConnection> {
    pool: bb8::Pool<Manager<C>>,
    node: Node,
}

impl<C: RoutedConnection> Pool<C> {
    pub(crate) fn new(manager: Manager<C>, node: &Node, size: u32) -> Self {
        let pool = bb8::Pool::builder()
            .max_size(size)
            .connection_timeout(node.checkout_timeout)
            // A connection that cannot be opened is the caller's error at once, with its cause.
            .retry_connection(false)
            .build_unchecked(manager);
        Self {
            pool,
            node: node.clone(),
        }
    }

    pub(crate) async fn get(&self) -> Result<PooledConnection<'static, Manager<C>>, Error> {
        let since = Instant::now();
        self.pool.get_owned().await.map_err(|error| match error {
            RunError::User(error) => error,
            RunError::TimedOut => Error::Checkout {
                node: self.node.name.clone(),
                step: Step::Wait,
                waited: since.elapsed(),
                source: "timed out".into(),
            },
        })
    }
}
