//! `Edge`: the entry of sessions.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderName;
use http::request::Parts;

use super::{
    Cacheable, EdgeError, EdgeStatus, Exchange, Inner, Rule, Rules, Settings, StoreDown,
    StoreError, TokenCookie,
};
use crate::engine::{Async, Flavour, Router, Routes, Session};
use crate::error::error_chain;
use crate::observe::Event;
use crate::session::Token;

/// Resumes sessions from requests, and hands their tokens to responses. See the [module](crate::edge).
///
/// Cheap to clone; clones share the store and the counts.
///
/// ```no_run
/// # #[cfg(all(feature = "postgres", feature = "bb8"))]
/// # async fn example(
/// #     router: diesel_routing::pg::Router,
/// #     request: http::request::Parts,
/// #     response: &mut http::response::Parts,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use diesel_routing::{Level, edge::{Edge, Rule}};
/// use http::Method;
///
/// let edge = Edge::new(router)?
///     .rules([
///         Rule::new("/admin", Level::Strong),
///         Rule::new("/public", Level::Eventual).on(Method::GET),
///     ])?
///     .write_timestamp(true);
///
/// // For each request; `SessionLayer` does this for tower services.
/// let mut exchange = edge.begin(&request).await;
/// let session = exchange.session().clone();
/// // .. handle the request ..
/// exchange.finish(&mut response.headers).await;
/// # Ok(()) }
/// ```
#[must_use]
#[expect(private_bounds, reason = "there are two flavours, and no others")]
pub struct Edge<C, F: Flavour<C> = Async> {
    pub(crate) inner: Arc<Inner<Router<C, F>, F::Store>>,
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Edge<C, F> {
    /// Creates an edge whose tokens travel in the cookie `__Host-db-session`.
    ///
    /// # Errors
    ///
    /// Returns [`EdgeError::NoTokenKeys`] if the router has no keys to sign them with.
    pub fn new(router: Router<C, F>) -> Result<Self, EdgeError> {
        if !router.shared().has_keys() {
            return Err(EdgeError::NoTokenKeys);
        }
        Ok(Self::of(router))
    }

    /// Creates an edge whose states stay in a store, under the key that `key` finds in a request; requests without a
    /// key get new sessions. Nothing is sent to the client, and the router needs no keys.
    pub fn stored(
        router: Router<C, F>,
        store: impl StoreOf<C, F>,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self::of(router).no_cookie().store(store, key)
    }

    fn of(router: Router<C, F>) -> Self {
        Self {
            inner: Arc::new(Inner::new(router)),
        }
    }

    /// Keeps states in a store, as well as in tokens: see [`stored`](Self::stored).
    pub fn store(
        mut self,
        store: impl StoreOf<C, F>,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.inner).store = Some(store.shared());
        self.with(|settings| settings.key = Some(Arc::new(key)))
    }

    /// Sets the cookie that carries tokens. Defaults to `TokenCookie::default()`, `__Host-db-session`.
    ///
    /// # Errors
    ///
    /// Returns [`EdgeError::Cookie`] if browsers would refuse it.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn example(router: diesel_routing::sync::sqlite::Router) -> Result<(), Box<dyn std::error::Error>> {
    /// use diesel_routing::edge::{Cacheable, SameSite, TokenCookie};
    /// use diesel_routing::sync::edge::Edge;
    ///
    /// let cookie = TokenCookie::new("shop-session")
    ///     .domain("shop.example")
    ///     .path("/api")
    ///     .same_site(SameSite::Strict)
    ///     .secure(true)
    ///     .http_only(true);
    /// let edge = Edge::new(router)?
    ///     .cookie(cookie)?
    ///     .carry_reads(true)
    ///     .when_cacheable(Cacheable::OmitToken)
    ///     .server_timing(true)
    ///     .clock_skew(std::time::Duration::from_secs(5));
    /// println!("{} tokens were left out", edge.status().omitted_tokens);
    /// println!("{} nodes", edge.router().nodes().names().len());
    /// # Ok(()) }
    /// ```
    pub fn cookie(self, cookie: TokenCookie) -> Result<Self, EdgeError> {
        let cookie = cookie.checked()?;
        Ok(self.with(|settings| settings.cookie = Some(cookie)))
    }

    /// Removes the cookie: tokens travel in a [`header`](Self::header), or states stay in a store.
    pub fn no_cookie(self) -> Self {
        self.with(|settings| settings.cookie = None)
    }

    /// Sets a header that carries tokens too, for callers without cookies, such as other services. It is
    /// read from requests, and set on responses.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn example(router: diesel_routing::sync::sqlite::Router) -> Result<(), Box<dyn std::error::Error>> {
    /// use diesel_routing::sync::edge::Edge;
    /// use http::HeaderName;
    ///
    /// // Between services: the token in a header, by which some peers may also wish for a level.
    /// let edge = Edge::new(router)?
    ///     .no_cookie()
    ///     .header(HeaderName::from_static("x-db-session"))
    ///     .trust(|request| request.headers.contains_key("x-internal"))
    ///     .source(|request| request.headers.get("x-service")?.to_str().ok().map(str::to_owned));
    /// # let _ = edge;
    /// # Ok(()) }
    /// ```
    pub fn header(self, name: HeaderName) -> Self {
        self.with(|settings| settings.header = Some(name))
    }

    /// Sets another source of tokens, such as a query parameter or a field of a JWT. Responses carry them
    /// in the cookie and the header only.
    pub fn source(self, source: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.source = Some(Arc::new(source)))
    }

    /// Sets whether to carry what requests read to the next one, as well as what they wrote, so that reads of
    /// later requests never observe less. Defaults to `false`.
    ///
    /// It costs a question to a node at the end of each request that reads, shared by all that end at
    /// that time, and a new cookie whenever a node has advanced. What a request read, and did not
    /// write, travels in a cookie of its own, `__Host-db-session-seen`, and in such a header. A cache between
    /// service and user should not keep such responses.
    pub fn carry_reads(self, carry_reads: bool) -> Self {
        self.with(|settings| settings.carry_reads = carry_reads)
    }

    /// Sets which callers may say when they wrote, in [`X-Write-Timestamp`](Self::write_timestamp), and which may set the level of
    /// their reads in `X-DB-Consistency`: `STRONG`, `SESSION`, `EVENTUAL`, `BOUNDED=250ms` (or `2s`). That adds to the
    /// [rule](Self::rules) of the path, as a view [at that level](Session::at_level) does. Defaults to none, because `STRONG` sends
    /// all reads to the primary.
    ///
    /// Check for something that a stranger cannot send: a header that your proxy sets and strips, a verified
    /// credential. If a request has several such headers, or an invalid one, they are ignored.
    pub fn trust(self, trust: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.trust = Some(Arc::new(trust)))
    }

    /// Sets the key that a request's session is drawn by, for [shares](Router::set_replica_share): see
    /// [`Session::keyed`](crate::Session::keyed). Requests without a key are drawn one by one. Defaults to the key of the
    /// [store](Self::store), if there is one.
    ///
    /// Take what stays the same for a user and is not shared by many: the id in a verified credential, not an address.
    pub fn session_key(
        self,
        key: impl Fn(&Parts) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.session_key = Some(Arc::new(key)))
    }

    /// Sets levels and classes by path and method, replacing earlier rules. Defaults to those of the router's configuration, as it is
    /// when a request arrives (feature `config`); to none if that has none.
    ///
    /// # Errors
    ///
    /// Returns [`EdgeError::Rule`] if a path is invalid, or two rules conflict; [`EdgeError::NoSuchClass`] for a class that the
    /// router does not have.
    pub fn rules(self, rules: impl IntoIterator<Item = Rule>) -> Result<Self, EdgeError> {
        let rules: Vec<Rule> = rules.into_iter().collect();
        let state = self.inner.router.shared().snapshot();
        let unknown = |(_, class): &(&str, &str)| state.live.class(class).is_none();
        if let Some((path, class)) = rules.iter().filter_map(Rule::named).find(unknown) {
            return Err(EdgeError::NoSuchClass {
                path: path.to_owned(),
                class: class.to_owned(),
            });
        }
        drop(state);
        let rules = Rules::new(&rules)?;
        Ok(self.with(|settings| settings.rules = Some(rules)))
    }

    /// Sets whether responses to requests that wrote carry the time of the write, in `X-Write-Timestamp`:
    /// milliseconds since 1970. Defaults to `false`.
    ///
    /// A client that keeps no cookies sends the header back with its next request. From callers that are
    /// [trusted](Self::trust), whatever this is set to, the request's reads then observe everything that was acknowledged up to that
    /// time and the [clocks' difference](Self::clock_skew) after it: from replicas that have it, by their positions; where
    /// there are none, from the primary for the router's window after it. It binds that request alone.
    ///
    /// A time is weaker than a token where clocks are wrong: prefer the [`header`](Self::header) for services that can store
    /// one. What is ignored is counted in [`status`](Self::status): times from others, texts that are no number, several in one request,
    /// and times older than tokens live. A time ahead of this machine's clock counts as the present.
    pub fn write_timestamp(self, write_timestamp: bool) -> Self {
        self.with(|settings| settings.write_timestamp = write_timestamp)
    }

    /// Sets how far the clocks of the service's machines may be apart: an `X-Write-Timestamp` counts as that much later. Defaults to
    /// 1 s. Less lets reads sooner go to replicas without a question to the primary; too little may miss a write.
    pub fn clock_skew(self, skew: Duration) -> Self {
        self.with(|settings| settings.clock_skew = skew)
    }

    /// Sets whether responses show the routes of their connections in `Server-Timing`: node, reason, count, and
    /// as `dur` the milliseconds that were waited for them.
    /// Defaults to `false`, because it shows the nodes' names to everyone.
    pub fn server_timing(self, server_timing: bool) -> Self {
        self.with(|settings| settings.server_timing = server_timing)
    }

    /// Sets what becomes of responses with a token that a shared cache might give to others. Defaults to
    /// [`Cacheable::MakePrivate`].
    pub fn when_cacheable(self, policy: Cacheable) -> Self {
        self.with(|settings| settings.cacheable = policy)
    }

    /// Sets how long a request waits for the store, in all. Defaults to 50 ms.
    pub fn store_timeout(self, timeout: Duration) -> Self {
        self.with(|settings| settings.store_timeout = timeout)
    }

    /// Sets what happens while the store is unavailable. Defaults to [`StoreDown::Primary`].
    ///
    /// A store that fails three times in a row is not asked for a second, then by one request in a second until it answers: requests do
    /// not wait for it meanwhile, and it counts as unavailable.
    pub fn when_store_is_down(self, policy: StoreDown) -> Self {
        self.with(|settings| settings.store_down = policy)
    }

    /// Returns counters for requests that were served in a degraded way.
    #[must_use]
    pub fn status(&self) -> EdgeStatus {
        self.inner.counts.status()
    }

    /// Returns the router of its sessions.
    #[must_use]
    pub fn router(&self) -> &Router<C, F> {
        &self.inner.router
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(&mut Arc::make_mut(&mut self.inner).settings);
        self
    }

    /// Returns the exchange before the store is asked.
    pub(crate) fn arrival(&self, request: &Parts) -> Exchange<C, F> {
        let Inner {
            router,
            settings,
            counts,
            ..
        } = &*self.inner;
        let routes = settings.server_timing.then(Arc::<Routes>::default);
        let options = {
            let cluster = router.shared().snapshot();
            settings.options(request, counts, cluster.live.edge_rules())
        };
        let session = Session::new(router.clone(), options, routes.clone());
        let key = settings.key(request);
        let session = match settings.session_key(request, key.as_ref()) {
            Some(key) => session.keyed(key),
            None => session,
        };
        let shared = router.shared();
        let are_all = settings.tokens(request, counts, |token| {
            // A rejected token is counted, and ignored.
            let _ = session.absorb(token);
        });
        if !are_all {
            // Whoever can set cookies for a parent domain can push the session's own out of sight.
            session.doubt(shared.now());
        }
        let (now, life) = (shared.wall(), shared.token_life());
        if let Some(time) = settings.written_before(request, counts, now, life)
            && session.require_since(time, settings.clock_skew)
        {
            counts.future_timestamps.add();
        }
        Exchange::new(self.clone(), session, key, routes)
    }

    /// Adds what the store answered to a new session, or what it failed with.
    pub(crate) fn loaded(&self, answer: Result<Option<Token>, String>, session: &Session<C, F>) {
        let is_primary = self.inner.settings.store_down == StoreDown::Primary;
        match answer {
            Ok(None) => {}
            Ok(Some(token)) => {
                // A rejected token is counted, and ignored.
                let _ = session.absorb_token(token);
            }
            Err(failure) => {
                self.inner.counts.failed_loads.add();
                let said = &self.inner.said.failed_loads;
                if let Some(count) = said.count(Instant::now()) {
                    let why = failure.as_str();
                    Event::StoreNotLoading { why, count }.emit();
                }
                if is_primary {
                    session.doubt(self.inner.router.shared().now());
                }
            }
        }
        if is_primary && let Some(at) = self.inner.outage.last() {
            session.doubt(at);
        }
    }

    /// Returns whether the store is to be asked now: one that has failed is left alone for a while.
    pub(crate) fn may_ask_store(&self) -> bool {
        self.inner.breaker.may_ask(Instant::now())
    }

    /// Records the store's answer; returns it, a failure in words.
    pub(crate) fn heard<T>(&self, answer: Result<T, StoreError>) -> Result<T, String> {
        match answer {
            Err(StoreError::Failed(_)) => self.inner.breaker.failed(Instant::now()),
            // It answers.
            Ok(_) | Err(StoreError::Garbage(_) | StoreError::Contended) => {
                self.inner.breaker.answered();
            }
        }
        answer.map_err(|error| error_chain(&error))
    }

    /// Records that a state may be missing from the store; returns whether that is news.
    pub(crate) fn mistrust_store(&self) -> bool {
        let shared = self.inner.router.shared();
        self.inner.outage.begins(shared.now(), shared.window())
    }
}

/// A store of the flavour `F`: what implements [`TokenStore`](super::TokenStore) for [`Async`],
/// [`sync::edge::TokenStore`](crate::sync::edge::TokenStore) for [`Blocking`](crate::Blocking).
pub(crate) trait StoreOf<C, F: Flavour<C>> {
    /// Returns it for all clones of the edge to share.
    fn shared(self) -> Arc<F::Store>;
}

impl<C, F: Flavour<C>> Clone for Edge<C, F> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<C, F: Flavour<C>> fmt::Debug for Edge<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("router", &self.inner.router)
            .field("settings", &self.inner.settings)
            .field("store", &self.inner.store)
            .finish_non_exhaustive()
    }
}
