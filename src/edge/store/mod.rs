//! Stores of session states on the server's side.

#[cfg(feature = "moka")]
mod memory;
#[cfg(feature = "redis")]
pub(crate) mod redis_script;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::error::StoreError;
use crate::session::Token;

#[cfg(feature = "moka")]
pub use memory::MemoryStore;

/// A store of session states by a key of the application's: a user's or a login session's id.
///
/// [`MemoryStore`](crate::edge::MemoryStore) (feature `moka`) is for a single process,
/// [`RedisStore`](crate::edge::RedisStore) (feature `redis`) for several. An implementation needs a table of
/// keys and [bytes](Token::to_bytes), and an atomic join.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use diesel_routing::Token;
/// use diesel_routing::edge::{StoreError, StoreFuture, TokenStore};
///
/// /// A service of one's own, asked over the network.
/// #[derive(Debug)]
/// struct Remote;
///
/// impl Remote {
///     async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, std::io::Error> {
/// #       let _ = key;
///         Ok(None)
///     }
///
///     async fn join_atomically(&self, key: &str, bytes: &[u8]) -> Result<(), std::io::Error> {
/// #       let _ = (key, bytes);
///         Ok(())
///     }
/// }
///
/// impl TokenStore for Remote {
///     fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Token>> {
///         Box::pin(async move {
///             let bytes = self.get(key).await.map_err(StoreError::failed)?;
///             bytes.map(|bytes| Token::from_bytes(&bytes)).transpose().map_err(StoreError::failed)
///         })
///     }
///
///     fn join<'a>(&'a self, key: &'a str, token: &'a Token, _: Duration) -> StoreFuture<'a, ()> {
///         Box::pin(async move {
///             self.join_atomically(key, &token.to_bytes()).await.map_err(StoreError::failed)
///         })
///     }
/// }
/// ```
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// Returns the state under this key, if there is one.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the state could not be loaded; the edge then applies its policy.
    ///
    /// # Cancel safety
    ///
    /// Must be cancel safe: it is dropped when it takes too long.
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Token>>;

    /// Joins `token` with the state under this key, as [`Token::merge`] does, and keeps the result for
    /// `life` from now. The join is atomic: of two at the same time, both are in the result.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if it is unknown whether the states were joined.
    ///
    /// # Cancel safety
    ///
    /// Must be cancel safe: it is dropped when it takes too long.
    fn join<'a>(&'a self, key: &'a str, token: &'a Token, life: Duration) -> StoreFuture<'a, ()>;
}

/// The future returned by a [`TokenStore`].
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The behaviour when a [`TokenStore`] fails, or takes too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum StoreDown {
    /// The session counts as having written just now: its reads go to the primary for the router's window.
    /// After a state that was not saved, this applies to every session of the process that is kept in the
    /// store. Other processes do not know of that state.
    #[default]
    Primary,
    /// The session has the state of its token, if one came with the request; otherwise it is a new one, which
    /// may not observe earlier writes.
    TokenOnly,
}
