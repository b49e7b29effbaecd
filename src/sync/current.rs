//! Sessions in scope: `Session::scope`, `Session::current`.

use super::router::WeakRouter;
use super::{RoutedConnection, Router, Session};
use crate::context::{self, Entered, Scope};
use crate::engine::View;
use crate::error::{ConfigError, Error};

impl<C: RoutedConnection> Session<C> {
    /// Runs `f` with this session in scope: [`Session::current`] finds it there, without plumbing.
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "sync-postgres", feature = "r2d2"))]
    /// # fn example(router: diesel_routing::sync::pg::Router) -> Result<(), diesel_routing::Error> {
    /// use diesel_routing::sync::{pg::{ReadConn, Session}, prelude::*};
    /// use diesel_routing::{Error, Primary, consistency};
    ///
    /// diesel::table! { payments { id -> Integer, state -> Text, } }
    ///
    /// #[consistency(strong)]
    /// fn state(conn: &mut ReadConn<Primary>, id: i32) -> Result<String, Error> {
    ///     Ok(payments::table.find(id).select(payments::state).first(conn)?)
    /// }
    ///
    /// fn handle_request() -> Result<String, Error> {
    ///     state(&Session::current()?, 1)
    /// }
    ///
    /// Session::scope(router.session(), handle_request)?;
    /// # Ok(()) }
    /// ```
    ///
    /// Scopes nest; the innermost counts. A thread that `f` starts inherits nothing, unless it is given
    /// [`Scope::current`].
    pub fn scope<T>(self, f: impl FnOnce() -> T) -> T {
        Scope::current().and(self.into_view()).enter(f)
    }

    /// Puts this session into scope on this thread, until the guard is dropped, also by a panic.
    ///
    /// ```
    /// # #[cfg(all(feature = "r2d2", feature = "sync-sqlite"))] {
    /// # use diesel_routing::{Node, sync::sqlite::{Router, Session}};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("db");
    /// # let node = Node::new("primary", path.to_str().ok_or("path")?);
    /// # let router = Router::builder().primary(node).build()?;
    /// {
    ///     let _scope = router.session().enter();
    ///     Session::current()?;
    /// }
    /// assert!(Session::current().is_err()); // nothing leaks to the thread's next user
    /// # Ok(()) }
    /// # main().unwrap();
    /// # }
    /// ```
    ///
    /// A guard that is forgotten never ends its scope; [`scope`](Self::scope) always does.
    pub fn enter(self) -> Entered {
        Entered::new(self.into_view())
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
