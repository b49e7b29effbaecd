//! The parts of a router of this flavour.

use std::sync::Arc;

use super::RoutedConnection;
use super::pool::{Hooks, Library, Pools};
use crate::cluster::Member;
use crate::engine::{Blocking, Flavour, Recipe};
use crate::error::Error;
use crate::server::PoolKind;

impl<C: RoutedConnection> Flavour<C> for Blocking {
    type Pools = Pools<C>;
    type Library = Library;
    type Hooks = Hooks<C>;
    #[cfg(feature = "edge")]
    type Store = dyn super::edge::TokenStore;

    const DECODES_NAMES: bool = false;

    fn pools(
        recipe: &Recipe<Library, Hooks<C>>,
        node: &Arc<Member>,
        database: Option<&Arc<str>>,
        is_watched: bool,
        kept: Option<(&Pools<C>, &[PoolKind])>,
    ) -> Result<Pools<C>, Error> {
        super::builder::pools(recipe, node, database, is_watched, kept)
    }

    #[cfg(feature = "edge")]
    fn save_late(save: crate::edge::Save<C, Self>) -> bool {
        super::edge::save_late(&save);
        true
    }
}
