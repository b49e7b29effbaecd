//! `Nodes`: the nodes of a router, which come and go while it runs.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::configuration::CODE;
use super::router::WeakDatabases;
use super::{Async, Flavour, NodePools, Recipe, Router, WeakRouter};
use crate::cluster::{Member, Members, Node, newcomer};
use crate::error::{ConfigError, Error};
use crate::mutex::lock;
use crate::observe::Event;
use crate::server::NodeRole;

/// The nodes of a [`Router`], from [`Router::nodes`]: added, removed and replaced while it runs. Routers
/// [for other databases](Router::for_database) of the same servers have the same.
///
/// Sessions, tokens and handles live on: they are about what servers have, and not about nodes. Reads and writes go on
/// meanwhile, and wait for none of this.
///
/// Cheap to clone.
///
/// # Example
///
/// ```no_run
/// use diesel_routing::{Node, sync::sqlite::Router};
///
/// # fn example(router: &Router) -> Result<(), diesel_routing::Error> {
/// let nodes = router.nodes();
/// nodes.add(Node::new("db-3", "copy-3.db"))?;
/// nodes.replace(Node::new("db-2", "copy-2.db"))?;
/// let unfinished = nodes.remove("db-1")?; // handles that were still out when its time was over
/// println!("{unfinished} handles; now {}", nodes.names().join(", "));
/// # Ok(()) }
/// ```
#[expect(private_bounds, reason = "there are two flavours, and no others")]
pub struct Nodes<C, F: Flavour<C> = Async> {
    pub(crate) router: Router<C, F>,
}

/// The pools of a member.
pub(crate) struct Seat<P> {
    pub(crate) member: Arc<Member>,
    pub(crate) pools: P,
}

/// The place of a node that joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// One more.
    Add,
    /// The one that takes the place of the one with its name.
    Replace,
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Nodes<C, F> {
    /// Returns the names of the nodes, in the order of [`Status::nodes`](crate::Status::nodes).
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let members = self.router.shared().members();
        let met = members.iter().filter(|(_, member)| !member.is_joining());
        met.map(|(_, member)| member.name.clone()).collect()
    }

    /// Takes `node` in.
    pub(crate) fn join(&self, node: Node, change: Change) -> Result<Joining<C, F>, Error> {
        let router = &self.router;
        let _changes = lock(&router.databases().changes);
        router.check_open(0)?;
        let recipe = &router.databases().recipe;
        let members = router.shared().members();
        let is_watched = router.shared().is_watched();
        let node = expected(
            node,
            change,
            &members,
            is_watched,
            recipe.settings.single.as_ref(),
        )?;
        self.take_in_as(node, change)
    }

    /// Takes a node in that is part of a set which was checked as a whole.
    #[cfg(feature = "config")]
    pub(crate) fn join_as(&self, node: Node, change: Change) -> Result<Joining<C, F>, Error> {
        let _changes = lock(&self.router.databases().changes);
        self.router.check_open(0)?;
        let members = self.router.shared().members();
        // Code may have added it meanwhile.
        if change == Change::Add && members.iter().any(|(_, other)| other.name == node.name) {
            return Err(ConfigError::DuplicateName { name: node.name }.into());
        }
        self.take_in_as(node, change)
    }

    /// Takes a valid node in, while nobody else changes the nodes.
    fn take_in_as(&self, node: Node, change: Change) -> Result<Joining<C, F>, Error> {
        let router = &self.router;
        let recipe = &router.databases().recipe;
        let (slot, member) = router
            .shared()
            .take_in(&recipe.settings, node, |slot, member| {
                router.seat_newcomer(slot, member)
            })?;
        Ok(Joining {
            router: router.clone(),
            recipe: Arc::clone(recipe),
            slot,
            member,
            change,
            has_joined: false,
        })
    }

    /// Takes the node called `name` out, and returns its pools.
    pub(crate) fn leave(&self, name: &str) -> Result<Leaving<F::Pools>, Error> {
        let router = &self.router;
        let _changes = lock(&router.databases().changes);
        router.check_open(0)?;
        let recipe = &router.databases().recipe;
        let members = router.shared().members();
        let (slot, member) = find(&members, name)?;
        if let Some(single) = &recipe.settings.single {
            let node = single.name.clone();
            return Err(ConfigError::NotSingle { node }.into());
        }
        if members
            .iter()
            .filter(|(_, member)| !member.is_joining())
            .count()
            == 1
        {
            let node = member.name.clone();
            return Err(ConfigError::LastNode { node }.into());
        }
        if !router.shared().is_watched() && member.role == Some(NodeRole::TakesWrites) {
            // Nobody would find another.
            return Err(ConfigError::NoPrimary.into());
        }
        let node = member.name.clone();
        let left = router.unseat(&recipe.settings, slot);
        Event::NodeRemoved {
            node: &node,
            by: CODE,
        }
        .emit();
        Ok(left)
    }
}

/// Nodes, as long as anyone keeps a router of theirs.
pub(crate) struct WeakNodes<C, F: Flavour<C>> {
    router: WeakRouter<C, F>,
    databases: WeakDatabases<C, F>,
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Nodes<C, F> {
    pub(crate) fn downgrade(&self) -> WeakNodes<C, F> {
        WeakNodes {
            router: self.router.downgrade(),
            databases: self.router.databases_weak(),
        }
    }
}

impl<C, F: Flavour<C>> WeakNodes<C, F> {
    /// Returns the nodes by the router that they were taken from, or by one for another database if that is closed or dropped.
    pub(crate) fn upgrade(&self) -> Option<Nodes<C, F>> {
        let own = self.router.upgrade();
        let is_open = own
            .as_ref()
            .is_some_and(|router| router.check_open(0).is_ok());
        let router = match own {
            Some(_) if is_open => own,
            _ => Router::any_of(&self.databases).or(own),
        };
        router.map(|router| Nodes { router })
    }
}

/// Returns a node as it joins these, if it may.
fn expected(
    node: Node,
    change: Change,
    members: &Members,
    is_watched: bool,
    single: Option<&Node>,
) -> Result<Node, ConfigError> {
    if single.is_some() {
        return Err(ConfigError::NotSingle { node: node.name });
    }
    let role = match change {
        Change::Replace => find(members, &node.name)?.1.role,
        Change::Add if members.iter().any(|(_, other)| other.name == node.name) => {
            return Err(ConfigError::DuplicateName { name: node.name });
        }
        Change::Add if is_watched => None,
        Change::Add => Some(NodeRole::ReplaysWrites),
    };
    let mut others = members.iter().filter(|(_, other)| other.name != node.name);
    let is_primary = |role| role == Some(NodeRole::TakesWrites);
    let twin = others
        .find(|(_, other)| other.url == node.url && (is_primary(role) || is_primary(other.role)));
    if let Some((_, twin)) = twin {
        let (replica, primary) = if is_primary(role) {
            (twin.name.clone(), node.name)
        } else {
            (node.name, twin.name.clone())
        };
        return Err(ConfigError::ReplicaIsPrimary { replica, primary });
    }
    newcomer(node, role)
}

fn find<'a>(members: &'a Members, name: &str) -> Result<(usize, &'a Arc<Member>), ConfigError> {
    members.find(name).ok_or_else(|| {
        let names = members
            .iter()
            .map(|(_, member)| format!("`{}`", member.name));
        ConfigError::UnknownNode {
            name: name.to_owned(),
            nodes: names.collect::<Vec<_>>().join(", "),
        }
    })
}

/// A node that has joined, and leaves again if this is dropped before it was met.
pub(crate) struct Joining<C, F: Flavour<C>> {
    router: Router<C, F>,
    pub(crate) recipe: Arc<Recipe<F::Library, F::Hooks>>,
    pub(crate) slot: usize,
    pub(crate) member: Arc<Member>,
    pub(crate) change: Change,
    has_joined: bool,
}

impl<C, F: Flavour<C>> Joining<C, F> {
    /// Checks that the node is still a member.
    #[cfg(feature = "config")]
    pub(super) fn check_member(&self) -> Result<(), Error> {
        let members = self.router.shared().members();
        let member = members.get(self.slot);
        if member.is_some_and(|member| member.serial == self.member.serial) {
            return Ok(());
        }
        Err(Error::removed(&self.member.name, Instant::now()))
    }

    /// Records that the node stays.
    #[cfg(feature = "config")]
    pub(super) fn joined(mut self) {
        self.has_joined = true;
    }

    /// Keeps the node: returns the pools of the one whose place it takes.
    pub(crate) fn keep(mut self) -> Result<Option<Leaving<F::Pools>>, Error> {
        let router = &self.router;
        let _changes = lock(&router.databases().changes);
        router.check_open(self.slot)?;
        let members = router.shared().members();
        let is_member = members
            .get(self.slot)
            .is_some_and(|member| member.serial == self.member.serial);
        if !is_member {
            // It was removed meanwhile.
            return Err(Error::removed(&self.member.name, Instant::now()));
        }
        let left = match self.change {
            Change::Add => None,
            Change::Replace => {
                let (slot, _) = find(&members, &self.member.name)?;
                // Before the other goes: where roles are as configured, there is a primary all the while.
                self.member.joined();
                Some(router.unseat(&self.recipe.settings, slot))
            }
        };
        let (node, by) = (self.member.name.as_str(), CODE);
        let event = match self.change {
            Change::Add => Event::NodeAdded { node, by },
            Change::Replace => Event::NodeReplaced { node, by },
        };
        event.emit();
        router.shared().met(&self.member);
        self.has_joined = true;
        Ok(left)
    }
}

impl<C, F: Flavour<C>> Drop for Joining<C, F> {
    fn drop(&mut self) {
        if self.has_joined {
            return;
        }
        let _changes = lock(&self.router.databases().changes);
        let members = self.router.shared().members();
        if members
            .get(self.slot)
            .is_some_and(|member| member.serial == self.member.serial)
        {
            drop(self.router.unseat(&self.recipe.settings, self.slot));
        }
    }
}

/// The pools of a node that has left, until all their connections are closed.
pub(crate) struct Leaving<P> {
    /// Of each router that has any: none if they are closed.
    seats: Vec<Arc<Seat<P>>>,
    /// The time that is waited for them.
    limit: Duration,
}

impl<P: NodePools> Leaving<P> {
    pub(crate) fn new(seats: Vec<Arc<Seat<P>>>, limit: Duration) -> Self {
        Self { seats, limit }
    }

    /// Returns the time that is waited for them.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Returns the number of connections that are open, and closes those that are idle.
    pub(crate) fn open(&self) -> u32 {
        let pools = self.seats.iter().flat_map(|seat| {
            seat.pools.drain();
            seat.pools.status()
        });
        pools.map(|pool| pool.open).sum()
    }
}

impl<C, F: Flavour<C>> Clone for Nodes<C, F> {
    fn clone(&self) -> Self {
        Self {
            router: self.router.clone(),
        }
    }
}

impl<C, F: Flavour<C>> fmt::Debug for Nodes<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Nodes").field(&self.names()).finish()
    }
}
