//! `Router`: one primary, any number of replicas, and the pools to them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use diesel::QueryResult;
use r2d2::ManageConnection;
use scheduled_thread_pool::{OnPoolDropBehavior, ScheduledThreadPool};

use super::pool::Guard;
use super::r2d2::{Manager, Pool, SetUp};
use super::watch::Watch;
use super::{ReadConn, RoutedConnection, Session, WriteConn};
use crate::check::StatementCheck;
use crate::cluster::{Node, Settings, Shared};
use crate::error::{ConfigError, Error, NodeRole, Step};
use crate::lease::{Grant, Lease};
use crate::role::{Access, Primary, Replica};
use crate::routing::{Balance, Decision, Level, Reason};
use crate::session::{Clock, SessionState};

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
/// # #[cfg(feature = "testkit")] {
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

/// The pools of one node. They open connections as they are needed: those of a replica's `write` are
/// needed once it is promoted.
struct Pools<C: RoutedConnection> {
    read: Pool<C>,
    write: Pool<C>,
    /// A bulkhead: reads that fall back to the primary must not keep others from it.
    fallback: Pool<C>,
}

/// How long a caller waits to learn who is the primary, after a node changed its role.
const ROLE_CHANGE: Duration = Duration::from_secs(1);

impl<C: RoutedConnection> Router<C> {
    /// Starts a router's configuration.
    pub fn builder() -> RouterBuilder<C> {
        RouterBuilder {
            primaries: Vec::new(),
            replicas: Vec::new(),
            settings: Settings::default(),
            set_up: None,
        }
    }

    /// A new session, which has written nothing yet.
    #[must_use]
    pub fn session(&self) -> Session<C> {
        Session::new(self.clone())
    }

    /// A connection of the primary, to read from: nothing is known of what the caller must see.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read(&self) -> Result<ReadConn<crate::CaughtUp, C>, Error> {
        self.checkout(Level::Session, None).map(ReadConn::new)
    }

    /// A connection of some replica, however far behind; of the primary if there is no replica.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_eventual(&self) -> Result<ReadConn<Replica, C>, Error> {
        self.checkout(Level::Eventual, None).map(ReadConn::new)
    }

    /// A connection of the primary, to read from.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_primary(&self) -> Result<ReadConn<Primary, C>, Error> {
        self.checkout(Level::Strong, None).map(ReadConn::new)
    }

    /// A connection of the primary, to write with. No session remembers these writes.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn write(&self) -> Result<WriteConn<C>, Error> {
        self.checkout(Level::Write, None).map(WriteConn::new)
    }

    /// Closes the pools: every later checkout fails with [`Step::Closed`]. Handles that are out go
    /// on working; their connections are closed as they come back.
    pub fn close(&self) {
        self.inner.shared.signals.stop();
        self.inner.pools.store(None);
    }

    /// A connection for a read or write at `level`.
    pub(super) fn checkout(
        &self,
        level: Level,
        session: Option<&Arc<SessionState>>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let shared = &self.inner.shared;
        let decision = self.decide(level, session);
        match self.lend(level, decision, session) {
            // Its role changed since it was last watched: ask again, decide again, once.
            Err(Error::WrongRole { .. }) if shared.is_watched() => {
                shared.signals.ask_all();
                let _ = self.next_answer(Instant::now() + ROLE_CHANGE);
                let decision = shared.decide(level, session.map(|session| &**session));
                self.lend(level, decision, session)
            }
            result => result,
        }
    }

    /// Decides, and if a fresher replica would do, waits for one as long as the policy allows.
    fn decide(&self, level: Level, session: Option<&Arc<SessionState>>) -> Decision {
        let shared = &self.inner.shared;
        let session = session.map(|session| &**session);
        let decision = shared.decide(level, session);
        if shared.wait.is_zero() || !decision.wants_fresher() {
            return decision;
        }
        let until = Instant::now() + shared.wait;
        loop {
            let answered = self.next_answer(until);
            let decision = shared.decide(level, session);
            if !answered || !decision.wants_fresher() {
                return decision;
            }
        }
    }

    /// Waits for the next answer of any node; `false` if none came in time.
    fn next_answer(&self, until: Instant) -> bool {
        use event_listener::Listener;

        self.inner
            .shared
            .signals
            .answer()
            .wait_deadline(until)
            .is_some()
    }

    fn lend(
        &self,
        level: Level,
        decision: Decision,
        session: Option<&Arc<SessionState>>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let shared = &self.inner.shared;
        let Decision { node, reason } = decision;
        let since = Instant::now();
        let pools = self.inner.pools.load();
        let Some(pools) = pools.as_deref().and_then(|pools| pools.get(node)) else {
            return Err(Error::Checkout {
                node: shared.name(node).to_owned(),
                step: Step::Closed,
                waited: since.elapsed(),
                source: "the router was closed".into(),
            });
        };
        let pool = match reason {
            Reason::Write => &pools.write,
            Reason::Fallback => &pools.fallback,
            _ => &pools.read,
        };
        let is_primary = shared.is_primary(node);
        let access = match level {
            Level::Write => Access::Write,
            _ if is_primary => Access::Primary,
            Level::Session => Access::CaughtUp,
            _ => Access::Replica,
        };
        let guard = Guard::R2d2(pool.get()?);
        if is_primary && guard.role() == Some(NodeRole::ReplaysWrites) {
            return Err(Error::WrongRole {
                node: shared.name(node).to_owned(),
                expected: NodeRole::TakesWrites,
                found: NodeRole::ReplaysWrites,
            });
        }
        let grant = Grant {
            node,
            reason,
            access,
            is_primary,
        };
        Ok(Lease::new(
            guard,
            Arc::clone(shared),
            session.cloned(),
            grant,
        ))
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.inner.shared
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

/// A router's configuration.
#[must_use = "a router starts with `build`"]
pub struct RouterBuilder<C> {
    primaries: Vec<Node>,
    replicas: Vec<Node>,
    settings: Settings,
    set_up: Option<SetUp<C>>,
}

impl<C: RoutedConnection> RouterBuilder<C> {
    /// The node that takes writes. Exactly one.
    pub fn primary(mut self, node: Node) -> Self {
        self.primaries.push(node);
        self
    }

    /// A node that replays the primary's writes. Any number, also none.
    pub fn replica(mut self, node: Node) -> Self {
        self.replicas.push(node);
        self
    }

    /// How long a session's reads go to the primary after it wrote. Defaults to 5 s.
    pub fn window(mut self, window: Duration) -> Self {
        self.settings.window = window;
        self
    }

    /// Replicas that lag more than this serve nothing. Defaults to 60 s.
    pub fn max_lag(mut self, lag: Duration) -> Self {
        self.settings.max_lag = lag;
        self
    }

    /// How a replica is chosen among those that may serve a read.
    pub fn balance(mut self, balance: Balance) -> Self {
        self.settings.balance = balance;
        self
    }

    /// How long a read may wait for a replica to catch up before it goes to the primary. Defaults to
    /// zero: it does not wait.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.settings.wait = wait;
        self
    }

    /// Does without replication positions: roles are as configured, and a session's reads go to the
    /// primary for the window after it wrote. For servers whose positions the router's account may
    /// not ask for.
    pub fn window_only(mut self) -> Self {
        self.settings.positions = false;
        self
    }

    /// How often each node is asked for its role and position when nobody waits for an answer.
    /// Defaults to 100 ms, give or take a tenth.
    pub fn watch_interval(mut self, interval: Duration) -> Self {
        self.settings.watch_interval = interval;
        self
    }

    /// How long a node may take to answer before it counts as down. Defaults to 1 s.
    pub fn watch_timeout(mut self, timeout: Duration) -> Self {
        self.settings.watch_timeout = timeout;
        self
    }

    /// The clock that the window is measured with. Defaults to the system's monotonic one.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// What is done about statements that hide a write or a lock. Defaults to refusing them.
    pub fn statement_check(mut self, check: StatementCheck) -> Self {
        self.settings.check = check;
        self
    }

    /// Runs on every new connection of every pool alike, before it is made read-only: settings,
    /// instrumentation and the like.
    pub fn on_connect(
        mut self,
        hook: impl Fn(&mut C) -> QueryResult<()> + Send + Sync + 'static,
    ) -> Self {
        self.set_up = Some(Arc::new(hook));
        self
    }

    /// Connects to every node once, checks its role, and makes the pools.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a configuration that makes no sense; [`Error::Checkout`] for a node that
    /// cannot be reached or set up; [`Error::WrongRole`] for one that is not what it is configured
    /// as. Each names the node.
    pub fn build(self) -> Result<Router<C>, Error> {
        let Self {
            primaries,
            replicas,
            settings,
            set_up,
        } = self;
        let primary = crate::cluster::validate(primaries, &replicas)?;
        let mut nodes = vec![primary];
        nodes.extend(replicas);

        // r2d2 opens connections in the background.
        let threads = Arc::new(
            ScheduledThreadPool::builder()
                .num_threads(3)
                .thread_name_pattern("diesel-routing-pool-{}")
                // The reaper's next round, up to half a minute away, must not outlive the router.
                .on_drop_behavior(OnPoolDropBehavior::DiscardPendingScheduled)
                .build(),
        );
        let manager = |node: &Node, role, read_only| {
            Manager::new(node.clone(), role, read_only, set_up.clone())
        };
        let mut identity = None;
        let mut first = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let role = if index == 0 {
                NodeRole::TakesWrites
            } else {
                NodeRole::ReplaysWrites
            };
            let (conn, twin) = probe(&manager(node, Some(role), true))?;
            if index == 0 {
                identity = twin;
            } else if twin.is_some() && twin == identity {
                return Err(ConfigError::ReplicaIsPrimary {
                    replica: node.name.clone(),
                    primary: nodes[0].name.clone(),
                }
                .into());
            }
            first.push(conn);
        }
        let mut pools = Vec::with_capacity(nodes.len());
        for node in &nodes {
            // Roles change; the decision, not the configuration, says what a node must be.
            let reads = |role| manager(node, role, true);
            let writes = manager(node, C::WATCHED.then_some(NodeRole::TakesWrites), false);
            pools.push(Pools {
                read: Pool::new(reads(None), node.read_pool_size, &threads),
                write: Pool::new(writes, node.write_pool_size.max(1), &threads),
                fallback: Pool::new(reads(None), node.fallback_pool_size, &threads),
            });
        }
        let watched = C::WATCHED && settings.positions;
        let watch = Watch::new(&settings);
        let names = nodes.iter().map(|node| node.name.clone()).collect();
        let shared = Arc::new(settings.share(names, <C::Backend as crate::Dialect>::SQL, watched));
        if watched {
            watch.start(
                &shared,
                nodes
                    .iter()
                    .zip(first)
                    .map(|(node, conn)| (manager(node, None, true), conn)),
            );
        }
        Ok(Router {
            inner: Arc::new(Inner {
                shared,
                pools: ArcSwapOption::from_pointee(pools),
            }),
        })
    }
}

/// Opens one connection, to learn at once whether it can be done; returns it, and the server's
/// identity.
fn probe<C: RoutedConnection>(manager: &Manager<C>) -> Result<(C, Option<String>), Error> {
    let since = Instant::now();
    let mut conn = manager.connect()?.conn;
    match conn.identity() {
        Ok(identity) => Ok((conn, identity)),
        Err(error) => Err(Error::Checkout {
            node: manager.node().name.clone(),
            step: Step::SetUp,
            waited: since.elapsed(),
            source: Box::new(error),
        }),
    }
}

impl<C> fmt::Debug for RouterBuilder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterBuilder")
            .field("primaries", &self.primaries)
            .field("replicas", &self.replicas)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
