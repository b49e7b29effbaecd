//! `Exchange`: one request and its response.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;

use super::Edge;
use crate::asynchronous::RoutedConnection;
use crate::edge::{
    LATE_WRITE, NOT_SAVED, SERVER_TIMING, TOO_SLOW, TokenStore, WRITE_TIMESTAMP, timing, written_at,
};
use crate::engine::Routes;
use crate::engine::Session;
use crate::session::{Activity, Token};

/// One request and its response: from [`Edge::begin`].
///
/// Keep it until the response's body has been sent. When it is dropped, what the session wrote since
/// [`finish`](Self::finish) is saved in the store, or counted: also when the request was cancelled, or its
/// handler panicked.
pub struct Exchange<C: RoutedConnection> {
    edge: Edge<C>,
    session: Session<C>,
    key: Option<String>,
    routes: Option<Arc<Routes>>,
    /// What of the time for the store is left.
    left: Duration,
    /// What the session asked for when the request came; `None` if nobody wants to know.
    arrived: Option<Box<Token>>,
    /// What the client or the store knows of.
    reported: Activity,
}

impl<C: RoutedConnection> Exchange<C> {
    pub(super) fn new(
        edge: Edge<C>,
        session: Session<C>,
        key: Option<String>,
        routes: Option<Arc<Routes>>,
    ) -> Self {
        let mut exchange = Self {
            left: edge.inner.settings.store_timeout,
            edge,
            session,
            key,
            routes,
            arrived: None,
            reported: Activity::default(),
        };
        exchange.note();
        exchange
    }

    /// Notes how the session is as the request comes.
    fn note(&mut self) {
        let carry_reads = self.edge.inner.settings.carry_reads;
        self.arrived = carry_reads.then(|| Box::new(self.session.export_now()));
        self.reported = self.session.activity().0;
    }

    /// Whether the session is not what it will be: the store has a say, too.
    pub(super) fn awaits_store(&self) -> bool {
        self.key.is_some()
    }

    /// Waits for what the store has to say, if anything.
    pub(super) async fn load(&mut self) {
        let Some(key) = &self.key else { return };
        let since = Instant::now();
        self.edge.load(key, &self.session).await;
        self.left = self.left.saturating_sub(since.elapsed());
        self.note();
    }

    /// The session, at the request's level.
    #[must_use]
    pub fn session(&self) -> &Session<C> {
        &self.session
    }

    /// Adds to a response's headers what the client must know for its next request, if anything changed;
    /// and saves it in the store, if there is one. Whatever the response's status is: what was written
    /// before an error is written.
    ///
    /// Waits for the position of the last write as [`Session::token`] does, and for the store as long as the
    /// request's time for it lasts. Never fails.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: dropped half-way, the headers have nothing.
    pub async fn finish(&mut self, headers: &mut HeaderMap) {
        let done = self.done();
        if done.is_any() {
            self.tell_of(done.wrote, headers).await;
        }
        self.reported = done.activity;
        self.add_timing(headers);
    }

    /// Whether [`finish`](Self::finish) has more to do than [`add_timing`](Self::add_timing).
    pub(super) fn has_news(&self) -> bool {
        self.done().is_any()
    }

    /// Adds where the session's connections came from, if that is wanted.
    pub(super) fn add_timing(&self, headers: &mut HeaderMap) {
        if let Some(line) = self.routes.as_deref().and_then(timing::line) {
            headers.append(SERVER_TIMING, line);
        }
    }

    fn done(&self) -> Done {
        let (activity, is_writing) = self.session.activity();
        Done {
            wrote: is_writing || activity.writes != self.reported.writes,
            read: self.arrived.is_some() && activity.reads != self.reported.reads,
            activity,
        }
    }

    async fn tell_of(&self, wrote: bool, headers: &mut HeaderMap) {
        let token = self.session.export().await;
        let is_news = |arrived: &Token| !token.asks_as(arrived);
        if wrote || self.arrived.as_deref().is_some_and(is_news) {
            self.tell(&token, wrote, headers).await;
        }
        if wrote && self.edge.inner.settings.write_timestamp {
            headers.extend(written_at(&token).map(|time| (WRITE_TIMESTAMP, time)));
        }
    }

    async fn tell(&self, token: &Token, wrote: bool, headers: &mut HeaderMap) {
        let shared = self.session.router().shared();
        if let Some(signed) = shared.sign(token) {
            let life = shared.token_life();
            self.edge.inner.settings.give(&signed, wrote, life, headers);
        }
        if let Some(save) = self.save(token.clone()) {
            // It goes on when nobody waits any more.
            let task = tokio::spawn(save.run());
            if tokio::time::timeout(self.left, task).await.is_err() {
                self.edge.mistrust_store();
            }
        }
    }

    fn save(&self, token: Token) -> Option<Save<C>> {
        Some(Save {
            store: Arc::clone(self.edge.inner.store.as_ref()?),
            key: self.key.clone()?,
            edge: self.edge.clone(),
            token,
        })
    }
}

impl<C: RoutedConnection> Drop for Exchange<C> {
    fn drop(&mut self) {
        if !self.done().wrote {
            return;
        }
        let save = self.save(self.session.export_now());
        match (save, tokio::runtime::Handle::try_current()) {
            (Some(save), Ok(runtime)) => {
                runtime.spawn(save.run());
            }
            _ => {
                self.edge.inner.counts.late_writes.add();
                tracing::warn!("{LATE_WRITE}");
            }
        }
    }
}

/// What a session did that nobody was told of.
#[derive(Debug, Clone, Copy)]
struct Done {
    wrote: bool,
    /// Whether it read, if that is news.
    read: bool,
    activity: Activity,
}

impl Done {
    fn is_any(self) -> bool {
        self.wrote || self.read
    }
}

/// One state on its way to the store.
struct Save<C: RoutedConnection> {
    edge: Edge<C>,
    store: Arc<dyn TokenStore>,
    key: String,
    token: Token,
}

impl<C: RoutedConnection> Save<C> {
    async fn run(self) {
        let Self { edge, .. } = &self;
        let life = edge.router().shared().token_life();
        let join = self.store.join(&self.key, &self.token, life);
        let failure = match tokio::time::timeout(edge.inner.settings.store_timeout, join).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => crate::error::error_chain(&error),
            Err(_) => TOO_SLOW.to_owned(),
        };
        edge.inner.counts.failed_saves.add();
        if edge.mistrust_store() {
            tracing::warn!(failure, "{NOT_SAVED}");
        } else {
            tracing::debug!(failure, "{NOT_SAVED}");
        }
    }
}

/// Shows no key, which may be a credential.
impl<C: RoutedConnection> fmt::Debug for Exchange<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
