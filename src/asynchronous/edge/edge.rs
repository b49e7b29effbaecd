//! The questions of an async edge to its store.

use std::sync::Arc;

use http::request::Parts;
use tokio::time::timeout;

use crate::asynchronous::RoutedConnection;
use crate::edge::{Edge, Exchange, StoreOf, TOO_SLOW, TokenStore};
use crate::engine::{Async, Session};
use crate::error::error_chain;

impl<C: RoutedConnection, S: TokenStore> StoreOf<C, Async> for S {
    fn shared(self) -> Arc<dyn TokenStore> {
        Arc::new(self)
    }
}

impl<C: RoutedConnection> Edge<C> {
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
