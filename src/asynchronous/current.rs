//! Sessions in scope: `Session::scope`, `Session::current`.

use super::RoutedConnection;
#[cfg(feature = "tower")]
use crate::context::Scope;
use crate::context::Scoped;
use crate::engine::Session;

impl<C: RoutedConnection> Session<C> {
    /// Runs `future` with this session in scope: [`Session::current`] finds it there, without plumbing.
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))]
    /// # async fn example(router: diesel_routing::pg::Router) -> Result<(), diesel_routing::Error> {
    /// use diesel_routing::{Error, Primary, consistency, pg::{ReadConn, Session}, prelude::*};
    ///
    /// diesel::table! { payments { id -> Integer, state -> Text, } }
    ///
    /// #[consistency(strong)]
    /// async fn state(conn: &mut ReadConn<Primary>, id: i32) -> Result<String, Error> {
    ///     Ok(payments::table.find(id).select(payments::state).first(conn).await?)
    /// }
    ///
    /// async fn handle_request() -> Result<String, Error> {
    ///     state(&Session::current()?, 1).await
    /// }
    ///
    /// Session::scope(router.session(), handle_request()).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// Scopes nest; the innermost counts. A task that `future` spawns inherits nothing, unless it is
    /// given [`Scope::current`](crate::Scope::current); so do threads and `spawn_blocking`.
    pub fn scope<F: Future>(self, future: F) -> Scoped<F> {
        Scoped::adding(self.into_view(), future)
    }

    /// Returns the future that `f` makes: both have this session in scope.
    #[cfg(feature = "tower")]
    pub(crate) fn scoped<F>(self, f: impl FnOnce() -> F) -> Scoped<F> {
        Scope::current().and(self.into_view()).start(f)
    }
}
