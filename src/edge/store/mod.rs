//! Session states on the server's side.

#[cfg(feature = "moka")]
mod memory;
#[cfg(feature = "redis")]
pub(crate) mod redis_script;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::session::{Rejection, Token};

#[cfg(feature = "moka")]
pub use memory::MemoryStore;

/// Keeps session states by a key of the application's: a user's or a login session's id.
///
/// [`MemoryStore`](crate::edge::MemoryStore) (feature `moka`) is for a single process,
/// [`RedisStore`](crate::edge::RedisStore) (feature `redis`) for several. One of your own needs a table of
/// keys and [bytes](Token::to_bytes), and an atomic way to join.
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// The state under this key, if there is one.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the edge does without, as its policy says.
    ///
    /// # Cancel safety
    ///
    /// Must be cancel safe: it is dropped when it takes too long.
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Token>>;

    /// Joins `token` with the state under this key, as [`Token::merge`] does, and keeps the result for
    /// `life` from now. Atomic: of two that join at once, both are in the result.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; whether it was joined is then unknown.
    ///
    /// # Cancel safety
    ///
    /// Must be cancel safe: it is dropped when it takes too long.
    fn join<'a>(&'a self, key: &'a str, token: &'a Token, life: Duration) -> StoreFuture<'a, ()>;
}

/// What a [`TokenStore`] does.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What is done when a [`TokenStore`] fails, or takes too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StoreDown {
    /// The session counts as having written just now: its reads go to the primary for the router's window.
    /// After a state that was not saved, this holds for every session of the process that is kept in the
    /// store. Other processes know nothing of that state.
    #[default]
    Primary,
    /// The session is what its token says, if one came with the request; else it is a new one, which may
    /// not see what was written before.
    TokenOnly,
}

/// Why a [`TokenStore`] did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store failed.
    #[error("the session store failed: check that it runs and can be reached")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// What is under the key is no state.
    #[error(
        "the session store has something else under a session's key: give sessions a prefix, or a database, of \
         their own"
    )]
    Garbage(#[source] Rejection),

    /// Others changed the state again and again.
    #[error("too many requests of one session write at once: its state was not saved")]
    Contended,
}

impl StoreError {
    /// The store failed, for this reason.
    pub fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}
