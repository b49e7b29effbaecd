//! `Router`: one primary, any number of replicas, and the pools to them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use diesel::QueryResult;
use r2d2::ManageConnection;
use scheduled_thread_pool::ScheduledThreadPool;

use super::pool::Guard;
use super::r2d2::{Manager, Pool, SetUp};
use super::{ReadConn, RoutedConnection, Session, WriteConn};
use crate::check::StatementCheck;
use crate::cluster::{Node, PRIMARY, Settings, Shared};
use crate::error::{ConfigError, Error, NodeRole, Step};
use crate::lease::{Grant, Lease};
use crate::role::{Access, Primary, Replica};
use crate::routing::Level;
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
    pools: ArcSwapOption<Pools<C>>,
}

struct Pools<C: RoutedConnection> {
    write: Pool<C>,
    /// By node: the primary's first.
    read: Vec<Pool<C>>,
}

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
        self.inner.pools.store(None);
    }

    /// A connection for a read or write at `level`.
    pub(super) fn checkout(
        &self,
        level: Level,
        session: Option<&Arc<SessionState>>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let shared = &self.inner.shared;
        let (node, reason) = shared.decide(level, session.map(|session| &**session));
        let since = Instant::now();
        let pools = self.inner.pools.load();
        let pool = pools.as_deref().and_then(|pools| match level {
            Level::Write => Some(&pools.write),
            _ => pools.read.get(node),
        });
        let Some(pool) = pool else {
            return Err(Error::Checkout {
                node: shared.name(node).to_owned(),
                step: Step::Closed,
                waited: since.elapsed(),
                source: "the router was closed".into(),
            });
        };
        let access = match level {
            Level::Write => Access::Write,
            _ if node == PRIMARY => Access::Primary,
            Level::Session => Access::CaughtUp,
            _ => Access::Replica,
        };
        let grant = Grant {
            node,
            reason,
            access,
        };
        Ok(Lease::new(
            Guard::R2d2(pool.get()?),
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
        let mut nodes = vec![primary.name.clone()];
        nodes.extend(replicas.iter().map(|replica| replica.name.clone()));

        // r2d2 opens connections in the background.
        let threads = Arc::new(
            ScheduledThreadPool::builder()
                .num_threads(3)
                .thread_name_pattern("diesel-routing-pool-{}")
                .build(),
        );
        let manager = |node: &Node, role, read_only| {
            Manager::new(node.clone(), role, read_only, set_up.clone())
        };
        let mut read = Vec::with_capacity(nodes.len());
        let of_primary = manager(&primary, NodeRole::TakesWrites, true);
        let identity = probe(&of_primary, &primary.name)?;
        read.push(Pool::new(of_primary, primary.read_pool_size, &threads));
        for replica in &replicas {
            let of_replica = manager(replica, NodeRole::ReplaysWrites, true);
            let twin = probe(&of_replica, &replica.name)?;
            if twin.is_some() && twin == identity {
                return Err(ConfigError::ReplicaIsPrimary {
                    replica: replica.name.clone(),
                    primary: primary.name,
                }
                .into());
            }
            read.push(Pool::new(of_replica, replica.read_pool_size, &threads));
        }
        let write = manager(&primary, NodeRole::TakesWrites, false);
        let write = Pool::new(write, primary.write_pool_size, &threads);
        Ok(Router {
            inner: Arc::new(Inner {
                shared: Arc::new(settings.share(nodes, <C::Backend as crate::Dialect>::SQL)),
                pools: ArcSwapOption::from_pointee(Pools { write, read }),
            }),
        })
    }
}

/// Opens one connection, to learn at once whether it can be done; returns the server's identity.
fn probe<C: RoutedConnection>(manager: &Manager<C>, node: &str) -> Result<Option<String>, Error> {
    let since = Instant::now();
    let mut conn = manager.connect()?;
    conn.identity().map_err(|error| Error::Checkout {
        node: node.to_owned(),
        step: Step::SetUp,
        waited: since.elapsed(),
        source: Box::new(error),
    })
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
