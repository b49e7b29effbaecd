//! Builds a router.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::sync::Arc;
use std::time::Instant;

use super::pool::{Hooks, Manager, Pools};
use super::{RoutedConnection, Router, RouterBuilder, flavoured, io, watch};
use crate::cluster::{Node, after};
use crate::engine::watcher::Watcher;
use crate::engine::{Arrivals, Conditions, Server, Settings};
use crate::error::Error;
use crate::server::{NodeRole, PoolKind};
use crate::statement::Dialect;

#[flavoured]
impl<C: RoutedConnection> RouterBuilder<C> {
    /// Connects to the nodes, to all of them at the same time, finds out what they are, and makes the pools.
    ///
    /// One node that answers is enough. The primary is the one that takes writes, on the newest history if several do, as
    /// while the router runs. A node that is missing, or is not what it is configured as, is named in a warning and in
    /// [`Router::status`]; it serves as soon as it can. While no node takes writes, reads that replicas may serve are
    /// served, however far behind they are as nothing is known of that; what needs the primary fails with
    /// [`Error::NoPrimary`]. [`require_all`](Self::require_all) makes all that errors.
    ///
    /// On PostgreSQL, a second connection beside the first shows whether a pooler in between shares server
    /// connections among clients; a busy one may escape.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a configuration that cannot work: among others, nodes of two clusters, a pooler that
    /// shares connections, a server that is too old, an account that may not ask for positions; [`Error::NoNode`] if no
    /// node can be used, with the error of each, or the [`Error::Checkout`] of the only one. With
    /// [`window_only`](Self::window_only), [`Error::WrongRole`] for a node that is not what it is configured as: its role
    /// is not asked for again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what it has opened.
    pub async fn build(self) -> Result<Router<C>, Error> {
        let since = Instant::now();
        let plan = self.plan()?;
        let watched = C::WATCHED && plan.settings.positions;
        plan.check_roles(watched)?;
        let mut pools = Vec::with_capacity(plan.nodes.len());
        for node in &plan.nodes {
            pools.push(Pools::new(&plan.library, node, |kind| match kind {
                PoolKind::Write => writer(node, &plan.hooks, &plan.settings, watched),
                PoolKind::Read | PoolKind::Fallback => {
                    reader(node, Some(kind), &plan.hooks, &plan.settings, watched)
                }
            })?);
        }
        let shared = plan.shared(Server {
            dialect: <C::Backend as Dialect>::SQL,
            watched,
            demoted_in_place: C::DEMOTED_IN_PLACE,
        });
        shared.start();
        // Dropping it ends the watchers.
        let router = Router::new(shared, pools);
        let arrivals = Arc::new(Arrivals::new(plan.to_meet().len()));
        for (index, node) in plan.to_meet().iter().enumerate() {
            let watcher = Watcher::new(router.shared(), &plan.settings, index, &arrivals);
            let manager = reader(node, None, &plan.hooks, &plan.settings, watched);
            watch::start(watcher, manager);
        }
        let limit = plan.settings.build_timeout;
        let deadline = after(since, limit);
        while let Some(next) = arrivals.pending() {
            if !io::until(deadline, next).await {
                break;
            }
        }
        let conditions = Conditions {
            // A file that is not there does not come back by itself.
            requires_all: plan.settings.require_all || !C::WATCHED,
            since,
            limit,
        };
        let shared = router.shared();
        shared.weigh(plan.to_meet(), arrivals.take(), conditions)?;
        Ok(router)
    }
}

/// Returns the manager of a pool to read from, or of a watcher's connection. Roles change: the decision, not the
/// configuration, says what a node must be.
fn reader<C>(
    node: &Node,
    pool: Option<PoolKind>,
    hooks: &Hooks<C>,
    settings: &Settings,
    positions: bool,
) -> Manager<C> {
    Manager {
        node: node.clone(),
        pool,
        role: None,
        read_only: true,
        positions,
        alive_for: settings.alive_for,
        hooks: hooks.clone(),
    }
}

/// Returns the manager of a pool to write with.
fn writer<C: RoutedConnection>(
    node: &Node,
    hooks: &Hooks<C>,
    settings: &Settings,
    positions: bool,
) -> Manager<C> {
    Manager {
        role: C::WATCHED.then_some(NodeRole::TakesWrites),
        read_only: false,
        ..reader(node, Some(PoolKind::Write), hooks, settings, positions)
    }
}
