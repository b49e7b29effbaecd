//! `Exchange`: one request and its response.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderMap;

use super::{Edge, SERVER_TIMING, WRITE_TIMESTAMP, timing, written_at};
use crate::engine::{Async, Flavour, Routes, Session};
use crate::observe::Event;
use crate::session::{Activity, Token};

/// One request and its response, returned by `Edge::begin`.
///
/// Keep it until the response's body has been sent. When it is dropped, what the session wrote since `finish` is
/// saved in the store, or counted, even if the request was cancelled or its handler panicked.
///
/// # Example
///
/// ```no_run
/// use diesel_routing::sync::edge::Edge;
/// # type Sqlite = diesel::SqliteConnection;
///
/// fn serve(edge: &Edge<Sqlite>, request: &http::request::Parts, headers: &mut http::HeaderMap) {
///     let mut exchange = edge.begin(request);
///     let session = exchange.session().clone();
///     // .. handle the request with `session` ..
///     exchange.finish(headers);
/// }
/// ```
#[expect(private_bounds, reason = "there are two flavours, and no others")]
#[must_use = "dropped before the response, it tells the client nothing of what the session wrote"]
pub struct Exchange<C, F: Flavour<C> = Async> {
    edge: Edge<C, F>,
    session: Session<C, F>,
    key: Option<String>,
    routes: Option<Arc<Routes>>,
    /// The rest of the request's time for the store.
    pub(crate) left: Duration,
    /// The session's requirements when the request came; `None` if they are not needed.
    arrived: Option<Box<Token>>,
    /// The activity that the client or the store has been sent.
    reported: Activity,
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Exchange<C, F> {
    pub(crate) fn new(
        edge: Edge<C, F>,
        session: Session<C, F>,
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

    /// Records the session's state as the request comes.
    fn note(&mut self) {
        let carry_reads = self.edge.inner.settings.carry_reads;
        self.arrived = carry_reads.then(|| Box::new(self.session.export_now()));
        self.reported = self.session.activity().0;
    }

    /// Records the session's state once the store, which was asked at `since`, has been heard.
    pub(crate) fn loaded(&mut self, since: Instant) {
        self.left = self.left.saturating_sub(since.elapsed());
        self.note();
    }

    /// Returns the session, at the request's level.
    #[must_use]
    pub fn session(&self) -> &Session<C, F> {
        &self.session
    }

    pub(crate) fn edge(&self) -> &Edge<C, F> {
        &self.edge
    }

    /// Returns the key of the session in the store, if it has one.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Returns what the session has done that nobody was sent.
    pub(crate) fn news(&self) -> News {
        let (activity, is_writing) = self.session.activity();
        News {
            wrote: is_writing || activity.writes != self.reported.writes,
            read: self.arrived.is_some() && activity.reads != self.reported.reads,
            activity,
        }
    }

    /// Adds `token` to a response's headers if it is news; returns what is to be saved in the store.
    pub(crate) fn add_token(
        &self,
        token: Token,
        news: News,
        headers: &mut HeaderMap,
    ) -> Option<Save<C, F>> {
        if news.wrote && self.edge.inner.settings.write_timestamp {
            headers.extend(written_at(&token).map(|time| (WRITE_TIMESTAMP, time)));
        }
        let is_known = |arrived: &Token| token.same_requirements(arrived);
        if !news.wrote && self.arrived.as_deref().is_none_or(is_known) {
            return None;
        }
        let shared = self.session.router().shared();
        if let Some(signed) = shared.sign(&token) {
            let (settings, life) = (&self.edge.inner.settings, shared.token_life());
            let counts = &self.edge.inner.counts;
            if !token.fits() {
                counts.shortened_tokens.add();
            }
            if !settings.give(&signed, news.wrote, life, headers) {
                counts.omitted_tokens.add();
            }
        }
        self.save(token)
    }

    /// Adds the routes of the session's connections, if the edge is set to, and records what was sent.
    pub(crate) fn finished(&mut self, news: News, headers: &mut HeaderMap) {
        self.reported = news.activity;
        self.add_timing(headers);
    }

    /// Adds the routes of the session's connections, if the edge is set to.
    pub(crate) fn add_timing(&self, headers: &mut HeaderMap) {
        if let Some(line) = self.routes.as_deref().and_then(timing::line) {
            headers.append(SERVER_TIMING, line);
        }
    }

    fn save(&self, token: Token) -> Option<Save<C, F>> {
        Some(Save {
            store: Arc::clone(self.edge.inner.store.as_ref()?),
            key: self.key.clone()?,
            edge: self.edge.clone(),
            token,
        })
    }
}

impl<C, F: Flavour<C>> Drop for Exchange<C, F> {
    fn drop(&mut self) {
        if !self.news().wrote {
            return;
        }
        let save = self.save(self.session.export_now());
        if !save.is_some_and(F::save_late) {
            self.edge.inner.counts.late_writes.add();
            if let Some(count) = self.edge.inner.said.late_writes.count(Instant::now()) {
                Event::LateWrites { count }.emit();
            }
        }
    }
}

/// The activity of a session that was not sent to anybody.
#[derive(Debug, Clone, Copy)]
pub(crate) struct News {
    pub(crate) wrote: bool,
    /// Set if it read, if that is to be carried.
    read: bool,
    activity: Activity,
}

impl News {
    pub(crate) fn is_any(self) -> bool {
        self.wrote || self.read
    }
}

/// One state on its way to the store.
pub(crate) struct Save<C, F: Flavour<C>> {
    pub(crate) edge: Edge<C, F>,
    pub(crate) store: Arc<F::Store>,
    pub(crate) key: String,
    pub(crate) token: Token,
}

impl<C, F: Flavour<C>> Save<C, F> {
    /// Returns how long the store keeps the state.
    pub(crate) fn life(&self) -> Duration {
        self.edge.router().shared().token_life()
    }

    /// Counts what came of it.
    pub(crate) fn finish(&self, saved: Result<(), String>) {
        let Err(failure) = saved else { return };
        self.edge.inner.counts.failed_saves.add();
        if self.edge.mistrust_store() {
            Event::StoreNotSaving { why: &failure }.emit();
        }
    }
}

/// Shows no key, which may be a credential.
impl<C, F: Flavour<C>> fmt::Debug for Exchange<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
