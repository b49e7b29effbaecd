//! Stores of session states on the server's side.

use std::fmt::Debug;
use std::time::Duration;

use crate::edge::StoreError;
use crate::session::Token;

/// A store of session states by a key of the application's: [`crate::edge::TokenStore`], for blocking services.
///
/// [`MemoryStore`](crate::edge::MemoryStore) implements it, too.
///
/// # Example
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::{Mutex, PoisonError};
/// use std::time::Duration;
/// use diesel_routing::edge::{StoreDown, StoreError};
/// use diesel_routing::sync::edge::{Edge, TokenStore};
/// use diesel_routing::Token;
///
/// /// A table in memory, which forgets nothing.
/// #[derive(Debug, Default)]
/// struct Table(Mutex<HashMap<String, Token>>);
///
/// impl TokenStore for Table {
///     fn load(&self, key: &str, _: Duration) -> Result<Option<Token>, StoreError> {
///         let rows = self.0.lock().map_err(|_| StoreError::failed("a writer panicked"))?;
///         Ok(rows.get(key).cloned())
///     }
///
///     fn join(&self, key: &str, token: &Token, _: Duration, _: Duration) -> Result<(), StoreError> {
///         let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         let joined = rows.get(key).map_or_else(|| token.clone(), |known| known.merge(token));
///         rows.insert(key.to_owned(), joined);
///         Ok(())
///     }
/// }
///
/// // In place of tokens that clients carry: under the login's cookie.
/// fn edge(router: diesel_routing::sync::sqlite::Router) -> Edge<diesel::SqliteConnection> {
///     let login = |request: &http::request::Parts| {
///         Some(request.headers.get("x-login")?.to_str().ok()?.to_owned())
///     };
///     Edge::stored(router, Table::default(), login)
///         .store_timeout(Duration::from_millis(50))
///         .when_store_is_down(StoreDown::Primary)
/// }
/// ```
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
