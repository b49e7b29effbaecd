//! `Exchange`: one request and its response.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use super::Edge;
use crate::edge::{
    LATE_WRITE, NOT_SAVED, SERVER_TIMING, TOO_SLOW, WRITE_TIMESTAMP, timing, written_at,
};
use crate::engine::Routes;
use crate::session::{Activity, Token};
use crate::sync::{RoutedConnection, Session};

/// One request and its response, returned by [`Edge::begin`].
///
/// Keep it until the response's body has been sent. When it is dropped, what the session wrote since
/// [`finish`](Self::finish) is saved in the store, or counted, even if the handler panicked.
pub struct Exchange<C: RoutedConnection> {
    edge: Edge<C>,
    session: Session<C>,
    key: Option<String>,
    routes: Option<Arc<Routes>>,
    /// The rest of the request's time for the store.
    left: Duration,
    /// The session's requirements when the request came; `None` if they are not needed.
    arrived: Option<Box<Token>>,
    /// The activity that the client or the store has been sent.
    reported: Activity,
}

impl<C: RoutedConnection> Exchange<C> {
    pub(super) fn new(
        edge: Edge<C>,
        session: Session<C>,
        key: Option<String>,
        routes: Option<Arc<Routes>>,
        left: Duration,
    ) -> Self {
        let carry_reads = edge.inner.settings.carry_reads;
        Self {
            arrived: carry_reads.then(|| Box::new(session.export_now())),
            reported: session.activity().0,
            edge,
            session,
            key,
            routes,
            left,
        }
    }

    /// Returns the session, at the request's level.
    #[must_use]
    pub fn session(&self) -> &Session<C> {
        &self.session
    }

    /// Adds to a response's headers what the client must know for its next request, if anything changed,
    /// and saves it in the store, if there is one. It does so whatever the response's status is: what was written
    /// before an error is written.
    ///
    /// It waits for the position of the last write as [`Session::token`] does, and for the store until the
    /// request's time for it is over. It never fails.
    pub fn finish(&mut self, headers: &mut HeaderMap) {
        let (activity, is_writing) = self.session.activity();
        let wrote = is_writing || activity.writes != self.reported.writes;
        let read = self.arrived.is_some() && activity.reads != self.reported.reads;
        if wrote || read {
            let token = self.session.export();
            let is_news = |arrived: &Token| !token.asks_as(arrived);
            if wrote || self.arrived.as_deref().is_some_and(is_news) {
                self.tell(&token, wrote, headers);
            }
            if wrote && self.edge.inner.settings.write_timestamp {
                headers.extend(written_at(&token).map(|time| (WRITE_TIMESTAMP, time)));
            }
        }
        self.reported = activity;
        if let Some(line) = self.routes.as_deref().and_then(timing::line) {
            headers.append(SERVER_TIMING, line);
        }
    }

    fn tell(&self, token: &Token, wrote: bool, headers: &mut HeaderMap) {
        let shared = self.session.router().shared();
        if let Some(signed) = shared.sign(token) {
            let life = shared.token_life();
            self.edge.inner.settings.give(&signed, wrote, life, headers);
        }
        self.save(token, self.left);
    }

    /// Saves the state, if there is a store. Returns whether it was saved.
    fn save(&self, token: &Token, timeout: Duration) -> bool {
        let (Some(store), Some(key)) = (&self.edge.inner.store, &self.key) else {
            return false;
        };
        let life = self.session.router().shared().token_life();
        let saved = if timeout.is_zero() {
            Err(TOO_SLOW.to_owned())
        } else {
            let joined = store.join(key, token, life, timeout);
            joined.map_err(|error| crate::error::error_chain(&error))
        };
        if let Err(failure) = saved {
            self.edge.inner.counts.failed_saves.add();
            if self.edge.mistrust_store() {
                tracing::warn!(failure, "{NOT_SAVED}");
            } else {
                tracing::debug!(failure, "{NOT_SAVED}");
            }
        }
        true
    }
}

impl<C: RoutedConnection> Drop for Exchange<C> {
    fn drop(&mut self) {
        let (activity, is_writing) = self.session.activity();
        if !is_writing && activity.writes == self.reported.writes {
            return;
        }
        let timeout = self.edge.inner.settings.store_timeout;
        if !self.save(&self.session.export_now(), timeout) {
            self.edge.inner.counts.late_writes.add();
            tracing::warn!("{LATE_WRITE}");
        }
    }
}

/// Omits the key, which may be a credential.
impl<C: RoutedConnection> fmt::Debug for Exchange<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
