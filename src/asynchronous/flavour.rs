//! The parts of a router of this flavour.

use super::RoutedConnection;
use super::pool::{Hooks, Library, Pools};
use crate::engine::{Async, Flavour};

impl<C: RoutedConnection> Flavour<C> for Async {
    type Pools = Pools<C>;
    type Library = Library;
    type Hooks = Hooks<C>;
    #[cfg(feature = "edge")]
    type Store = dyn crate::edge::TokenStore;

    #[cfg(feature = "edge")]
    fn save_late(save: crate::edge::Save<C, Self>) -> bool {
        super::edge::save_late(save)
    }
}
