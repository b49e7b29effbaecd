//! What an async edge does: it asks the store.

use std::sync::Arc;

use http::request::Parts;
use tokio::time::timeout;

use crate::asynchronous::RoutedConnection;
use crate::edge::{Edge, Exchange, TOO_SLOW, TokenStore};
use crate::engine::{Router, Session};
use crate::error::error_chain;

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
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn begin(&self, request: &Parts) -> Exchange<C> {
        let mut exchange = self.arrival(request);
        exchange.load().await;
        exchange
    }

    /// Adds the store's state to a new session.
    pub(super) async fn load(&self, key: &str, session: &Session<C>) {
        let Some(store) = &self.inner.store else {
            return;
        };
        let answer = match timeout(self.inner.settings.store_timeout, store.load(key)).await {
            Ok(answer) => answer.map_err(|error| error_chain(&error)),
            Err(_) => Err(TOO_SLOW.to_owned()),
        };
        self.loaded(answer, session);
    }
}
