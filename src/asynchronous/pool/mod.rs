//! The async pools: to add one, write its module, and list it here.

#[cfg(feature = "bb8")]
mod bb8;
#[cfg(feature = "deadpool")]
mod deadpool;
mod guard;

pub(super) use super::manager::{Hooks, Manager};

use super::RoutedConnection;
#[cfg(feature = "test-util")]
use super::test_pool;
#[cfg(feature = "test-util")]
use crate::error::Error;

crate::engine::pools! {
    async;
    "bb8" Bb8 = bb8;
    "deadpool" Deadpool = deadpool;
    "test-util" Testing = test_pool;
}

/// Returns the library that pools connections where nobody says which; `None` if none is compiled in.
#[cfg(feature = "test-util")]
pub(super) fn default_library() -> Option<Library> {
    #[cfg(feature = "bb8")]
    return Some(Library::Bb8(bb8::Settings));
    #[cfg(all(feature = "deadpool", not(feature = "bb8")))]
    return Some(Library::Deadpool(deadpool::Settings));
    #[cfg(not(any(feature = "bb8", feature = "deadpool")))]
    None
}

#[cfg(feature = "test-util")]
impl<C: RoutedConnection> test_pool::Pool<C> {
    async fn get(&self, since: std::time::Instant) -> Result<test_pool::Loan<C>, Error> {
        self.lend(since).await
    }
}
