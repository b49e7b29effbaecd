//! `Edge`: where sessions come in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use http::request::Parts;

use super::Exchange;
use crate::asynchronous::RoutedConnection;
use crate::edge::{
    EdgeError, EdgeStatus, Inner, NOT_LOADED, Rule, Rules, Settings, StoreDown, TOO_SLOW,
    TokenCookie, TokenStore, setting_methods,
};
use crate::engine::Routes;
use crate::engine::{Router, Session};

/// Where sessions come in with requests, and leave with responses. See the [module](crate::edge).
///
/// Cheap to clone; clones share the store and the counts.
///
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "bb8"))]
/// # async fn example(
/// #     router: diesel_routing::pg::Router,
/// #     request: http::request::Parts,
/// #     response: &mut http::response::Parts,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use diesel_routing::{Level, edge::{Edge, Rule}};
/// use http::Method;
///
/// let edge = Edge::new(router)?
///     .rules([
///         Rule::new("/admin", Level::Strong),
///         Rule::new("/public", Level::Eventual).on(Method::GET),
///     ])?
///     .write_timestamp(true);
///
/// // For each request; `SessionLayer` does it for tower services.
/// let mut exchange = edge.begin(&request).await;
/// let session = exchange.session().clone();
/// // .. handle the request ..
/// exchange.finish(&mut response.headers).await;
/// # Ok(()) }
/// ```
#[must_use]
pub struct Edge<C: RoutedConnection> {
    pub(super) inner: Arc<Inner<Router<C>, dyn TokenStore>>,
}

impl<C: RoutedConnection> Edge<C> {
    /// An edge whose tokens travel in the cookie `db-session`.
    ///
    /// # Errors
    ///
    /// [`EdgeError::NoTokenKeys`] if the router has nothing to sign them with.
    pub fn new(router: Router<C>) -> Result<Self, EdgeError> {
        if !router.shared().has_keys() {
            return Err(EdgeError::NoTokenKeys);
        }
        Ok(Self::of(router))
    }

    /// An edge whose states stay in a store, by the key that `key` finds in a request; requests without one
    /// have new sessions. Nothing travels to the client, and the router needs no keys.
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

    /// States are kept in a store, as well as in tokens: see [`stored`](Self::stored).
    pub fn store(
        mut self,
        store: impl TokenStore,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.inner).store = Some(Arc::new(store));
        self.with(|settings| settings.key = Some(Arc::new(key)))
    }

    setting_methods!();

    /// The session that a request continues. Never fails: what is not honoured is counted, by the router's
    /// or the edge's status.
    ///
    /// Waits for the store, if there is one, for its timeout at most.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn begin(&self, request: &Parts) -> Exchange<C> {
        let mut exchange = self.arrival(request);
        exchange.load().await;
        exchange
    }

    /// What begins without the store.
    pub(super) fn arrival(&self, request: &Parts) -> Exchange<C> {
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
            // Counted; to the caller, a token that is not honoured is none.
            let _ = session.absorb(token);
        });
        let key = settings.key(request).filter(|_| store.is_some());
        Exchange::new(self.clone(), session, key, routes)
    }

    /// Adds what the store has to a new session.
    pub(super) async fn load(&self, key: &str, session: &Session<C>) {
        let Some(store) = &self.inner.store else {
            return;
        };
        let failure =
            match tokio::time::timeout(self.inner.settings.store_timeout, store.load(key)).await {
                Ok(Ok(token)) => {
                    if let Some(token) = token {
                        // Counted; to the caller, one that is not honoured is none.
                        let _ = session.absorb_token(token);
                    }
                    None
                }
                Ok(Err(error)) => Some(crate::error::error_chain(&error)),
                Err(_) => Some(TOO_SLOW.to_owned()),
            };
        let is_primary = self.inner.settings.store_down == StoreDown::Primary;
        if let Some(failure) = failure {
            self.inner.counts.failed_loads.add();
            tracing::debug!(failure, "{NOT_LOADED}");
            if is_primary {
                session.wrote_perhaps(self.inner.router.shared().now());
            }
        }
        if is_primary && let Some(at) = self.inner.outage.last() {
            session.wrote_perhaps(at);
        }
    }

    /// A state may be missing from the store; whether that is news.
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
