//! The session in scope, and the default router outside any scope.

use super::{Flavour, Router, Session, View, WeakRouter};
use crate::context;
use crate::error::{ConfigError, Error};

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C: 'static, F: Flavour<C>> Session<C, F> {
    /// Returns the session in scope, with the settings of the view that was put there.
    ///
    /// Outside any scope, it returns a session-less view of the process's default router
    /// ([`Router::make_default`]): its reads go to the primary, unless the caller says `read_eventual`, and no
    /// other session sees what it writes.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoCurrentSession`] outside any scope, if there is no default router.
    pub fn current() -> Result<Self, Error> {
        let in_scope = context::find(|_: &View<Router<C, F>>| true);
        let outside = || {
            let default = context::default_of::<WeakRouter<C, F>>();
            default.and_then(|router| router.upgrade())
        };
        in_scope
            .map(Self::from_view)
            .or_else(|| outside().map(Self::outside))
            .ok_or_else(|| ConfigError::NoCurrentSession.into())
    }
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C: 'static, F: Flavour<C>> Router<C, F> {
    /// Returns the session in scope that belongs to this router. Outside any, it returns a session-less view:
    /// its reads go to the primary unless the caller says `read_eventual`, as those of the router itself.
    ///
    /// For services with several routers of one kind; with a single one, [`Session::current`] finds the same.
    #[must_use]
    pub fn current(&self) -> Session<C, F> {
        let Some(view) = context::find(|view: &View<Self>| view.router.is(self)) else {
            return Session::outside(self.clone());
        };
        let session = Session::from_view(view);
        match &self.on {
            Some(tag) => session.on((**tag).clone()),
            None => session,
        }
    }

    /// Makes this the router that [`Session::current`] uses outside any scope, for the whole process and this
    /// kind of connection; the last one counts. It does not keep the router alive.
    pub fn make_default(&self) {
        context::make_default(self.downgrade());
    }
}
