//! The r2d2 adapter.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use r2d2::{HandleError, ManageConnection, PooledConnection};
use scheduled_thread_pool::{OnPoolDropBehavior, ScheduledThreadPool};

use super::{Library, Manager};
use crate::cluster::{Member, PoolOptions, after};
use crate::engine::{PoolStatus, Pooled};
use crate::error::{Error, Step};
use crate::mutex::lock;
use crate::server::PoolKind;
use crate::sync::RoutedConnection;
use crate::sync::{Router, RouterBuilder};

impl<C: RoutedConnection> Router<C> {
    /// Starts a router's configuration.
    pub fn builder() -> RouterBuilder<C> {
        RouterBuilder::new(Library::R2d2(Settings::new()))
    }
}

/// The longest time after which a caller who waits looks whether the node is still there: r2d2 has no way to wake it. Chosen:
/// a node's share of a caller's time by default, so few wait twice.
const SLICE: Duration = Duration::from_millis(250);

/// The threads that open connections for all pools of a router.
#[derive(Clone)]
pub(crate) struct Settings(Arc<ScheduledThreadPool>);

impl Settings {
    pub(super) fn new() -> Self {
        let threads = ScheduledThreadPool::builder()
            // As many as r2d2 gives a single pool by default.
            .num_threads(3)
            .thread_name_pattern("diesel-routing-pool-{}")
            // The reaper's next round, up to half a minute away, must not keep the router's threads alive.
            .on_drop_behavior(OnPoolDropBehavior::DiscardPendingScheduled)
            .build();
        Self(Arc::new(threads))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").finish_non_exhaustive()
    }
}

/// A checked-out connection.
pub(crate) type Loan<C> = PooledConnection<Opener<C>>;

/// Opens and checks connections for r2d2.
#[derive(Debug)]
pub(crate) struct Opener<C> {
    manager: Manager<C>,
    /// The time from which nobody waits any more. Of a pool that keeps idle connections it is not known.
    wanted_until: Option<Arc<Mutex<Instant>>>,
}

impl<C: RoutedConnection> ManageConnection for Opener<C> {
    type Connection = Box<Pooled<C>>;
    type Error = Error;

    fn connect(&self) -> Result<Box<Pooled<C>>, Error> {
        let now = Instant::now();
        // r2d2 tries again and again where a connection could not be opened: with a database for each tenant, of which some
        // are gone, a server would have much to refuse.
        if let Some(until) = &self.wanted_until
            && now >= *lock(until)
        {
            let node = self.manager.node.name.clone();
            return Err(Error::checkout(
                node,
                Step::Connect,
                now,
                "nobody waits for it",
            ));
        }
        self.manager.open()
    }

    fn is_valid(&self, conn: &mut Box<Pooled<C>>) -> Result<(), Error> {
        self.manager.recycle(conn)
    }

    fn has_broken(&self, conn: &mut Box<Pooled<C>>) -> bool {
        std::thread::panicking() || Manager::is_broken(conn)
    }
}

/// One r2d2 pool, and the last error of its background threads: r2d2's own error has the text only.
pub(crate) struct Pool<C: RoutedConnection> {
    pool: r2d2::Pool<Opener<C>>,
    node: Arc<Member>,
    wanted_until: Option<Arc<Mutex<Instant>>>,
    last_error: Arc<LastError>,
}

#[derive(Debug, Default)]
struct LastError(Mutex<Option<(Instant, Error)>>);

impl LastError {
    fn take_since(&self, since: Instant) -> Option<Error> {
        let mut last = lock(&self.0);
        last.take_if(|(at, _)| *at >= since).map(|(_, error)| error)
    }
}

impl HandleError<Error> for Arc<LastError> {
    fn handle_error(&self, error: Error) {
        tracing::debug!(%error, "a pool could not open or keep a connection");
        *lock(&self.0) = Some((Instant::now(), error));
    }
}

impl<C: RoutedConnection> Pool<C> {
    /// Creates a pool that opens connections when needed, on the `threads` it shares with others.
    pub(crate) fn new(
        settings: &Settings,
        manager: Manager<C>,
        size: u32,
        options: &PoolOptions,
    ) -> Result<Self, Error> {
        let last_error = Arc::<LastError>::default();
        let node = Arc::clone(&manager.node);
        let has_name = manager.database.is_some();
        let wanted_until = has_name.then(|| Arc::new(Mutex::new(Instant::now())));
        let opener = Opener {
            manager,
            wanted_until: wanted_until.clone(),
        };
        let pool = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(opener.manager.min_idle(options, size)))
            .idle_timeout(options.idle())
            .max_lifetime(options.lifetime())
            .connection_timeout(node.checkout_timeout)
            .test_on_check_out(true)
            .thread_pool(Arc::clone(&settings.0))
            .error_handler(Box::new(Arc::clone(&last_error)))
            .build_unchecked(opener);
        Ok(Self {
            pool,
            node,
            wanted_until,
            last_error,
        })
    }

    pub(crate) fn status(&self, kind: PoolKind) -> PoolStatus {
        let state = self.pool.state();
        let (open, idle) = (state.connections, state.idle_connections);
        PoolStatus::of(kind, self.pool.max_size(), open, idle)
    }

    /// Closes the connections that are idle: the manager of a node that was removed lends none again.
    pub(crate) fn drain(&self) {
        drop(self.pool.try_get());
    }

    /// Returns a connection that is idle, if one is.
    pub(crate) fn get_idle(&self) -> Option<Loan<C>> {
        self.pool.try_get()
    }

    pub(crate) fn get(&self, limit: Duration) -> Result<Loan<C>, Error> {
        let since = Instant::now();
        let until = after(since, limit.min(self.node.checkout_timeout));
        if let Some(wanted_until) = &self.wanted_until {
            let mut wanted_until = lock(wanted_until);
            *wanted_until = until.max(*wanted_until);
        }
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let error = match self.pool.get_timeout(left.min(SLICE)) {
                Ok(conn) => return Ok(conn),
                Err(error) => error,
            };
            if self.node.has_left() {
                return Err(Error::removed(&self.node.name, since));
            }
            // The cause, if one was seen while this caller waited; otherwise the wait itself.
            if let Some(error) = self.last_error.take_since(since) {
                return Err(error);
            }
            if left <= SLICE {
                let node = self.node.name.clone();
                return Err(Error::checkout(node, Step::Wait, since, error));
            }
        }
    }
}
