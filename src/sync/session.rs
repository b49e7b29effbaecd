//! `Session`: reads that see what it wrote.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::Listener;

use super::pool::Guard;
use super::{ReadConn, RoutedConnection, Router, WriteConn};
use crate::cluster::after;
use crate::consistency::Function;
use crate::engine::{DELAYED, Lease, Options, Request, Routes, View};
use crate::error::{ConfigError, Error};
use crate::routing::Level;
use crate::session::{Activity, Rejection, SignedToken, Token};
use crate::statement::{Access, CaughtUp, Primary, Replica};

/// One user's, or one job's, causal history: its reads see its writes, and never an older state than
/// it has seen.
///
/// A session is not a database session: it holds no connection, and each call checks one out.
/// Cheap to clone; clones share the history. Use it from several threads as you like.
///
/// After a write, [`read`](Self::read) goes to the primary until a replica is proved to have replayed
/// it, then to that replica. Where servers have no positions, it goes to the primary for the router's
/// window (5 s by default).
///
/// A [`token`](Self::token) carries the session to another process, and
/// [`Router::resume`] continues it there.
///
/// # Views
///
/// [`waiting`](Self::waiting), [`at_level`](Self::at_level), [`untracked`](Self::untracked) and
/// [`delayed`](Self::delayed) give the same session with another setting, for one call or for as long
/// as you keep it:
///
/// ```no_run
/// # #[cfg(feature = "sync-postgres")]
/// # fn example(session: diesel_routing::sync::pg::Session) -> Result<(), diesel_routing::Error> {
/// # use std::time::Duration;
/// let conn = session.waiting(Duration::from_millis(50)).read()?;
/// # Ok(()) }
/// ```
pub struct Session<C: RoutedConnection> {
    // One pointer: requests clone their sessions, and all of them count the clones of the same router.
    view: Arc<View<Router<C>>>,
}

impl<C: RoutedConnection> Session<C> {
    pub(crate) fn new(router: Router<C>, options: Options, routes: Option<Arc<Routes>>) -> Self {
        Self::of(View {
            router,
            state: Arc::default(),
            options,
            routes,
        })
    }

    /// What stands for there being no session: its reads are those of the router.
    pub(crate) fn outside(router: Router<C>) -> Self {
        let options = Options {
            outside: true,
            ..Options::default()
        };
        Self::new(router, options, None)
    }

    fn of(view: View<Router<C>>) -> Self {
        Self::from_view(Arc::new(view))
    }

    pub(super) fn from_view(view: Arc<View<Router<C>>>) -> Self {
        Self { view }
    }

    pub(super) fn into_view(self) -> Arc<View<Router<C>>> {
        self.view
    }

    /// A connection that sees what this session wrote, and nothing older than it has seen.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read(&self) -> Result<ReadConn<CaughtUp, C>, Error> {
        self.checkout(self.view.options.level, Access::CaughtUp, None)
            .map(ReadConn::new)
    }

    /// A connection of some replica, however far behind (within the router's `max_lag`); of the
    /// primary if there is no replica.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_eventual(&self) -> Result<ReadConn<Replica, C>, Error> {
        self.checkout(Level::Eventual, Access::Replica, None)
            .map(ReadConn::new)
    }

    /// A connection that sees everything that was acknowledged more than `lag` ago, by anyone: of a
    /// replica that is known to lag no more, else of the primary. What this session wrote within
    /// `lag` it may not see.
    ///
    /// Lag is known as of a node's last answer, so a bound below the router's watch interval (100 ms
    /// by default) is met by the primary only. Where servers have no positions, lag is never known.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_bounded(&self, lag: Duration) -> Result<ReadConn<Replica, C>, Error> {
        self.checkout(Level::Bounded(lag), Access::Replica, None)
            .map(ReadConn::new)
    }

    /// A connection of the primary, to read from and to lock rows with.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn read_primary(&self) -> Result<ReadConn<Primary, C>, Error> {
        self.checkout(Level::Strong, Access::Primary, None)
            .map(ReadConn::new)
    }

    /// A connection of the primary, to write with; the session remembers what it writes.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub fn write(&self) -> Result<WriteConn<C>, Error> {
        self.checkout(Level::Write, Access::Write, None)
            .map(WriteConn::new)
    }

    /// Runs `read` on a connection as [`read`](Self::read) gives one, and once more on another node if
    /// it failed because of the node: it went down, or cancelled the query to go on replaying
    /// ([`Error::may_retry_read`]).
    ///
    /// ```no_run
    /// # #[cfg(feature = "sync-postgres")]
    /// # fn example(session: diesel_routing::sync::pg::Session) -> Result<(), diesel_routing::Error> {
    /// # use diesel_routing::sync::prelude::*;
    /// # diesel::table! { users { id -> Integer, } }
    /// let ids: Vec<i32> = session
    ///     .reading(|conn| users::table.select(users::id).load(conn))
    ///?;
    /// # Ok(()) }
    /// ```
    ///
    /// `read` runs at most twice: what else it does besides reading is done twice, too.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`]; what `read` returned last.
    pub fn reading<T, E>(
        &self,
        mut read: impl FnMut(&mut ReadConn<CaughtUp, C>) -> Result<T, E>,
    ) -> Result<T, Error>
    where
        Error: From<E>,
    {
        let mut conn = self.read()?;
        let failure = match read(&mut conn) {
            Ok(value) => return Ok(value),
            Err(error) => Error::from(error),
        };
        let node = conn.lease().node();
        let again =
            failure.may_retry_read() || failure.may_be_a_lost_connection() && conn.is_lost();
        if !again {
            return Err(failure);
        }
        // Before another is asked for: with small pools, holding one can deadlock.
        drop(conn);
        tracing::debug!(
            node = self.view.router.shared().name(node),
            error = %failure,
            "a read is run again elsewhere"
        );
        let mut conn = self
            .checkout(self.view.options.level, Access::CaughtUp, Some(node))
            .map(ReadConn::new)?;
        read(&mut conn).map_err(Error::from)
    }

    /// This session as a short signed text, for a cookie, a header or a job's payload:
    /// [`Router::resume`] continues it in another process.
    ///
    /// Waits for the position of the last write, if it is not known yet: one question to the primary,
    /// shared with everyone who asks. After the router's `watch_timeout` (1 s by default), the token
    /// says that there was a write at an unknown position, which sends reads to the primary for the
    /// window.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NoTokenKeys`].
    pub fn token(&self) -> Result<SignedToken, Error> {
        let shared = self.view.router.shared();
        if !shared.has_keys() {
            return Err(ConfigError::NoTokenKeys.into());
        }
        let token = self.export();
        let signed = shared.sign(&token).ok_or(ConfigError::NoTokenKeys);
        Ok(signed?)
    }

    /// Its state for another process, as [`token`](Self::token) has it.
    pub(crate) fn export(&self) -> Token {
        let shared = self.view.router.shared();
        let as_of = shared.now();
        let until = after(Instant::now(), shared.patience);
        loop {
            // Listen before looking: an answer in between counts.
            let answer = shared.signals.answer();
            let (token, is_complete) = shared.export(&self.view.state, as_of);
            if is_complete || answer.wait_deadline(until).is_none() {
                return token;
            }
        }
    }

    /// Its state for another process, as far as it is known; what is not counts as a write just now.
    pub(crate) fn export_now(&self) -> Token {
        let shared = self.view.router.shared();
        shared.export(&self.view.state, shared.now()).0
    }

    /// Continues, too, what this token from a trusted source says.
    pub(crate) fn absorb_token(&self, token: Token) -> Result<(), Rejection> {
        self.view
            .router
            .shared()
            .absorb_token(&self.view.state, token)
    }

    /// Counts as having written at `at`, at an unknown position.
    pub(crate) fn wrote_perhaps(&self, at: Instant) {
        self.view.state.wrote_perhaps(at);
    }

    /// How much it has done, and whether it is writing.
    pub(crate) fn activity(&self) -> (Activity, bool) {
        // In this order: what is no longer under way is counted.
        let is_writing = self.view.state.is_writing();
        (self.view.state.activity(), is_writing)
    }

    fn count<G>(&self, lease: &Lease<G>) {
        if let Some(routes) = &self.view.routes {
            routes.count(&lease.route());
        }
    }

    /// Continues, too, the session that this token is of: another tab's, or that of a job whose
    /// results are gathered here.
    ///
    /// # Errors
    ///
    /// Why the token is not honoured; the session is as it was. The router has counted it.
    pub fn absorb(&self, token: &str) -> Result<(), Rejection> {
        self.view.router.shared().absorb(&self.view.state, token)
    }

    /// This session, with reads that may wait this long for a replica to catch up before they go to
    /// the primary.
    #[must_use]
    pub fn waiting(&self, wait: Duration) -> Self {
        self.with(|options| options.wait = Some(wait))
    }

    /// This session as a background job wants it: with reads that rather wait a second for a replica
    /// than go to the primary.
    ///
    /// Three tries half a second apart, then the primary, is how others do it; here, a read goes as
    /// soon as a replica is known to have caught up.
    #[must_use]
    pub fn delayed(&self) -> Self {
        self.waiting(DELAYED)
    }

    /// This session, with [`read`](Self::read) at another level: [`Level::Strong`] for a request that
    /// must see everyone's writes, [`Level::Eventual`] for one that need not see its own. The other
    /// methods stay what they are.
    #[must_use]
    pub fn at_level(&self, level: Level) -> Self {
        self.with(|options| options.set_level(level))
    }

    /// This session, with a [`write`](Self::write) that leaves no mark: for counters, audit rows and the
    /// like, which no later read of the session must see. What is read through such a handle leaves
    /// none, either.
    #[must_use]
    pub fn untracked(&self) -> Self {
        self.with(|options| options.tracked = false)
    }

    /// The router this session reads and writes through.
    #[must_use]
    pub fn router(&self) -> &Router<C> {
        &self.view.router
    }

    pub(super) fn upgrade(
        &self,
        conn: ReadConn<Replica, C>,
    ) -> Result<ReadConn<CaughtUp, C>, Error> {
        let lease = conn.into_lease();
        let shared = self.view.router.shared();
        let reason = if !std::ptr::eq(shared, lease.shared()) {
            // A connection of another router says nothing about this session's data.
            None
        } else if lease.is_primary() {
            Some(lease.reason())
        } else {
            let request = self.request(Level::Session, Access::CaughtUp, None);
            let opened = lease.guard.opened;
            self.view.router.confirm(&request, lease.node(), opened)
        };
        match reason {
            Some(reason) => Ok(ReadConn::new(lease.upgraded(Access::CaughtUp, reason))),
            None => {
                // Give the connection back first: with small pools, holding one while waiting for
                // another can deadlock.
                drop(lease);
                self.read()
            }
        }
    }

    fn with(&self, change: impl FnOnce(&mut Options)) -> Self {
        let mut view = (*self.view).clone();
        change(&mut view.options);
        Self::of(view)
    }

    fn checkout(
        &self,
        level: Level,
        access: Access,
        avoid: Option<usize>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let lease = self
            .view
            .router
            .checkout(self.request(level, access, avoid));
        lease.inspect(|lease| self.count(lease))
    }

    /// A connection for a call of `function`.
    pub(crate) fn checkout_for(
        &self,
        function: &'static Function,
        access: Access,
    ) -> Result<Lease<Guard<C>>, Error> {
        let request = self.request(function.level, access, None);
        let mut request = self.view.router.shared().request_of(function, request)?;
        if function.is_untracked && access == Access::Write {
            request.session = None;
        }
        let lease = self.view.router.checkout(request);
        lease
            .inspect(|lease| self.count(lease))
            .map_err(|error| error.of_function(function.path))
    }

    fn request(&self, level: Level, access: Access, avoid: Option<usize>) -> Request<'_> {
        let Options {
            wait,
            tracked,
            outside,
            ..
        } = self.view.options;
        let remembers = match access {
            Access::Write => tracked,
            _ => !outside,
        };
        Request {
            level,
            access,
            session: remembers.then_some(&self.view.state),
            wait: wait.unwrap_or(self.view.router.shared().wait),
            avoid,
            max_lag: None,
            function: None,
        }
    }
}

impl<C: RoutedConnection> Clone for Session<C> {
    fn clone(&self) -> Self {
        Self {
            view: Arc::clone(&self.view),
        }
    }
}

impl<C: RoutedConnection> fmt::Debug for Session<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("router", &self.view.router)
            .finish_non_exhaustive()
    }
}
