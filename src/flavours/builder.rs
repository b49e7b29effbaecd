//! Builds a router.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use super::pool::{Hooks, Manager, Pools};
use super::{RoutedConnection, Router, RouterBuilder, flavoured, io, watch};
use crate::cluster::{Node, ServerFacts};
use crate::engine::watcher::Watcher;
use crate::engine::{Pooled, Server, Settings};
use crate::error::Error;
use crate::server::{NodeRole, PoolKind};
use crate::statement::Dialect;

#[flavoured]
impl<C: RoutedConnection> RouterBuilder<C> {
    /// Connects to every node, to all of them at the same time, checks what it is, and makes the pools.
    ///
    /// On PostgreSQL, a second connection beside the first shows whether a pooler in between shares server
    /// connections among clients; a busy one may escape.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a configuration that cannot work: among others, a replica of another cluster, a
    /// pooler that shares connections, a server that is too old; [`Error::Checkout`] for a node that cannot be
    /// reached or set up; [`Error::WrongRole`] for one that is not what it is configured as. Each names the node.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what it has opened.
    pub async fn build(self) -> Result<Router<C>, Error> {
        let plan = self.plan()?;
        let watched = C::WATCHED && plan.settings.positions;
        let managers = plan
            .probes()
            .map(|(node, role)| {
                let manager = reader(node, None, &plan.hooks, &plan.settings, watched);
                (manager, role)
            })
            .collect::<Vec<_>>();
        // All at once: one that is slow holds nobody up but itself.
        let managers = managers.iter().collect();
        let met = io::each(managers, |(manager, role)| probe(manager, *role)).await;
        let met: Vec<Box<Pooled<C>>> = met.into_iter().collect::<Result<_, _>>()?;
        let first = met.first().map(|first| &first.known.facts);
        for (node, conn) in plan.nodes.iter().zip(&met).skip(1) {
            plan.check_replica(first, node, &conn.known.facts)?;
        }
        let facts = met.iter().map(|conn| &conn.known.facts);
        ServerFacts::check_ids(plan.nodes.iter().zip(facts))?;

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
            waits: C::WAITS && met.iter().any(|conn| conn.known.facts.waits),
        });
        if watched {
            let watchers = plan.nodes.iter().zip(met).enumerate();
            let watchers = watchers.map(|(index, (node, conn))| {
                let watcher = Watcher::new(&shared, &plan.settings, index, conn.known);
                let manager = reader(node, None, &plan.hooks, &plan.settings, watched);
                (watcher, manager, conn.conn)
            });
            let start = |(watcher, manager, conn)| watch::start(watcher, manager, conn);
            // The primary first: how far replicas are is measured by what it said before.
            let mut primary: Vec<_> = watchers.collect();
            let replicas = primary.split_off(1);
            io::each(primary, start).await;
            io::each(replicas, start).await;
        }
        let router = Router::new(shared, pools);
        // The watchers asked already; dropping the router ends them.
        router.shared().check_cluster()?;
        Ok(router)
    }
}

/// Returns the manager of a pool to read from, or of a watcher's connection. Roles change: the decision, not the configuration, says what a node
/// must be.
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

/// Opens one connection, to learn at once whether it can be done, and what the server is; and a second one beside it,
/// to learn whether the two are the server's as well.
#[flavoured]
async fn probe<C: RoutedConnection>(
    manager: &Manager<C>,
    role: NodeRole,
) -> Result<Box<Pooled<C>>, Error> {
    let mut first = manager.open().await.map_err(Error::at_build)?;
    let facts = &first.known.facts;
    facts.check_version(&manager.node)?;
    facts.check_role(role, first.known.role, &manager.node)?;
    if facts.backend.is_some() {
        let mut second = manager.connect().await?;
        let other = manager.facts(&mut second).await?;
        let again = manager.facts(&mut first.conn).await?;
        facts.check_backends(&other, &again, &manager.node)?;
    }
    Ok(first)
}
