//! The bb8 adapter.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bb8::{ErrorSink, ManageConnection, PooledConnection, RunError};
use tokio::sync::Notify;

use super::{Library, Manager};
use crate::asynchronous::RoutedConnection;
use crate::cluster::{Member, PoolOptions};
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
    node: Arc<Member>,
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
        let node = Arc::clone(&manager.node);
        let failures = Arc::new(Failures::new(node.checkout_timeout));
        let pool = bb8::Pool::builder()
            .max_size(size)
            .min_idle(Some(manager.min_idle(options, size)))
            .idle_timeout(options.idle())
            .max_lifetime(options.lifetime())
            .connection_timeout(node.checkout_timeout)
            // A failure to connect is returned to the caller at once, with its cause.
            .retry_connection(false)
            .error_sink(Box::new(Sink(Arc::clone(&failures))))
            .build_unchecked(Opener(manager));
        Ok(Self {
            pool,
            node,
            size,
            failures,
        })
    }

    pub(crate) fn status(&self, kind: PoolKind) -> PoolStatus {
        let state = self.pool.state();
        let (open, idle) = (state.connections, state.idle_connections);
        PoolStatus::of(kind, self.size, open, idle)
    }

    /// Closes the connections that are idle: the manager of a node that was removed lends none again, so each that is taken
    /// out is closed.
    pub(crate) fn drain(&self) {
        let get = pin!(self.pool.get());
        let _ = get.poll(&mut Context::from_waker(Waker::noop()));
    }

    pub(crate) async fn get(&self, since: Instant) -> Result<Loan<C>, Error> {
        let mut conn = pin!(self.pool.get_owned());
        let mut failure = pin!(self.failures.next_since(since));
        poll_fn(|cx| match conn.as_mut().poll(cx) {
            Poll::Ready(Ok(conn)) => Poll::Ready(Ok(conn)),
            Poll::Ready(Err(error)) => {
                let node = self.node.name.clone();
                Poll::Ready(Err(match error {
                    RunError::User(Failure::Opening(error) | Failure::Check(error)) => error,
                    RunError::TimedOut => Error::checkout(node, Step::Wait, since, "timed out"),
                }))
            }
            Poll::Pending => failure.as_mut().poll(cx).map(Err),
        })
        .await
    }
}

/// Opens and checks connections for bb8.
pub(crate) struct Opener<C>(Manager<C>);

impl<C: RoutedConnection> ManageConnection for Opener<C> {
    type Connection = Box<Pooled<C>>;
    type Error = Failure;

    async fn connect(&self) -> Result<Box<Pooled<C>>, Failure> {
        self.0.open().await.map_err(Failure::Opening)
    }

    async fn is_valid(&self, conn: &mut Box<Pooled<C>>) -> Result<(), Failure> {
        self.0.recycle(conn).await.map_err(Failure::Check)
    }

    fn has_broken(&self, conn: &mut Box<Pooled<C>>) -> bool {
        std::thread::panicking() || Manager::is_broken(conn)
    }
}

/// A connection that could not be opened, or kept.
#[derive(Debug)]
pub(crate) enum Failure {
    Opening(Error),
    Check(Error),
}

/// Takes the failures that bb8 does not pass on to waiting callers.
///
/// bb8 calls it once it has freed the place of the connection that failed: a caller who learns of it may ask for another at
/// once. Told earlier, it would wait for an opening that has ended already.
#[derive(Debug, Clone)]
struct Sink(Arc<Failures>);

impl ErrorSink<Failure> for Sink {
    fn sink(&self, failure: Failure) {
        match failure {
            Failure::Opening(error) => self.0.report(error),
            // The caller gets another connection, or the reason why there is none.
            Failure::Check(error) => {
                tracing::debug!(%error, "a pooled connection is not handed out again");
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<Failure>> {
        Box::new(self.clone())
    }
}

/// The reasons why connections could not be opened: each failure ends the wait of one caller.
#[derive(Debug)]
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
