//! `Edge`: the entry of sessions.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderName;
use http::request::Parts;

use super::{Exchange, TokenStore};
use crate::edge::{
    EdgeError, EdgeStatus, Inner, NOT_LOADED, Rule, Rules, Settings, StoreDown, TokenCookie,
    setting_methods,
};
use crate::engine::Routes;
use crate::sync::{RoutedConnection, Router, Session};

/// Resumes sessions from requests, and hands their tokens to responses. See the [module](super).
///
/// Cheap to clone; clones share the store and the counts.
///
/// ```no_run
/// # #[cfg(all(feature = "sync-postgres", feature = "r2d2"))]
/// # fn example(
/// #     router: diesel_routing::sync::pg::Router,
/// #     request: http::request::Parts,
/// #     response: &mut http::response::Parts,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use diesel_routing::sync::edge::Edge;
///
/// let edge = Edge::new(router)?;
///
/// // For each request:
/// let mut exchange = edge.begin(&request);
/// let scope = exchange.session().clone().enter(); // for `Session::current()`
/// // .. handle the request ..
/// drop(scope);
/// exchange.finish(&mut response.headers);
/// # Ok(()) }
/// ```
#[must_use]
pub struct Edge<C: RoutedConnection> {
    pub(super) inner: Arc<Inner<Router<C>, dyn TokenStore>>,
}

impl<C: RoutedConnection> Edge<C> {
    /// Creates an edge whose tokens travel in the cookie `db-session`.
    ///
    /// # Errors
    ///
    /// Returns [`EdgeError::NoTokenKeys`] if the router has no keys to sign them with.
    pub fn new(router: Router<C>) -> Result<Self, EdgeError> {
        if !router.shared().has_keys() {
            return Err(EdgeError::NoTokenKeys);
        }
        Ok(Self::of(router))
    }

    /// Creates an edge whose states stay in a store, under the key that `key` finds in a request; requests without a
    /// key get new sessions. Nothing is sent to the client, and the router needs no keys.
    pub fn stored(
        router: Router<C>,
        store: impl TokenStore,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::of(router).no_cookie().store(store, key)
    }

    fn of(router: Router<C>) -> Self {
        Self {
            inner: Arc::new(Inner::new(router)),
        }
    }

    /// Keeps states in a store, as well as in tokens: see [`stored`](Self::stored).
    pub fn store(
        mut self,
        store: impl TokenStore,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.inner).store = Some(Arc::new(store));
        self.with(|settings| settings.key = Some(Arc::new(key)))
    }

    setting_methods!();

    /// Resumes the session of a request. This never fails: what is rejected is counted, by the router's
    /// or the edge's status.
    ///
    /// Waits for the store, if there is one, for its timeout at most.
    #[must_use = "`finish` adds the token to the response"]
    pub fn begin(&self, request: &Parts) -> Exchange<C> {
        let Inner {
            router,
            settings,
            counts,
            store,
            ..
        } = &*self.inner;
        let routes = settings.server_timing.then(Arc::<Routes>::default);
        let options = settings.options(request, counts);
        let session = Session::new(router.clone(), options, routes.clone());
        settings.tokens(request, counts, |token| {
            // A rejected token is counted, and ignored.
            let _ = session.absorb(token);
        });
        let key = settings.key(request).filter(|_| store.is_some());
        let since = Instant::now();
        if let Some(key) = &key {
            self.load(key, &session);
        }
        let left = settings.store_timeout.saturating_sub(since.elapsed());
        Exchange::new(self.clone(), session, key, routes, left)
    }

    fn load(&self, key: &str, session: &Session<C>) {
        let Some(store) = &self.inner.store else {
            return;
        };
        let is_primary = self.inner.settings.store_down == StoreDown::Primary;
        match store.load(key, self.inner.settings.store_timeout) {
            Ok(Some(token)) => {
                // A rejected state is counted, and ignored.
                let _ = session.absorb_token(token);
            }
            Ok(None) => {}
            Err(error) => {
                self.inner.counts.failed_loads.add();
                let failure = crate::error::error_chain(&error);
                tracing::debug!(failure, "{NOT_LOADED}");
                if is_primary {
                    session.wrote_perhaps(self.inner.router.shared().now());
                }
            }
        }
        if is_primary && let Some(at) = self.inner.outage.last() {
            session.wrote_perhaps(at);
        }
    }

    /// Records that a state may be missing from the store. Returns whether that is worth logging.
    pub(super) fn mistrust_store(&self) -> bool {
        let shared = self.inner.router.shared();
        self.inner.outage.begins(shared.now(), shared.window())
    }
}

impl<C: RoutedConnection> Clone for Edge<C> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<C: RoutedConnection> fmt::Debug for Edge<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("router", &self.inner.router)
            .field("settings", &self.inner.settings)
            .field("store", &self.inner.store)
            .finish_non_exhaustive()
    }
}
