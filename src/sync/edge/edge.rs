//! The questions of a blocking edge to its store.

use std::sync::Arc;

use http::request::Parts;

use super::{Edge, Exchange, TokenStore};
use crate::edge::{LEFT_ALONE, StoreOf};
use crate::engine::Blocking;
use crate::sync::{RoutedConnection, Session};

impl<C: RoutedConnection, S: TokenStore> StoreOf<C, Blocking> for S {
    fn shared(self) -> Arc<dyn TokenStore> {
        Arc::new(self)
    }
}

impl<C: RoutedConnection> Edge<C> {
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
        let answer = if self.may_ask_store() {
            self.heard(store.load(key, self.inner.settings.store_timeout))
        } else {
            Err(LEFT_ALONE.to_owned())
        };
        self.loaded(answer, session);
    }
}
