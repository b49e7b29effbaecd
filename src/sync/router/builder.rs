//! `RouterBuilder`: what a router is made of.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use diesel::QueryResult;

use super::super::RoutedConnection;
use super::super::pool::{Library, Manager, Pools, SetUp};
use super::super::watch::Watch;
#[cfg(doc)]
use super::super::{Session, WriteConn};
use super::{Inner, Router};
use crate::cluster::{Node, ServerFacts};
use crate::consistency::Class;
use crate::engine::{Settings, Shared, setting_methods};
use crate::error::{ConfigError, Error};
use crate::routing::Balance;
use crate::server::{NodeRole, PoolKind};
use crate::session::{Clock, TokenKeys};
use crate::statement::{Dialect, StatementCheck};

/// A router's configuration.
#[must_use = "a router starts with `build`"]
pub struct RouterBuilder<C> {
    library: Library,
    primaries: Vec<Node>,
    replicas: Vec<Node>,
    settings: Settings,
    set_up: Option<SetUp<C>>,
}

impl<C: RoutedConnection> RouterBuilder<C> {
    pub(crate) fn new(library: Library) -> Self {
        Self {
            library,
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
            library,
            primaries,
            replicas,
            settings,
            set_up,
        } = self;
        let nodes = crate::cluster::topology(primaries, replicas, settings.single.as_ref())?;

        let manager = |node: &Node, role, read_only| Manager {
            node: node.clone(),
            role,
            read_only,
            set_up: set_up.clone(),
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
            pools.push(Pools::new(&library, node, |kind| match kind {
                PoolKind::Write => {
                    manager(node, C::WATCHED.then_some(NodeRole::TakesWrites), false)
                }
                // Roles change; the decision, not the configuration, says what a node must be.
                _ => manager(node, None, true),
            })?);
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
    let opened = manager.open().map_err(Error::at_build)?;
    let mut conn = opened.conn;
    let facts = manager.facts(&mut conn)?;
    facts.check_version(&manager.node)?;
    facts.check_role(role, opened.role, &manager.node)?;
    if facts.backend.is_some() {
        let mut second = manager.connect()?;
        let other = manager.facts(&mut second)?;
        let again = manager.facts(&mut conn)?;
        facts.check_backends(&other, &again, &manager.node)?;
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
