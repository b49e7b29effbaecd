//! The bb8 adapter.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use bb8::{ManageConnection, PooledConnection, RunError};
use tokio::sync::Notify;

use super::{Library, Manager};
use crate::asynchronous::RoutedConnection;
use crate::cluster::{Node, PoolOptions};
use crate::engine::{PoolStatus, Pooled};
use crate::engine::{Router, RouterBuilder};
use crate::error::{Error, Step};
use crate::mutex::lock;
use crate::server::PoolKind;

impl<C: RoutedConnection> Router<C> {
    /// Starts the configuration of a router with bb8 pools.
    pub fn builder() -> RouterBuilder<C> {
        RouterBuilder::new(Library::Bb8(Settings))
    }
}

/// Empty: all settings come from the node.
#[derive(Debug, Clone)]
pub(crate) struct Settings;

/// A checked-out connection.
pub(crate) type Loan<C> = PooledConnection<'static, Opener<C>>;

/// One bb8 pool.
pub(crate) struct Pool<C: RoutedConnection> {
    pool: bb8::Pool<Opener<C>>,
    node: Node,
    size: u32,
    failures: Arc<Failures>,
}

impl<C: RoutedConnection> Pool<C> {
    pub(crate) fn new(
        _: &Settings,
        manager: Manager<C>,
        size: u32,
        options: &PoolOptions,
    ) -> Result<Self, Error> {
        let node = manager.node.clone();
        let failures = Arc::new(Failures::new(node.checkout_timeout));
        let opener = Opener {
            manager,
            failures: Arc::clone(&failures),
        };
        let pool = bb8::Pool::builder()
            .max_size(size)
            .min_idle(options.min_idle.map(|idle| idle.min(size)))
            .idle_timeout(options.idle())
            .max_lifetime(options.lifetime())
            .connection_timeout(node.checkout_timeout)
            // A failure to connect is returned to the caller at once, with its cause.
            .retry_connection(false)
            .build_unchecked(opener);
        Ok(Self {
            pool,
            node,
            size,
            failures,
        })
    }

    pub(crate) fn status(&self, kind: PoolKind) -> PoolStatus {
        let state = self.pool.state();
        PoolStatus {
            pool: kind,
            max_size: self.size,
            open: state.connections,
            idle: state.idle_connections,
        }
    }

    pub(crate) async fn get(&self) -> Result<Loan<C>, Error> {
        let since = Instant::now();
        let mut conn = pin!(self.pool.get_owned());
        let mut failure = pin!(self.failures.next_since(since));
        poll_fn(|cx| match conn.as_mut().poll(cx) {
            Poll::Ready(Ok(conn)) => Poll::Ready(Ok(conn)),
            Poll::Ready(Err(error)) => {
                let source: Box<dyn std::error::Error + Send + Sync> = match error {
                    RunError::User(reported) => reported.into(),
                    RunError::TimedOut => "timed out".into(),
                };
                let node = self.node.name.clone();
                Poll::Ready(Err(Error::checkout(node, Step::Wait, since, source)))
            }
            Poll::Pending => failure.as_mut().poll(cx).map(Err),
        })
        .await
    }
}

/// Opens connections for bb8, which does not pass the errors on to the waiting callers.
pub(crate) struct Opener<C> {
    manager: Manager<C>,
    failures: Arc<Failures>,
}

impl<C: RoutedConnection> ManageConnection for Opener<C> {
    type Connection = Pooled<C>;
    type Error = Reported;

    async fn connect(&self) -> Result<Pooled<C>, Reported> {
        self.manager.open().await.map_err(|error| {
            self.failures.report(error);
            Reported
        })
    }

    async fn is_valid(&self, conn: &mut Pooled<C>) -> Result<(), Reported> {
        self.manager.recycle(conn).await.map_err(|error| {
            // The caller gets another connection, or the reason why there is none.
            tracing::debug!(%error, "a pooled connection is not handed out again");
            Reported
        })
    }

    fn has_broken(&self, conn: &mut Pooled<C>) -> bool {
        std::thread::panicking() || Manager::is_broken(conn)
    }
}

/// The mark of an error that is passed to a caller in another way.
#[derive(Debug, thiserror::Error)]
#[error("the connection could not be opened or kept")]
pub(crate) struct Reported;

/// The reasons why connections could not be opened: each failure ends the wait of one caller.
struct Failures {
    recent: Mutex<VecDeque<(Instant, Error)>>,
    arrived: Notify,
    /// The longest time that a caller waits.
    kept: Duration,
}

impl Failures {
    fn new(kept: Duration) -> Self {
        Self {
            recent: Mutex::default(),
            arrived: Notify::new(),
            kept,
        }
    }

    fn report(&self, error: Error) {
        let now = Instant::now();
        let mut recent = lock(&self.recent);
        recent.retain(|(at, _)| now.saturating_duration_since(*at) < self.kept);
        recent.push_back((now, error));
        drop(recent);
        self.arrived.notify_one();
    }

    /// Returns the next failure, or an earlier one since `since` that was not passed to a caller.
    async fn next_since(&self, since: Instant) -> Error {
        loop {
            if let Some(error) = self.take_since(since) {
                return error;
            }
            self.arrived.notified().await;
        }
    }

    fn take_since(&self, since: Instant) -> Option<Error> {
        let mut recent = lock(&self.recent);
        let index = recent.iter().position(|(at, _)| *at >= since)?;
        recent.remove(index).map(|(_, error)| error)
    }
}
