//! The questions of an async edge to its store.

use std::sync::Arc;

use http::request::Parts;
use tokio::time::timeout;

use crate::asynchronous::RoutedConnection;
use crate::edge::{Edge, Exchange, LEFT_ALONE, StoreError, StoreOf, TOO_SLOW, TokenStore};
use crate::engine::{Async, Session};

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
        let answer = if self.may_ask_store() {
            let answer = timeout(self.inner.settings.store_timeout, store.load(key)).await;
            self.heard(answer.unwrap_or_else(|_| Err(StoreError::failed(TOO_SLOW))))
        } else {
            Err(LEFT_ALONE.to_owned())
        };
        self.loaded(answer, session);
    }
}
