//! Async or blocking: what differs in the parts of a router.

use std::fmt;
use std::sync::Arc;

use super::{PoolStatus, Recipe};
use crate::cluster::Member;
use crate::error::Error;
use crate::server::PoolKind;

/// The flavour of [diesel-async](https://docs.rs/diesel-async): what the crate root's types are.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "it has no value")]
pub enum Async {}

/// The flavour of blocking Diesel: what the types of [`sync`](crate::sync) are.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "it has no value")]
pub enum Blocking {}

/// The parts of a router that do I/O, for connections `C`.
pub(crate) trait Flavour<C>: Sized + Send + Sync + 'static {
    /// The pools of one node.
    type Pools: NodePools;
    /// The pools' library, and what is set for all pools of a router.
    type Library: fmt::Debug + Send + Sync + 'static;
    /// The hooks that open and prepare connections.
    type Hooks: Default + Send + Sync + 'static;
    /// The kind of store that keeps session states, by a key.
    #[cfg(feature = "edge")]
    type Store: fmt::Debug + Send + Sync + ?Sized + 'static;

    /// Set if MySQL's driver decodes the name of a database in a URL.
    const DECODES_NAMES: bool;

    /// Makes the pools of a node, to this database; `None` is the one that its URL was given with. Of those that are `kept`
    /// it makes the renewed ones alone.
    fn pools(
        recipe: &Recipe<Self::Library, Self::Hooks>,
        node: &Arc<Member>,
        database: Option<&Arc<str>>,
        is_watched: bool,
        kept: Option<(&Self::Pools, &[PoolKind])>,
    ) -> Result<Self::Pools, Error>;

    /// Saves a session's state that no request waits for; returns whether that could be started.
    #[cfg(feature = "edge")]
    fn save_late(save: crate::edge::Save<C, Self>) -> bool;
}

/// The pools of one node.
pub(crate) trait NodePools: Send + Sync + 'static {
    /// Returns the state of each pool.
    fn status(&self) -> Vec<PoolStatus>;

    /// Returns how much each pool is in use, in the order of [`PoolKind::ALL`].
    #[cfg(feature = "metrics")]
    fn usage(&self) -> &[Arc<super::Usage>; 3];

    /// Closes the connections that are idle, once the node was removed; the others are closed as they come back.
    fn drain(&self);
}
