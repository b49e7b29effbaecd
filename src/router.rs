//! `Router`: one primary, any number of replicas, and the pools to them.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use diesel::{ConnectionResult, QueryResult};
use futures_core::future::BoxFuture;

use crate::check::StatementCheck;
use crate::cluster::{Node, PRIMARY, Settings, Shared};
use crate::error::{ConfigError, Error, NodeRole, Step};
use crate::lease::{Grant, Lease};
use crate::pool::{Connect, Guard, Kind, Manager, Pool, SetUp};
use crate::role::{Access, Primary, Replica};
use crate::routing::Level;
use crate::session::{Clock, SessionState};
use crate::{CaughtUp, ReadConn, RoutedConnection, Session, WriteConn};

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
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
/// use diesel_routing::{Node, pg::Router, prelude::*};
///
/// # async fn example() -> Result<(), diesel_routing::Error> {
/// let router = Router::builder()
///     .primary(Node::new("primary", "postgres://app@10.0.0.1/app"))
///     .replica(Node::new("replica-1", "postgres://app@10.0.0.2/app"))
///     .build()
///     .await?;
///
/// let session = router.session();
/// let mut conn = session.read().await?;
/// let one: i32 = diesel::select(1.into_sql::<diesel::sql_types::Integer>())
///     .get_result(&mut conn)
///     .await?;
/// # Ok(()) }
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
    /// Starts the configuration of a router with bb8 pools.
    #[cfg(feature = "bb8")]
    pub fn builder() -> RouterBuilder<C> {
        RouterBuilder::new(Kind::Bb8)
    }

    /// Starts the configuration of a router with deadpool pools.
    #[cfg(feature = "deadpool")]
    pub fn deadpool_builder() -> RouterBuilder<C> {
        RouterBuilder::new(Kind::Deadpool)
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
    pub async fn read(&self) -> Result<ReadConn<CaughtUp, C>, Error> {
        self.checkout(Level::Session, None).await.map(ReadConn::new)
    }

    /// A connection of some replica, however far behind; of the primary if there is no replica.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read_eventual(&self) -> Result<ReadConn<Replica, C>, Error> {
        self.checkout(Level::Eventual, None)
            .await
            .map(ReadConn::new)
    }

    /// A connection of the primary, to read from.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read_primary(&self) -> Result<ReadConn<Primary, C>, Error> {
        self.checkout(Level::Strong, None).await.map(ReadConn::new)
    }

    /// A connection of the primary, to write with. No session remembers these writes.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn write(&self) -> Result<WriteConn<C>, Error> {
        self.checkout(Level::Write, None).await.map(WriteConn::new)
    }

    /// Closes the pools: every later checkout fails with [`Step::Closed`]. Handles that are out go
    /// on working; their connections are closed as they come back.
    pub fn close(&self) {
        self.inner.pools.store(None);
    }

    /// A connection for a read or write at `level`.
    pub(crate) async fn checkout(
        &self,
        level: Level,
        session: Option<&Arc<SessionState>>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let shared = &self.inner.shared;
        let (node, reason) = shared.decide(level, session.map(|session| &**session));
        let since = Instant::now();
        let pools = self.inner.pools.load_full();
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
            pool.get().await?,
            Arc::clone(shared),
            session.cloned(),
            grant,
        ))
    }

    pub(crate) fn shared(&self) -> &Shared {
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
    kind: Kind,
    primaries: Vec<Node>,
    replicas: Vec<Node>,
    settings: Settings,
    connect: Connect<C>,
    set_up: Option<SetUp<C>>,
}

impl<C: RoutedConnection> RouterBuilder<C> {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            primaries: Vec::new(),
            replicas: Vec::new(),
            settings: Settings::default(),
            connect: Arc::new(|url| Box::pin(C::establish(url))),
            set_up: None,
        }
    }

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

    /// How a connection is opened, from a node's URL: for TLS and the like. Defaults to
    /// [`AsyncConnection::establish`](diesel_async::AsyncConnection::establish).
    pub fn connect_with(
        mut self,
        connect: impl Fn(&str) -> BoxFuture<'_, ConnectionResult<C>> + Send + Sync + 'static,
    ) -> Self {
        self.connect = Arc::new(connect);
        self
    }

    /// Runs on every new connection of every pool alike, before it is made read-only: settings,
    /// instrumentation and the like.
    pub fn on_connect(
        mut self,
        hook: impl for<'a> Fn(&'a mut C) -> BoxFuture<'a, QueryResult<()>> + Send + Sync + 'static,
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
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what it has opened.
    pub async fn build(self) -> Result<Router<C>, Error> {
        let Self {
            kind,
            primaries,
            replicas,
            settings,
            connect,
            set_up,
        } = self;
        let primary = crate::cluster::validate(primaries, &replicas)?;
        let mut nodes = vec![primary.name.clone()];
        nodes.extend(replicas.iter().map(|replica| replica.name.clone()));

        let manager = |node: &Node, role, read_only| Manager {
            node: node.clone(),
            role,
            read_only,
            connect: Arc::clone(&connect),
            set_up: set_up.clone(),
        };
        let mut read = Vec::with_capacity(nodes.len());
        let of_primary = manager(&primary, NodeRole::TakesWrites, true);
        let identity = probe(&of_primary).await?;
        read.push(Pool::new(
            kind,
            of_primary,
            &primary,
            primary.read_pool_size,
        )?);
        for replica in &replicas {
            let of_replica = manager(replica, NodeRole::ReplaysWrites, true);
            let twin = probe(&of_replica).await?;
            if twin.is_some() && twin == identity {
                return Err(ConfigError::ReplicaIsPrimary {
                    replica: replica.name.clone(),
                    primary: primary.name,
                }
                .into());
            }
            read.push(Pool::new(
                kind,
                of_replica,
                replica,
                replica.read_pool_size,
            )?);
        }
        let write = manager(&primary, NodeRole::TakesWrites, false);
        let write = Pool::new(kind, write, &primary, primary.write_pool_size)?;
        Ok(Router {
            inner: Arc::new(Inner {
                shared: Arc::new(settings.share(nodes, <C::Backend as crate::Dialect>::SQL)),
                pools: ArcSwapOption::from_pointee(Pools { write, read }),
            }),
        })
    }
}

/// Opens one connection, to learn at once whether it can be done; returns the server's identity.
async fn probe<C: RoutedConnection>(manager: &Manager<C>) -> Result<Option<String>, Error> {
    let since = Instant::now();
    let mut conn = manager.open().await?;
    conn.identity().await.map_err(|error| Error::Checkout {
        node: manager.node.name.clone(),
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
