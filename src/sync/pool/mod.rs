//! The blocking pools: to add one, write its module, and list it here.

mod guard;
#[cfg(feature = "r2d2")]
mod r2d2;

pub(super) use super::manager::{Hooks, Manager};

use super::RoutedConnection;

crate::engine::pools! {
    blocking;
    "r2d2" R2d2 = r2d2;
}
