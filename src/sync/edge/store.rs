//! Stores of session states on the server's side.

use std::fmt::Debug;
use std::time::Duration;

use crate::edge::StoreError;
use crate::session::Token;

/// A store of session states by a key of the application's: [`crate::edge::TokenStore`], for blocking services.
///
/// [`MemoryStore`](crate::edge::MemoryStore) implements it, too.
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// Returns the state under this key, if there is one, within `timeout`.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the state could not be loaded; the edge then applies its policy.
    fn load(&self, key: &str, timeout: Duration) -> Result<Option<Token>, StoreError>;

    /// Joins `token` with the state under this key, as [`Token::merge`] does, and keeps the result for
    /// `life` from now. The join is atomic: of two at the same time, both are in the result. It takes no longer than
    /// `timeout`.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if it is unknown whether the states were joined.
    fn join(
        &self,
        key: &str,
        token: &Token,
        life: Duration,
        timeout: Duration,
    ) -> Result<(), StoreError>;
}
