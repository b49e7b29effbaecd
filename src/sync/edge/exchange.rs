//! The questions of a blocking exchange to the primary and the store.

use std::time::{Duration, Instant};

use http::HeaderMap;

use super::Exchange;
use crate::edge::{LEFT_ALONE, Save, TOO_SLOW};
use crate::engine::Blocking;
use crate::sync::RoutedConnection;
#[cfg(doc)]
use crate::sync::Session;

impl<C: RoutedConnection> Exchange<C> {
    /// Loads the store's state, if there is a store.
    pub(super) fn load(&mut self) {
        let Some(key) = self.key() else { return };
        let since = Instant::now();
        self.edge().load(key, self.session());
        self.loaded(since);
    }

    /// Adds to a response's headers what the client must know for its next request, if anything changed,
    /// and saves it in the store, if there is one. It does so whatever the response's status is: what was written
    /// before an error is written.
    ///
    /// It waits for the position of the last write as [`Session::token`] does, and for the store until the
    /// request's time for it is over. It never fails.
    pub fn finish(&mut self, headers: &mut HeaderMap) {
        let news = self.news();
        if news.is_any() {
            let token = self.session().export();
            if let Some(save) = self.add_token(token, news, headers) {
                run(&save, self.left);
            }
        }
        self.finished(news, headers);
    }
}

/// Saves a state that no request waits for.
pub(crate) fn save_late<C: RoutedConnection>(save: &Save<C, Blocking>) {
    run(save, save.edge.inner.settings.store_timeout);
}

fn run<C: RoutedConnection>(save: &Save<C, Blocking>, timeout: Duration) {
    let saved = if timeout.is_zero() {
        Err(TOO_SLOW.to_owned())
    } else if !save.edge.may_ask_store() {
        Err(LEFT_ALONE.to_owned())
    } else {
        let joined = save
            .store
            .join(&save.key, &save.token, save.life(), timeout);
        save.edge.heard(joined)
    };
    save.finish(saved);
}
