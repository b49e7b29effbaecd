//! Sessions in scope: `Session::scope`, `Session::current`.

use crate::asynchronous::router::WeakRouter;
use crate::asynchronous::{RoutedConnection, Router, Session};
#[cfg(feature = "tower")]
use crate::context::Scope;
use crate::context::{self, Scoped};
use crate::engine::View;
use crate::error::{ConfigError, Error};

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

    /// The future that `f` makes: both have this session in scope.
    #[cfg(feature = "tower")]
    pub(crate) fn scoped<F>(self, f: impl FnOnce() -> F) -> Scoped<F> {
        Scope::current().and(self.into_view()).start(f)
    }

    /// The session in scope, with the settings of the view that was put there.
    ///
    /// Outside any scope, a session-less view of the process's default router
    /// ([`Router::make_default`]): its reads go to the primary, unless the caller says
    /// [`eventual`](Self::read_eventual), and no other session sees what it writes.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoCurrentSession`] outside any scope, if there is no default router.
    pub fn current() -> Result<Self, Error> {
        let in_scope = context::find(|_: &View<Router<C>>| true);
        let outside = || {
            let default = context::default_of::<WeakRouter<C>>();
            default.and_then(|router| router.upgrade())
        };
        in_scope
            .map(Self::from_view)
            .or_else(|| outside().map(Self::outside))
            .ok_or_else(|| ConfigError::NoCurrentSession.into())
    }
}

impl<C: RoutedConnection> Router<C> {
    /// The session in scope that belongs to this router. Outside any, a session-less view: its reads go
    /// to the primary unless the caller says `eventual`, as those of the router itself.
    ///
    /// For services with several routers of one kind; with a single one,
    /// [`Session::current`] finds the same.
    #[must_use]
    pub fn current(&self) -> Session<C> {
        context::find(|view: &View<Self>| view.router.is(self))
            .map(Session::from_view)
            .unwrap_or_else(|| Session::outside(self.clone()))
    }

    /// Makes this the router that [`Session::current`] uses outside any scope, for the whole process and
    /// this kind of connection; the last one counts. It does not keep the router alive.
    pub fn make_default(&self) {
        context::make_default(self.downgrade());
    }
}
