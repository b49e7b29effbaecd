//! The async pools: to add one, write its module, and list it here.

#[cfg(feature = "bb8")]
mod bb8;
#[cfg(feature = "deadpool")]
mod deadpool;
mod guard;

pub(super) use super::manager::{Hooks, Manager};

use super::RoutedConnection;

crate::engine::pools! {
    async;
    "bb8" Bb8 = bb8;
    "deadpool" Deadpool = deadpool;
}
