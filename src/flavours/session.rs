//! The checkouts of a session, and its token.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(doc)]
use super::Router;
use super::pool::Guard;
use super::{ReadConn, RoutedConnection, Session, WriteConn, flavoured, io};
use crate::cluster::after;
use crate::connect::SettingValue;
use crate::consistency::{Again, Function};
use crate::engine::{Lease, Request};
#[cfg(doc)]
use crate::error::ConfigError;
use crate::error::Error;
use crate::routing::Level;
use crate::session::{SignedToken, Token};
use crate::statement::{Access, CaughtUp, Primary, Replica};

impl<C: RoutedConnection> Session<C> {
    /// Returns this session, with these settings of the database session on every connection that it gets, on replicas too: for
    /// row-level security, a schema for each tenant, statement timeouts. They are added to those that it has.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")]
    /// # async fn example(session: diesel_routing::pg::Session) -> Result<(), diesel_routing::Error> {
    /// let session = session
    ///     .with_settings([("app.tenant", "7"), ("search_path", "tenant_7, public")])?
    ///     .with_settings([("statement_timeout", 2_000)])?;
    /// let conn = session.read().await?; // `current_setting('app.tenant')` is 7 here
    /// # Ok(()) }
    /// ```
    ///
    /// | | names | values |
    /// |---|---|---|
    /// | PostgreSQL | settings of your own (`app.tenant`) and the server's (`search_path`, `role`, `statement_timeout`) | without NUL |
    /// | MySQL, MariaDB | user variables (`@tenant`) and session variables (`max_statement_time`) | any; a variable that is a number needs a number |
    /// | SQLite | none | |
    ///
    /// Values are sent as parameters, never as part of a statement. They are undone before anybody else gets the connection, also after a
    /// panic, a future that was dropped, or a client that went away; the session's own statements may change them for as long as it
    /// holds the handle. They are no part of a [`token`](Self::token).
    ///
    /// A connection that has other settings, or none, costs one round trip when it is lent; one that the same settings were last sent on
    /// costs none, and neither does any loan of a session without settings on a connection without. Undone, a setting of
    /// your own is an empty text on PostgreSQL (`current_setting` as after `RESET`), and a user variable `NULL`: let policies
    /// hide everything then.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Setting`] for a name or a value that cannot be sent, or that the router depends on: whether a connection
    /// is read-only, its encoding, its account (`session_authorization`), what replication counts. One that the server refuses is an
    /// [`Error::Checkout`] of the next checkout, in the step [`Settings`](crate::Step::Settings).
    pub fn with_settings<N, V>(
        &self,
        settings: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, Error>
    where
        N: AsRef<str>,
        V: Into<SettingValue>,
    {
        let mut all = self
            .settings()
            .map(|all| (**all).clone())
            .unwrap_or_default();
        let language = self.router().shared().dialect;
        for (name, value) in settings {
            all.add(name.as_ref(), value.into(), language)?;
        }
        let all = (!all.is_empty()).then(|| Arc::new(all));
        Ok(self.with(|options| options.wishes_mut().settings = all))
    }
}

#[flavoured]
impl<C: RoutedConnection> Session<C> {
    /// Checks out a connection that sees what this session wrote, and nothing older than it has seen.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future gives back what was checked out; this holds for every checkout below.
    pub async fn read(&self) -> Result<ReadConn<CaughtUp, C>, Error> {
        self.checkout(self.request_to_read(None))
            .await
            .map(ReadConn::new)
    }

    /// Checks out a connection at the level that this view was given, by [`at_level`](Self::at_level) or by the rule of its
    /// request; as [`read`](Self::read) does if it was given none. For reads whose freshness is the route's matter, and not
    /// theirs: the handle promises nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read_default(&self) -> Result<ReadConn<Replica, C>, Error> {
        self.checkout(self.request_by_default())
            .await
            .map(ReadConn::new)
    }

    /// Checks out a connection of some replica, however far behind (within the router's `max_lag`); of the
    /// primary if there is no replica.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read_eventual(&self) -> Result<ReadConn<Replica, C>, Error> {
        self.checkout(self.request(Level::Eventual, Access::Replica, None))
            .await
            .map(ReadConn::new)
    }

    /// Checks out a connection that sees everything that was acknowledged more than `lag` ago, by anyone: of a
    /// replica that is known to lag no more, else of the primary. What this session wrote within
    /// `lag` it may not see.
    ///
    /// Lag is known as of a node's last answer, so a bound below the router's watch interval (100 ms
    /// by default) is met by the primary only. Where servers have no positions, lag is known only if a function tells it
    /// (`RouterBuilder::lag_with`).
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn read_bounded(&self, lag: Duration) -> Result<ReadConn<Replica, C>, Error> {
        self.checkout(self.request(Level::Bounded(lag), Access::Replica, None))
            .await
            .map(ReadConn::new)
    }

    /// Checks out a connection of the primary, to read from and to lock rows with.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    ///
    /// # Example
    ///
    /// ```no_run
    /// # #[cfg(all(feature = "postgres", feature = "bb8"))] {
    /// use diesel_routing::{pg::Session, prelude::*};
    ///
    /// diesel::table! { accounts { id -> Integer, balance -> BigInt, } }
    ///
    /// // The row stays as it is until the transaction ends: for a decision on it, not for a page.
    /// async fn is_covered(session: &Session, id: i32, price: i64) -> Result<bool, diesel_routing::Error> {
    ///     let mut conn = session.read_primary().await?;
    ///     conn.transaction(async |tx| {
    ///         let balance: i64 =
    ///             accounts::table.find(id).select(accounts::balance).for_share().first(tx).await?;
    ///         Ok(balance >= price)
    ///     })
    ///     .await
    /// }
    /// # }
    /// ```
    pub async fn read_primary(&self) -> Result<ReadConn<Primary, C>, Error> {
        self.checkout(self.request(Level::Strong, Access::Primary, None))
            .await
            .map(ReadConn::new)
    }

    /// Checks out a connection of the primary, to write with; the session remembers what it writes.
    ///
    /// # Errors
    ///
    /// [`Error::Checkout`].
    pub async fn write(&self) -> Result<WriteConn<C>, Error> {
        self.checkout(self.request(Level::Write, Access::Write, None))
            .await
            .map(WriteConn::new)
    }

    /// Returns this session as a short signed text, for a cookie, a header or a job's payload:
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
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn token(&self) -> Result<SignedToken, Error> {
        self.check_keys()?;
        let token = self.export().await;
        Ok(self.sign(&token)?)
    }

    /// Returns its state for another process, as [`token`](Self::token) has it.
    pub(crate) async fn export(&self) -> Token {
        let shared = self.router().shared();
        let as_of = shared.now();
        let until = after(Instant::now(), shared.probe_timeout);
        let (token, is_complete) = self.export_as_of(as_of);
        if is_complete {
            return token;
        }
        let router = self.router();
        router
            .hear_primary_until(until, || self.export_as_of(as_of).1)
            .await;
        loop {
            // Listen before looking: an answer in between counts.
            let answer = shared.signals.answer();
            let (token, is_complete) = self.export_as_of(as_of);
            if is_complete || !io::until(until, answer).await {
                return token;
            }
        }
    }

    /// Upgrades a handle to one that sees what this session wrote and saw: over the same connection if that may
    /// serve it, else over another.
    pub(crate) async fn upgrade(
        &self,
        conn: ReadConn<Replica, C>,
    ) -> Result<ReadConn<CaughtUp, C>, Error> {
        let lease = conn.into_lease();
        let router = self.router();
        let is_ours = lease.is_of(router.shared(), router.database());
        // A connection of another router, be it of another database, says nothing about this session's data, and one that awaits an answer can't
        // be used any more.
        if !is_ours || lease.is_answered().is_err() {
            drop(lease);
            return self.read().await;
        }
        let has_settings = lease.guard.known.applied.are(self.settings());
        if lease.is_primary() && !has_settings {
            drop(lease);
            return self.read().await;
        }
        if lease.is_primary() {
            let reason = lease.reason();
            return Ok(ReadConn::new(lease.upgraded(Access::CaughtUp, reason)));
        }
        let since = self.since();
        let upgraded = self
            .router()
            .upgrade(self.request_to_read(None), lease)
            .await;
        upgraded
            .inspect(|lease| self.count(lease, since))
            .map(ReadConn::new)
    }

    pub(super) async fn checkout(&self, request: Request<'_>) -> Result<Lease<Guard<C>>, Error> {
        let since = self.since();
        let lease = self.router().checkout(request).await;
        lease.inspect(|lease| self.count(lease, since))
    }

    /// Checks out a connection for a call of `function`; once more, if it is `again`.
    pub(crate) async fn checkout_for(
        &self,
        function: &'static Function,
        access: Access,
        again: Option<Again>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let request = self.request(function.level, access, again);
        let mut request = request.of_function(function);
        if function.is_untracked && access == Access::Write {
            request.session = None;
        }
        let lease = self.checkout(request).await;
        lease.map_err(|error| error.of_function(function.path))
    }
}
