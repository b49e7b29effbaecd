//! Session states on the server's side.

use std::fmt::Debug;
use std::time::Duration;

use crate::edge::StoreError;
use crate::session::Token;

/// Keeps session states by a key of the application's: [`crate::edge::TokenStore`], for blocking services.
///
/// [`MemoryStore`](crate::edge::MemoryStore) is one, too.
pub trait TokenStore: Debug + Send + Sync + 'static {
    /// The state under this key, if there is one, within `timeout`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; the edge does without, as its policy says.
    fn load(&self, key: &str, timeout: Duration) -> Result<Option<Token>, StoreError>;

    /// Joins `token` with the state under this key, as [`Token::merge`] does, and keeps the result for
    /// `life` from now. Atomic: of two that join at once, both are in the result. Takes no longer than
    /// `timeout`.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; whether it was joined is then unknown.
    fn join(
        &self,
        key: &str,
        token: &Token,
        life: Duration,
        timeout: Duration,
    ) -> Result<(), StoreError>;
}
