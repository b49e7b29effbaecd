//! The blocking pools: to add one, write its module, and list it here.

mod guard;
#[cfg(feature = "r2d2")]
mod r2d2;

pub(super) use super::manager::{Hooks, Manager};

use super::RoutedConnection;
#[cfg(feature = "test-util")]
use super::test_pool;
#[cfg(feature = "test-util")]
use crate::error::Error;

crate::engine::pools! {
    blocking;
    "r2d2" R2d2 = r2d2;
    "test-util" Testing = test_pool;
}

/// Returns the library that pools connections where nobody says which; `None` if none is compiled in.
#[cfg(feature = "test-util")]
pub(super) fn default_library() -> Option<Library> {
    #[cfg(feature = "r2d2")]
    return Some(Library::R2d2(r2d2::Settings::new()));
    #[cfg(not(feature = "r2d2"))]
    None
}

#[cfg(feature = "test-util")]
impl<C: RoutedConnection> test_pool::Pool<C> {
    /// Returns none: whether the connection is idle, only a wait for it tells.
    fn get_idle(&self) -> Option<test_pool::Loan<C>> {
        None
    }

    /// Lends the connection, when it is there: how long that takes at most is the test's matter.
    fn get(&self, _limit: std::time::Duration) -> Result<test_pool::Loan<C>, Error> {
        self.lend(std::time::Instant::now())
    }
}
