//! `Router`: one primary, any number of replicas, and the pools to them.

mod builder;
mod wait;

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use event_listener::Listener;

use super::pool::{Guard, Pools};
use super::{ReadConn, RoutedConnection, Session, WriteConn};
use crate::consistency::Function;
use crate::engine::{Grant, Lease, Options, Request, Shared, Status};
use crate::error::{Error, Step};
use crate::routing::{Decision, Level};
use crate::server::NodeRole;
use crate::statement::{Access, CaughtUp, Primary, Replica};

pub use builder::RouterBuilder;
use wait::Waited;

/// Lends connections of one primary and its replicas, as handles that say what they may do.
///
/// Reads belong to a [`Session`], which remembers what it wrote; outside one, reads go to the
/// primary unless the caller says [`read_eventual`](Self::read_eventual). A router without replicas
/// is legal: everything goes to the primary.
///
/// Cheap to clone; clones share the pools. When the last clone and the last session are dropped,
/// the pools are closed.
///
/// # Example
///
/// ```
/// # #[cfg(all(feature = "r2d2", feature = "sync-sqlite"))] {
/// use diesel_routing::Node;
/// use diesel_routing::sync::{prelude::*, sqlite::Router};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("db");
/// # let path = path.to_str().ok_or("path")?;
/// let router = Router::builder()
///     .primary(Node::new("primary", path))
///     .build()?;
///
/// let session = router.session();
/// let mut conn = session.read()?;
/// let one: i32 = diesel::select(1.into_sql::<diesel::sql_types::Integer>()).get_result(&mut conn)?;
/// assert_eq!(one, 1);
/// # Ok(()) }
/// # main().unwrap();
/// # }
/// ```
pub struct Router<C: RoutedConnection> {
    inner: Arc<Inner<C>>,
}

struct Inner<C: RoutedConnection> {
    shared: Arc<Shared>,
    /// By node.
    pools: ArcSwapOption<Vec<Pools<C>>>,
}

impl<C: RoutedConnection> Drop for Inner<C> {
    fn drop(&mut self) {
        self.shared.signals.stop();
    }
}

/// How many connections are tried for one call: where one fails, another may do.
const ATTEMPTS: u32 = 3;

/// How long a caller waits to learn who is the primary, after a node changed its role.
const ROLE_CHANGE: Duration = Duration::from_secs(1);

impl<C: RoutedConnection> Router<C> {
    /// A new session, which has written nothing yet.
    #[must_use]
    pub fn session(&self) -> Session<C> {
        Session::new(self.clone(), Options::default(), None)
    }

    /// The session that `token` is of, continued: whatever it wrote and saw elsewhere counts here.
    ///
    /// Never fails: a text that is no token, or none that is honoured here (forged, expired, of another
    /// cluster), gives a new session, and is counted in the router's [`status`](Self::status).
    ///
    /// ```no_run
    /// # #[cfg(feature = "sync-postgres")]
    /// # fn example(
    /// #     here: diesel_routing::sync::pg::Router,
    /// #     there: diesel_routing::sync::pg::Router,
    /// # ) -> Result<(), diesel_routing::Error> {
    /// let session = here.session();
    /// // .. writes ..
    /// let token = session.token()?.to_string(); // a cookie, a header, a job's payload
    ///
    /// let session = there.resume(&token); // in another process with the same keys
    /// let conn = session.read()?; // sees those writes
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn resume(&self, token: &str) -> Session<C> {
        let session = self.session();
        // Counted; to the caller, a token that is not honoured is none.
        let _ = session.absorb(token);
        session
    }

    /// A connection of the primary, to read from: nothing is known of what the caller must see.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read(&self) -> Result<ReadConn<CaughtUp, C>, Error> {
        self.outside(Level::Session, Access::CaughtUp)
            .map(ReadConn::new)
    }

    /// A connection of some replica, however far behind; of the primary if there is no replica.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_eventual(&self) -> Result<ReadConn<Replica, C>, Error> {
        self.outside(Level::Eventual, Access::Replica)
            .map(ReadConn::new)
    }

    /// A connection that sees everything that was acknowledged more than `lag` ago: see
    /// [`Session::read_bounded`].
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_bounded(&self, lag: Duration) -> Result<ReadConn<Replica, C>, Error> {
        self.outside(Level::Bounded(lag), Access::Replica)
            .map(ReadConn::new)
    }

    /// A connection of the primary, to read from.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_primary(&self) -> Result<ReadConn<Primary, C>, Error> {
        self.outside(Level::Strong, Access::Primary)
            .map(ReadConn::new)
    }

    /// A connection of the primary, to write with. No session remembers these writes.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn write(&self) -> Result<WriteConn<C>, Error> {
        self.outside(Level::Write, Access::Write)
            .map(WriteConn::new)
    }

    /// Closes the pools: every later checkout fails with [`Step::Closed`]. Handles that are out go
    /// on working; their connections are closed as they come back.
    pub fn close(&self) {
        self.inner.shared.signals.stop();
        self.inner.pools.store(None);
    }

    /// What the router knows of its nodes, pools and tokens now. Asks no server.
    #[must_use]
    pub fn status(&self) -> Status {
        let pools = self.inner.pools.load_full();
        self.inner.shared.status(|node| {
            let pools = pools.as_deref().and_then(|pools| pools.get(node));
            pools.map_or_else(Vec::new, Pools::status)
        })
    }

    /// A connection for a call outside any session.
    fn outside(&self, level: Level, access: Access) -> Result<Lease<Guard<C>>, Error> {
        self.checkout(self.request(level, access))
    }

    /// A connection for a call of `function`.
    pub(crate) fn checkout_for(
        &self,
        function: &'static Function,
        access: Access,
    ) -> Result<Lease<Guard<C>>, Error> {
        let request = self.request(function.level, access);
        let request = self.inner.shared.request_of(function, request)?;
        let lease = self.checkout(request);
        lease.map_err(|error| error.of_function(function.path))
    }

    fn request(&self, level: Level, access: Access) -> Request<'static> {
        Request {
            level,
            access,
            session: None,
            wait: self.inner.shared.wait,
            avoid: None,
            max_lag: None,
            function: None,
        }
    }

    /// A connection for what is asked for; if a node fails to give one, another may.
    pub(super) fn checkout(&self, mut request: Request<'_>) -> Result<Lease<Guard<C>>, Error> {
        let shared = &self.inner.shared;
        let mut decision = match self.wait(&request) {
            Waited::Decided(decision) => decision,
            Waited::Proved(decision, guard) => return Ok(self.lend(&request, decision, guard)),
        };
        for _ in 1..ATTEMPTS {
            match self.get(decision) {
                // Another has become the primary meanwhile.
                Ok(_) if decision.reason.is_for_primary() && !shared.is_primary(decision.node) => {}
                Ok(guard) => {
                    let opened = guard.opened;
                    let reason = if decision.holds_for(opened) {
                        Some(decision.reason)
                    } else {
                        self.confirm(&request, decision.node, opened)
                    };
                    if let Some(reason) = reason {
                        let decision = Decision { reason, ..decision };
                        return Ok(self.lend(&request, decision, guard));
                    }
                    request.avoid = Some(decision.node);
                }
                // Its role changed since it was last watched.
                Err(Error::WrongRole { .. }) if shared.is_watched() => {
                    let answer = shared.signals.answer();
                    shared.signals.ask_all();
                    let _ = answer.wait_timeout(ROLE_CHANGE);
                }
                Err(error) if error.may_retry_read() && !shared.is_primary(decision.node) => {
                    tracing::debug!(%error, "a replica gives no connection");
                    shared.signals.ask(decision.node);
                    request.avoid = Some(decision.node);
                }
                Err(error) => return Err(error),
            }
            decision = shared.decide(&request);
        }
        // Whoever was asked so far failed.
        let decision = shared.fall_back(&request);
        let guard = self.get(decision)?;
        Ok(self.lend(&request, decision, guard))
    }

    /// A connection of the node that was decided for.
    fn get(&self, decision: Decision) -> Result<Guard<C>, Error> {
        let shared = &self.inner.shared;
        let Decision { node, reason, .. } = decision;
        let since = Instant::now();
        let pools = self.inner.pools.load_full();
        let Some(pools) = pools.as_deref().and_then(|pools| pools.get(node)) else {
            return Err(Error::Checkout {
                node: shared.name(node).to_owned(),
                step: Step::Closed,
                waited: since.elapsed(),
                function: None,
                source: "the router was closed".into(),
            });
        };
        let pool = pools.of(reason.pool());
        let mut guard = pool.get()?;
        let role = guard.role;
        let must_take_writes = reason.is_for_primary() || shared.is_primary(node);
        if must_take_writes && role == Some(NodeRole::ReplaysWrites) {
            return Err(Error::WrongRole {
                node: shared.name(node).to_owned(),
                expected: NodeRole::TakesWrites,
                found: NodeRole::ReplaysWrites,
            });
        }
        // Where all nodes take writes, what others have acknowledged may not be here yet.
        let causal = shared.is_primary(node);
        if shared.is_multi_writer() && guard.reads_causally != causal {
            let set = guard.set_causal_reads(causal);
            set.map_err(|error| Error::Checkout {
                node: shared.name(node).to_owned(),
                step: Step::SetUp,
                waited: since.elapsed(),
                function: None,
                source: Box::new(error),
            })?;
            guard.reads_causally = causal;
        }
        Ok(guard)
    }

    fn lend(&self, request: &Request<'_>, decision: Decision, guard: Guard<C>) -> Lease<Guard<C>> {
        let shared = &self.inner.shared;
        let is_primary = shared.is_primary(decision.node);
        let grant = Grant {
            node: decision.node,
            reason: decision.reason,
            access: if is_primary {
                request.access.max(Access::Primary)
            } else {
                request.access
            },
            is_primary,
            function: request.function,
        };
        let session = request.session.map(Arc::clone);
        Lease::new(guard, Arc::clone(shared), session, grant)
    }

    /// Whether both are clones of one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    pub(crate) fn downgrade(&self) -> WeakRouter<C> {
        WeakRouter(Arc::downgrade(&self.inner))
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.inner.shared
    }
}

/// A router, if anyone keeps it.
pub(crate) struct WeakRouter<C: RoutedConnection>(Weak<Inner<C>>);

impl<C: RoutedConnection> WeakRouter<C> {
    pub(crate) fn upgrade(&self) -> Option<Router<C>> {
        self.0.upgrade().map(|inner| Router { inner })
    }
}

impl<C: RoutedConnection> Clone for WeakRouter<C> {
    fn clone(&self) -> Self {
        Self(Weak::clone(&self.0))
    }
}

impl<C: RoutedConnection> Clone for Router<C> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<C: RoutedConnection> fmt::Debug for Router<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Router")
            .field("nodes", &self.inner.shared.nodes)
            .finish_non_exhaustive()
    }
}
