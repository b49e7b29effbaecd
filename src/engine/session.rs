//! `Session`: reads that see what it wrote.

use std::fmt;
use std::sync::Arc;
#[cfg(feature = "edge")]
use std::time::SystemTime;
use std::time::{Duration, Instant};

use super::checkout::Loan;
use super::{Async, DELAYED, Flavour, Lease, Options, Request, Router, Routes, View, Wait};
use crate::connect::SessionSettings;
use crate::consistency::Again;
use crate::error::{ConfigError, Error, PositionError, Rejection};
use crate::routing::{Level, Tag};
#[cfg(feature = "edge")]
use crate::session::Activity;
use crate::session::{SessionState, SignedToken, Token};
use crate::statement::Access;

/// One user's, or one job's, causal history: its reads see its writes, and never an older state than it has
/// seen.
///
/// A session is not a database session: it holds no connection, and each call checks one out. Cheap to clone;
/// clones share the history. Use it from several tasks or threads as you like.
///
/// After a write, `read` goes to the primary until a replica is proved to have replayed it, then to that
/// replica. Where servers have no positions, it goes to the primary for the router's [window](crate::Window) (5 s by default).
///
/// A `token` carries the session to another process, and [`Router::resume`] continues it there.
///
/// The flavour `F` is [`Async`], or [`Blocking`](crate::Blocking) as in [`sync::Session`](crate::sync::Session).
///
/// # Views
///
/// [`waiting`](Self::waiting), [`at_level`](Self::at_level), [`class`](Self::class), [`on`](Self::on),
/// [`untracked`](Self::untracked), [`delayed`](Self::delayed) and [`with_settings`](Self::with_settings) return the same session with another setting, for one call or for as long as you
/// keep it:
///
/// ```no_run
/// # #[cfg(feature = "postgres")]
/// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
/// # use std::time::Duration;
/// let conn = session.waiting(Duration::from_millis(50)).read().await?;
/// # Ok(()) }
/// ```
#[expect(private_bounds, reason = "there are two flavours, and no others")]
pub struct Session<C, F: Flavour<C> = Async> {
    // One pointer: requests clone their sessions, and all of them count the clones of the same router.
    view: Arc<View<Router<C, F>>>,
}

#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Session<C, F> {
    pub(crate) fn new(router: Router<C, F>, options: Options, routes: Option<Arc<Routes>>) -> Self {
        Self::from_view(Arc::new(View {
            router,
            state: Arc::default(),
            options,
            routes,
        }))
    }

    /// Returns the placeholder for calls outside any session: its reads are those of the router.
    pub(crate) fn outside(router: Router<C, F>) -> Self {
        let options = Options {
            outside: true,
            ..Options::default()
        };
        Self::new(router, options, None)
    }

    pub(crate) fn from_view(view: Arc<View<Router<C, F>>>) -> Self {
        Self { view }
    }

    pub(crate) fn into_view(self) -> Arc<View<Router<C, F>>> {
        self.view
    }

    /// Absorbs the session that `token` was issued for, as well: another tab's, or that of a job whose results
    /// are gathered here.
    ///
    /// # Errors
    ///
    /// Returns the reason if the token is rejected; the session is as it was. The router has counted it.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use diesel_routing::{Rejection, sync::sqlite::Session};
    ///
    /// // A message from another service says what its sender had written.
    /// fn on_message(session: &Session, token: &str) -> Result<(), Rejection> {
    ///     session.absorb(token)
    /// }
    /// ```
    pub fn absorb(&self, token: &str) -> Result<(), Rejection> {
        self.view.router.shared().absorb(&self.view.state, token)
    }

    /// Makes this session's reads observe everything up to `position`: they are served by replicas that have it, and by the primary
    /// until one has. For what was told by another way than the database, with the position of the write.
    ///
    /// The position is text, in the notation of the servers: PostgreSQL's `pg_current_wal_insert_lsn()`, the GTIDs of MySQL's
    /// `gtid_executed` or MariaDB's `gtid_binlog_pos`, `wsrep_last_written_gtid()` of Galera; or as
    /// [`NodeStatus::position`](crate::NodeStatus::position) is displayed. Ask for it after the commit was acknowledged: inside
    /// the transaction it lies before the commit. Asks no server, and costs a read nothing if a replica has it. It joins what
    /// the session requires already, and travels in its tokens.
    ///
    /// A position past the primary's, which no node could ever have, is lowered to the primary's once that was asked.
    ///
    /// # Errors
    ///
    /// [`PositionError`] for a text that is no position of this cluster; the session is as it was.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(router: diesel_routing::pg::Router, message: &str) -> Result<(), Box<dyn std::error::Error>> {
    /// // The message came with `0/16B3748`, the position after the write that it is about.
    /// let session = router.session();
    /// session.require(message)?;
    /// let conn = session.read().await?;
    /// # Ok(()) }
    /// ```
    pub fn require(&self, position: impl AsRef<str>) -> Result<(), PositionError> {
        let shared = self.view.router.shared();
        shared.require(&self.view.state, position.as_ref())
    }

    pub(crate) fn state(&self) -> &Arc<SessionState> {
        &self.view.state
    }

    /// Returns this session, with reads that may wait this long for a replica to catch up before they go to the
    /// primary.
    #[must_use]
    pub fn waiting(&self, wait: Duration) -> Self {
        self.with(|options| options.wishes_mut().wait = Some(wait))
    }

    /// Returns this session as a background job wants it: with reads that rather wait a second for a replica
    /// than go to the primary.
    ///
    /// Three tries half a second apart, then the primary, is how others do it; here, a read goes as soon as a
    /// replica is known to have caught up.
    #[must_use]
    pub fn delayed(&self) -> Self {
        self.waiting(DELAYED)
    }

    /// Returns this session, with all reads at least at this level: [`Level::Strong`] for a request that must see everyone's
    /// writes. That goes for every call of it and for every [`#[consistency(..)]`](macro@crate::consistency) function that it
    /// is passed to. Levels add up, so a weaker one takes nothing back; keep the session that you had for that.
    ///
    /// [`read_default`](Self::read_default) reads at this very level, so [`Level::Eventual`] weakens that call and no other: what
    /// a handle's type promises, and what a function or a call asks for, holds at every level.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
    /// use diesel_routing::Level;
    ///
    /// let strong = session.at_level(Level::Strong);
    /// let conn = strong.read().await?; // of the primary
    /// let conn = strong.read_eventual().await?; // of the primary, too
    ///
    /// let any = session.at_level(Level::Eventual);
    /// let conn = any.read_default().await?; // of any replica
    /// let conn = any.read().await?; // sees what the session wrote
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn at_level(&self, level: Level) -> Self {
        self.with(|options| options.advice().code().at_level(level))
    }

    /// Returns this session, with all reads in this [class](crate::RouterBuilder::class) as well, on top of what functions, calls
    /// and other classes require. A class that the router does not have makes them fail with [`ConfigError::NoSuchClass`].
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
    /// let conn = session.class("inventory").read_eventual().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn class(&self, name: impl Into<Arc<str>>) -> Self {
        self.with(|options| options.advice().code().in_class(name.into()))
    }

    /// Returns this session, with reads on replicas with this [tag](crate::Node::tag). Where none of them may serve a read, it
    /// goes to another replica, or as the [`Tag`] says. What needs the primary goes there as before.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
    /// use diesel_routing::Tag;
    ///
    /// let conn = session.on("reporting").read().await?;
    /// let conn = session.on(Tag::new("reporting").or_fail()).read_eventual().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// A session stays with the replica that it has read from, if that has the tag. A tag that no node has makes reads fail
    /// with [`ConfigError::NoSuchTag`].
    #[must_use]
    pub fn on(&self, tag: impl Into<Tag>) -> Self {
        self.with(|options| options.wishes_mut().on = Some(Arc::new(tag.into())))
    }

    /// Returns this session, as that of whoever has this key: a user's id, say. It is drawn for
    /// [shares](Router::set_replica_share) by the key, so that one user's sessions belong to the same side, in every process and
    /// whatever came before; as long as nobody says so, each session is drawn by itself.
    ///
    /// The key says nothing else: what the session wrote and saw stays its own. The draw is the first four bytes of the key's
    /// SHA-256, as a number with the most significant first: a share of *p* percent has those below *p* / 100 of 2^32.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # fn example(router: diesel_routing::pg::Router, user: i64) {
    /// let session = router.session().keyed(format!("user-{user}"));
    /// # let _ = session;
    /// # }
    /// ```
    #[must_use]
    pub fn keyed(&self, key: impl AsRef<str>) -> Self {
        self.view.state.set_key(key.as_ref());
        self.clone()
    }

    /// Returns this session, with a `write` that leaves no mark: for counters, audit rows and the like, which no
    /// later read of the session must see. What is read through such a handle leaves no mark, either.
    #[must_use]
    pub fn untracked(&self) -> Self {
        self.with(|options| options.tracked = false)
    }

    /// Returns this session, with reads and writes in another database of the same servers: see
    /// [`Router::for_database`]. What it wrote and saw in one counts in all, so it may come from whoever knows of no tenants: a
    /// token, the edge of a service.
    ///
    /// # Errors
    ///
    /// Those of [`Router::for_database`].
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
    /// let session = session.for_database("tenant_7")?;
    /// let conn = session.read().await?;
    /// # Ok(()) }
    /// ```
    pub fn for_database(&self, name: impl AsRef<str>) -> Result<Self, Error> {
        let mut view = (*self.view).clone();
        view.router = view.router.for_database(name)?;
        Ok(Self::from_view(Arc::new(view)))
    }

    /// Returns the router that this session reads and writes through.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # fn example(session: &diesel_routing::sync::sqlite::Session) {
    /// println!("{} reads went to replicas", session.router().status().reads.off_primary);
    /// # }
    /// ```
    #[must_use]
    pub fn router(&self) -> &Router<C, F> {
        &self.view.router
    }

    pub(crate) fn with(&self, change: impl FnOnce(&mut Options)) -> Self {
        let mut view = (*self.view).clone();
        change(&mut view.options);
        Self::from_view(Arc::new(view))
    }

    /// Returns the settings of its connections.
    pub(crate) fn settings(&self) -> Option<&Arc<SessionSettings>> {
        self.view.options.wishes()?.settings.as_ref()
    }

    /// Returns what a call of this session asks for.
    pub(crate) fn request(
        &self,
        level: Level,
        access: Access,
        again: Option<Again>,
    ) -> Request<'_> {
        let options = &self.view.options;
        let remembers = match access {
            Access::Write => options.tracked,
            _ => !options.outside,
        };
        let wishes = options.wishes();
        let on = wishes.and_then(|wishes| wishes.on.as_deref());
        Request {
            level: Request::level_of(level, access),
            access,
            session: remembers.then_some(&self.view.state),
            wait: Wait {
                function: None,
                view: wishes.and_then(|wishes| wishes.wait),
            },
            avoid: None,
            again: None,
            may_try: true,
            advice: wishes.and_then(|wishes| wishes.advice.as_deref()),
            class: None,
            on: on.map(Tag::target).or(self.view.router.target()),
            settings: wishes.and_then(|wishes| wishes.settings.as_ref()),
            function: None,
        }
        .once_more(again)
    }

    /// Returns what [`read`](Self::read) asks for, and an upgrade of a handle.
    pub(crate) fn request_to_read(&self, again: Option<Again>) -> Request<'_> {
        self.request(Level::Session, Access::CaughtUp, again)
    }

    /// Returns what [`read_default`](Self::read_default) asks for.
    pub(crate) fn request_by_default(&self) -> Request<'_> {
        let wishes = self.view.options.wishes();
        let advice = wishes.and_then(|wishes| wishes.advice.as_deref());
        let said = advice.and_then(|advice| advice.strength(self.view.router.mode()));
        let level = said.map_or(Level::Session, |said| said.level());
        self.request(level, Access::Replica, None)
    }

    /// Returns the time, if anyone wants to know how long connections are waited for.
    #[inline]
    pub(crate) fn since(&self) -> Option<Instant> {
        self.view.routes.as_ref().map(|_| Instant::now())
    }

    /// Counts the connection that was asked for then, if anyone wants to know.
    #[inline]
    pub(crate) fn count<G: Loan>(&self, lease: &Lease<G>, since: Option<Instant>) {
        if let (Some(routes), Some(since)) = (&self.view.routes, since) {
            routes.count(&lease.route(), since.elapsed());
        }
    }

    /// Returns the session's state for another process as text, `export`ed before.
    pub(crate) fn sign(&self, token: &Token) -> Result<SignedToken, ConfigError> {
        let signed = self.view.router.shared().sign(token);
        signed.ok_or(ConfigError::NoTokenKeys)
    }

    /// Returns an error if there are no keys to sign tokens with.
    pub(crate) fn check_keys(&self) -> Result<(), ConfigError> {
        if self.view.router.shared().has_keys() {
            Ok(())
        } else {
            Err(ConfigError::NoTokenKeys)
        }
    }

    /// Returns the state as of `as_of` for another process, and whether all of it is known; what is not counts as
    /// a write just now.
    pub(crate) fn export_as_of(&self, as_of: Instant) -> (Token, bool) {
        self.view.router.shared().export(&self.view.state, as_of)
    }
}

/// For the edge.
#[cfg(feature = "edge")]
#[expect(private_bounds, reason = "there are two flavours, and no others")]
impl<C, F: Flavour<C>> Session<C, F> {
    /// Returns the state for another process, as far as it is known; what is not counts as a write just now.
    pub(crate) fn export_now(&self) -> Token {
        self.export_as_of(self.view.router.shared().now()).0
    }

    /// Absorbs a token from a trusted source.
    pub(crate) fn absorb_token(&self, token: Token) -> Result<(), Rejection> {
        let shared = self.view.router.shared();
        shared.absorb_token(&self.view.state, token)
    }

    /// Requires everything acknowledged before `time`, by another machine's clock, which may be that much behind. Returns whether
    /// that lies in the future.
    pub(crate) fn require_since(&self, time: SystemTime, skew: Duration) -> bool {
        let shared = self.view.router.shared();
        shared.require_since(&self.view.state, time, skew)
    }

    /// Counts as one whose state is not known: it may have written before `at`.
    pub(crate) fn doubt(&self, at: Instant) {
        self.view.state.doubt(at);
    }

    /// Returns how much it has done, and whether it is writing.
    pub(crate) fn activity(&self) -> (Activity, bool) {
        // In this order: what is no longer under way is counted.
        let is_writing = self.view.state.is_writing();
        (self.view.state.activity(), is_writing)
    }
}

impl<C, F: Flavour<C>> Clone for Session<C, F> {
    fn clone(&self) -> Self {
        Self {
            view: Arc::clone(&self.view),
        }
    }
}

impl<C, F: Flavour<C>> fmt::Debug for Session<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("router", &self.view.router)
            .finish_non_exhaustive()
    }
}
