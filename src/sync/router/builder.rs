//! `RouterBuilder`: what a router is made of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use diesel::QueryResult;
use r2d2::ManageConnection;
use scheduled_thread_pool::{OnPoolDropBehavior, ScheduledThreadPool};

use super::super::RoutedConnection;
use super::super::r2d2::{Manager, Pool, SetUp};
use super::super::watch::Watch;
#[cfg(doc)]
use super::super::{Session, WriteConn};
use super::{Inner, Pools, Router};
use crate::check::StatementCheck;
use crate::cluster::{Node, ServerFacts, Settings, Shared, setting_methods};
use crate::consistency::Class;
use crate::dialect::Dialect;
use crate::error::{ConfigError, Error, NodeRole};
use crate::routing::Balance;
use crate::session::{Clock, TokenKeys};

/// A router's configuration.
#[must_use = "a router starts with `build`"]
pub struct RouterBuilder<C> {
    primaries: Vec<Node>,
    replicas: Vec<Node>,
    settings: Settings,
    set_up: Option<SetUp<C>>,
}

impl<C: RoutedConnection> RouterBuilder<C> {
    pub(super) fn new() -> Self {
        Self {
            primaries: Vec::new(),
            replicas: Vec::new(),
            settings: Settings::default(),
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

    setting_methods!();

    /// Runs on every new connection of every pool alike, before it is made read-only: settings,
    /// instrumentation and the like.
    pub fn on_connect(
        mut self,
        hook: impl Fn(&mut C) -> QueryResult<()> + Send + Sync + 'static,
    ) -> Self {
        self.set_up = Some(Arc::new(hook));
        self
    }

    /// Connects to every node, checks what it is, and makes the pools.
    ///
    /// On PostgreSQL, a second connection beside the first shows whether a pooler in between shares
    /// server connections among clients; a busy one may escape.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a configuration that cannot work: among others, a replica of
    /// another cluster, a pooler that shares connections, a server that is too old;
    /// [`Error::Checkout`] for a node that cannot be reached or set up; [`Error::WrongRole`] for one
    /// that is not what it is configured as. Each names the node.
    pub fn build(self) -> Result<Router<C>, Error> {
        let Self {
            primaries,
            replicas,
            settings,
            set_up,
        } = self;
        let nodes = crate::cluster::topology(primaries, replicas, settings.single.as_ref())?;

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
        let (primary, replicas) = nodes.split_first().ok_or(ConfigError::NoPrimary)?;
        let role = NodeRole::TakesWrites;
        let (conn, facts) = probe(&manager(primary, None, true), role)?;
        let mut first = vec![(conn, facts)];
        // The single database was probed just now.
        for node in replicas.iter().filter(|_| settings.single.is_none()) {
            let role = NodeRole::ReplaysWrites;
            let (conn, facts) = probe(&manager(node, None, true), role)?;
            first[0].1.check_replica(primary, &facts, node)?;
            first.push((conn, facts));
        }
        ServerFacts::check_ids(nodes.iter().zip(first.iter().map(|(_, facts)| facts)))?;
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
        let dialect = <C::Backend as Dialect>::SQL;
        let shared = Arc::new(Shared::new(&settings, &nodes, dialect, watched));
        if watched {
            watch.start(
                &shared,
                nodes
                    .iter()
                    .zip(first)
                    .map(|(node, opened)| (manager(node, None, true), opened)),
            );
        }
        let router = Router {
            inner: Arc::new(Inner {
                shared,
                pools: ArcSwapOption::from_pointee(pools),
            }),
        };
        // The watchers asked already; dropping the router ends them.
        router.inner.shared.check_cluster()?;
        Ok(router)
    }
}

/// Opens one connection, to learn at once whether it can be done, and what the server is; and a second
/// one beside it, to learn whether the two are the server's as well.
fn probe<C: RoutedConnection>(
    manager: &Manager<C>,
    role: NodeRole,
) -> Result<(C, ServerFacts), Error> {
    let opened = manager.connect().map_err(Error::at_build)?;
    let mut conn = opened.conn;
    let facts = manager.facts(&mut conn)?;
    facts.check_version(manager.node())?;
    facts.check_role(role, opened.role, manager.node())?;
    if facts.backend.is_some() {
        let mut second = manager.establish()?;
        let other = manager.facts(&mut second)?;
        let again = manager.facts(&mut conn)?;
        facts.check_backends(&other, &again, manager.node())?;
    }
    Ok((conn, facts))
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
