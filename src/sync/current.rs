//! Sessions in scope: `Session::scope`, `Session::current`.

use super::{RoutedConnection, Session};
use crate::context::{Entered, Scope};

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
    /// # let node = Node::new("db-1", path.to_str().ok_or("path")?);
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
}
