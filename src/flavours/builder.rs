//! Builds a router.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::sync::Arc;
use std::time::Instant;

use super::pool::{Hooks, Library, Manager, Pools};
use super::{RoutedConnection, Router, RouterBuilder, flavoured, io, watch};
use crate::cluster::{Member, Node, after, check_language};
use crate::connect::language_of;
use crate::engine::watcher::Watcher;
use crate::engine::{Arrivals, Conditions, Questions, Recipe, Seat, Server, Settings, Shared};
use crate::error::{ConfigError, Error};
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
        let watches = |language| C::abilities(language).watched;
        let plan = self.plan(C::Backend::LANGUAGES, watches)?;
        let abilities = C::abilities(plan.language);
        let watched = abilities.watched && plan.recipe.settings.questions != Questions::Nothing;
        plan.check_roles(watched)?;
        let shared = plan.shared(Server {
            dialect: plan.language,
            watched,
            demoted_in_place: abilities.demoted_in_place,
        });
        plan.nodes
            .iter()
            .try_for_each(|node| check_measured::<C>(node, &shared))?;
        let members = shared.members();
        let to_meet = plan.to_meet().to_vec();
        let recipe = Arc::new(plan.recipe);
        let mut seats = Vec::with_capacity(members.slots());
        for (_, member) in members.iter() {
            seats.push(Seat {
                member: Arc::clone(member),
                pools: pools(&recipe, member, None, watched, None)?,
            });
        }
        shared.start();
        // Dropping it ends the watchers.
        let router = Router::new(shared, Arc::clone(&recipe), seats);
        let arrivals = Arc::new(Arrivals::new(to_meet.len()));
        for (slot, member) in members.iter().take(to_meet.len()) {
            start_watcher(&router, &recipe, (slot, member), (&arrivals, slot));
        }
        drop(members);
        let shared = router.shared();
        let conditions = conditions::<C>(&recipe.settings, shared, since);
        await_arrivals(&arrivals, conditions).await;
        shared.weigh(&to_meet, arrivals.take(), conditions)?;
        Ok(router)
    }
}

/// Checks that a new node is of a kind that this router's connections know.
pub(super) fn check_kind<C: RoutedConnection>(
    node: &Node,
    shared: &Shared,
) -> Result<(), ConfigError> {
    if let Some((_, other)) = shared.members().iter().next() {
        check_language(node, C::Backend::LANGUAGES, &other.name, shared.dialect)?;
    }
    check_measured::<C>(node, shared)
}

/// Checks that a node is no subscriber where nothing measures those.
fn check_measured<C: RoutedConnection>(node: &Node, shared: &Shared) -> Result<(), ConfigError> {
    let is_known = C::abilities(shared.dialect).knows_subscribers;
    // What it has is measured by the primary's positions.
    let is_measured = is_known && !(shared.is_watched() && shared.trusts_window);
    if node.is_logical && !is_measured {
        let node = node.name().to_owned();
        return Err(ConfigError::LogicalElsewhere { node });
    }
    Ok(())
}

/// Waits until each node has answered or refused, or the time for that is over.
#[flavoured]
pub(super) async fn await_arrivals(arrivals: &Arrivals, conditions: Conditions) {
    let deadline = after(conditions.since, conditions.limit);
    while let Some(next) = arrivals.pending() {
        if !io::until(deadline, next).await {
            break;
        }
    }
}

/// Returns what is asked of nodes that are met since then.
pub(super) fn conditions<C: RoutedConnection>(
    settings: &Settings,
    shared: &Shared,
    since: Instant,
) -> Conditions {
    let is_file = !C::abilities(shared.dialect).watched;
    Conditions {
        // A file that is not there does not come back by itself.
        requires_all: settings.require_all || is_file,
        since,
        limit: settings.build_timeout,
    }
}

/// Makes the pools of a node, to this database; `None` is the one that its URL was given with. Of those that are `kept` it
/// makes the renewed ones alone.
pub(super) fn pools<C: RoutedConnection>(
    recipe: &Recipe<Library, Hooks<C>>,
    node: &Arc<Member>,
    database: Option<&Arc<str>>,
    watched: bool,
    kept: Option<(&Pools<C>, &[PoolKind])>,
) -> Result<Pools<C>, Error> {
    let manager = |kind| {
        let manager = match kind {
            PoolKind::Write => writer(node, recipe, watched),
            PoolKind::Read | PoolKind::Fallback => reader(node, Some(kind), recipe, watched),
        };
        Manager {
            database: database.cloned(),
            ..manager
        }
    };
    let kept = |kind| {
        let (pools, _) = kept.filter(|(_, renewed)| !renewed.contains(&kind))?;
        Some(pools.share(kind))
    };
    Pools::new(&recipe.library, node, manager, kept)
}

/// Starts the watcher of a node.
pub(super) fn start_watcher<C: RoutedConnection>(
    router: &Router<C>,
    recipe: &Recipe<Library, Hooks<C>>,
    (slot, member): (usize, &Arc<Member>),
    arrivals: (&Arc<Arrivals>, usize),
) {
    let shared = router.shared();
    let watcher = Watcher::new(shared, &recipe.settings, (slot, member), arrivals);
    let manager = reader(member, None, recipe, shared.is_watched());
    watch::start(watcher, manager);
}

/// Returns the manager of a pool to read from, or of a watcher's connection. Roles change: the decision, not the
/// configuration, says what a node must be.
fn reader<C>(
    node: &Arc<Member>,
    pool: Option<PoolKind>,
    recipe: &Recipe<Library, Hooks<C>>,
    positions: bool,
) -> Manager<C> {
    Manager {
        node: Arc::clone(node),
        database: None,
        pool,
        role: None,
        read_only: true,
        reset: recipe.settings.reset,
        positions,
        aurora: recipe.settings.questions == Questions::Aurora,
        alive_for: recipe.settings.alive_for,
        usage: Arc::default(),
        hooks: recipe.hooks.clone(),
    }
}

/// Returns the manager of a pool to write with.
fn writer<C: RoutedConnection>(
    node: &Arc<Member>,
    recipe: &Recipe<Library, Hooks<C>>,
    positions: bool,
) -> Manager<C> {
    let language = language_of(&node.url, C::Backend::LANGUAGES);
    let knows_roles = language.is_some_and(|language| C::abilities(language).watched);
    Manager {
        role: knows_roles.then_some(NodeRole::TakesWrites),
        read_only: false,
        ..reader(node, Some(PoolKind::Write), recipe, positions)
    }
}
