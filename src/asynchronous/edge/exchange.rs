//! The questions of an async exchange to the primary and the store.

use std::time::Instant;

use http::HeaderMap;
use tokio::time::timeout;

use crate::asynchronous::RoutedConnection;
use crate::edge::{Exchange, LEFT_ALONE, Save, StoreError, TOO_SLOW};
use crate::engine::Async;
#[cfg(doc)]
use crate::engine::Session;

impl<C: RoutedConnection> Exchange<C> {
    /// Loads the store's state, if there is a store.
    pub(super) async fn load(&mut self) {
        let Some(key) = self.key() else { return };
        let since = Instant::now();
        self.edge().load(key, self.session()).await;
        self.loaded(since);
    }

    /// Adds to a response's headers what the client must know for its next request, if anything changed,
    /// and saves it in the store, if there is one. It does so whatever the response's status is: what was written
    /// before an error is written.
    ///
    /// It waits for the position of the last write as [`Session::token`] does, and for the store until the
    /// request's time for it is over. It never fails.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: if the future is dropped half-way, the headers are unchanged.
    pub async fn finish(&mut self, headers: &mut HeaderMap) {
        let news = self.news();
        if news.is_any() {
            let token = self.session().export().await;
            if let Some(save) = self.add_token(token, news, headers) {
                // It goes on when nobody waits any more.
                let task = tokio::spawn(run(save));
                if timeout(self.left, task).await.is_err() {
                    self.edge().mistrust_store();
                }
            }
        }
        self.finished(news, headers);
    }
}

/// Saves a state that no request waits for; returns whether it could be started.
pub(crate) fn save_late<C: RoutedConnection>(save: Save<C, Async>) -> bool {
    let runtime = tokio::runtime::Handle::try_current();
    runtime.is_ok_and(|runtime| {
        runtime.spawn(run(save));
        true
    })
}

async fn run<C: RoutedConnection>(save: Save<C, Async>) {
    let saved = if save.edge.may_ask_store() {
        let join = save.store.join(&save.key, &save.token, save.life());
        let saved = timeout(save.edge.inner.settings.store_timeout, join).await;
        let saved = saved.unwrap_or_else(|_| Err(StoreError::failed(TOO_SLOW)));
        save.edge.heard(saved)
    } else {
        Err(LEFT_ALONE.to_owned())
    };
    save.finish(saved);
}
