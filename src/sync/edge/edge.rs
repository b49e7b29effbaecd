//! What a blocking edge does: it asks the store.

use std::sync::Arc;

use http::request::Parts;

use super::{Edge, Exchange, TokenStore};
use crate::error::error_chain;
use crate::sync::{RoutedConnection, Router, Session};

impl<C: RoutedConnection> Edge<C> {
    /// Creates an edge whose states stay in a store, under the key that `key` finds in a request; requests without a
    /// key get new sessions. Nothing is sent to the client, and the router needs no keys.
    pub fn stored(
        router: Router<C>,
        store: impl TokenStore,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::of_store(router, Arc::new(store), key)
    }

    /// Keeps states in a store, as well as in tokens: see [`stored`](Self::stored).
    pub fn store(
        self,
        store: impl TokenStore,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.with_store(Arc::new(store), key)
    }

    /// Resumes the session of a request. This never fails: what is rejected is counted, by the router's
    /// or the edge's status.
    ///
    /// Waits for the store, if there is one, for its timeout at most.
    #[must_use = "`finish` adds the token to the response"]
    pub fn begin(&self, request: &Parts) -> Exchange<C> {
        let mut exchange = self.arrival(request);
        exchange.load();
        exchange
    }

    /// Adds the store's state to a new session.
    pub(super) fn load(&self, key: &str, session: &Session<C>) {
        let Some(store) = &self.inner.store else {
            return;
        };
        let answer = store.load(key, self.inner.settings.store_timeout);
        self.loaded(answer.map_err(|error| error_chain(&error)), session);
    }
}
