//! Opens and checks connections, for every pool alike.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::connection::depth;
#[allow(unused_imports, reason = "where no pool is compiled in")]
use super::hooks::SimpleConnection;
use super::hooks::{Connect, SetUp, TellLag, TransactionManager, establish};
use super::statement_guard::StatementGuard;
use super::transact::depth_of;
use super::{RoutedConnection, flavoured, io};
use crate::cluster::{Introduction, Member, Observation, PoolOptions, Said, ServerId};
use crate::connect::{ConnectRequest, conceal, language_of, name_of};
use crate::engine::{Applied, Known, Marks, Pooled, Reset, ResetRule, Usage};
use crate::error::{Error, NotReadOnly, Step};
use crate::observe::Event;
use crate::server::{NodeRole, PoolKind};
use crate::statement::Dialect;

/// The hooks that open and prepare connections.
pub(crate) struct Hooks<C> {
    pub(crate) connect: Connect<C>,
    pub(crate) set_up: Option<SetUp<C>>,
    /// Tells how far nodes lag that nobody watches.
    pub(crate) lag: Option<TellLag>,
    /// Set if `connect` is the user's own: what it sets on a connection is not known.
    pub(crate) connects_elsehow: bool,
    /// The connection of a test, which all pools lend.
    #[cfg(feature = "test-util")]
    pub(crate) test: Option<Arc<crate::testing::Slot<C>>>,
}

impl<C: RoutedConnection> Default for Hooks<C> {
    fn default() -> Self {
        Self {
            connect: establish(),
            set_up: None,
            lag: None,
            connects_elsehow: false,
            #[cfg(feature = "test-util")]
            test: None,
        }
    }
}

impl<C> Clone for Hooks<C> {
    fn clone(&self) -> Self {
        Self {
            connect: Arc::clone(&self.connect),
            set_up: self.set_up.clone(),
            lag: self.lag.clone(),
            connects_elsehow: self.connects_elsehow,
            #[cfg(feature = "test-util")]
            test: self.test.clone(),
        }
    }
}

/// Opens and checks the connections of one pool.
pub(crate) struct Manager<C> {
    pub(crate) node: Arc<Member>,
    /// The database; `None` for the one that its URL was given with.
    pub(crate) database: Option<Arc<str>>,
    /// `None` for a watcher's connections.
    pub(crate) pool: Option<PoolKind>,
    /// The role that its server must have; `None` for any.
    pub(crate) role: Option<NodeRole>,
    pub(crate) read_only: bool,
    /// The rule for when sessions are reset.
    pub(crate) reset: Reset,
    /// Set if its server is asked for positions.
    pub(crate) positions: bool,
    /// Set if its server is asked as an instance of Aurora PostgreSQL.
    pub(crate) aurora: bool,
    /// The time for which a connection counts as standing after its server's last answer.
    pub(crate) alive_for: Duration,
    /// The use of its pool's connections.
    pub(crate) usage: Arc<Usage>,
    pub(crate) hooks: Hooks<C>,
}

#[flavoured]
impl<C: RoutedConnection> Manager<C> {
    /// Opens a connection, learns which server it leads to, and prepares it. In a box: a loan moves it from hand to hand.
    pub(crate) async fn open(&self) -> Result<Box<Pooled<C>>, Error> {
        let since = Instant::now();
        let mut conn = self.connect().await?;
        // It stood when this was taken, and not before: what the server says after this holds for it.
        let opened = Instant::now();
        let known = io::within(
            self.node.connect_timeout,
            self.make_ready(&mut conn, since, opened),
        )
        .await
        .map_err(|elapsed| self.failed(Step::SetUp, since, elapsed))??;
        self.check_member(since)?;
        let abilities = C::abilities(conn.dialect().sql());
        #[cfg(feature = "metrics")]
        self.usage.opened_in(since.elapsed());
        Ok(Box::new(Pooled {
            depth: Some(depth(&mut conn)),
            conn,
            known,
            marks: Marks {
                latency: self.node.latency.clone(),
                member: Some(Arc::clone(&self.node)),
                ..Marks::default()
            },
            number: Known::next_number(),
            seen: Mutex::default(),
            lent: opened,
            usage: Arc::clone(&self.usage),
            reset: ResetRule {
                when: self.reset,
                can_reset: abilities.resets && !self.hooks.connects_elsehow,
            },
            member: Arc::clone(&self.node),
            database: self.database.clone(),
            #[cfg(feature = "test-util")]
            inside: None,
        }))
    }

    /// Opens a connection, and runs the hook on it.
    pub(crate) async fn connect(&self) -> Result<C, Error> {
        let (since, limit) = (Instant::now(), self.node.connect_timeout);
        self.check_member(since)?;
        let database = self.database.as_deref();
        let url = self.node.url_to(database, self.pool)?;
        let request = ConnectRequest {
            node: &self.node.name,
            url: &url,
            database,
            pool: self.pool,
        };
        let mut conn = io::within(limit, (self.hooks.connect)(request))
            .await
            .map_err(|elapsed| self.failed(Step::Connect, since, elapsed))?
            .map_err(|error| self.failed(Step::Connect, since, conceal(request.url, error)))?;
        self.check_language(&conn, since)?;
        if let Some(hook) = &self.hooks.set_up {
            io::within(limit, hook(&mut conn, request))
                .await
                .map_err(|elapsed| self.failed(Step::SetUp, since, elapsed))?
                .map_err(|error| self.failed(Step::SetUp, since, error))?;
        }
        Ok(conn)
    }

    /// Returns whether a connection has the server's end `backend`, which is another open connection's.
    pub(crate) async fn shares(&self, conn: &mut C, backend: u64) -> Result<bool, Error> {
        let since = Instant::now();
        io::within(self.node.connect_timeout, conn.shares(backend))
            .await
            .map_err(|elapsed| self.failed(Step::SetUp, since, elapsed))?
            .map_err(|error| self.failed(Step::SetUp, since, error))
    }

    async fn make_ready(
        &self,
        conn: &mut C,
        since: Instant,
        opened: Instant,
    ) -> Result<Known, Error> {
        let failed = |error| self.failed(Step::SetUp, since, error);
        let sent = Instant::now();
        let introduced = if self.aurora {
            conn.introduce_aurora(self.read_only).await
        } else {
            conn.introduce(self.positions, self.read_only).await
        };
        let Introduction {
            mut facts,
            mut observation,
        } = introduced.map_err(failed)?;
        if self.node.is_logical {
            facts.is_subscriber = true;
            facts.role = Some(NodeRole::ReplaysWrites);
            observation = match self.positions {
                true => conn.observe(&facts).await.map_err(failed)?,
                false => None,
            };
        }
        let role = match &observation {
            Some(observation) => Some(observation.role),
            None => facts.role,
        };
        if let (Some(expected), Some(found)) = (self.role, role)
            && found != expected
        {
            let node = self.node.name.clone();
            return Err(Error::WrongRole {
                node,
                expected,
                found,
            });
        }
        Ok(Known {
            server: ServerId::of(&facts),
            facts,
            role,
            said: observation.map(|observation| Said { observation, sent }),
            opened,
            expires: self
                .pool
                .and_then(|pool| self.node.options(pool).expiry(opened)),
            alive: sent,
            read_only: self.read_only,
            reads_causally: false,
            applied: Applied::default(),
            is_spent: false,
        })
    }

    /// Returns the number of idle connections that its pool keeps open. Of databases there are many, so those that are asked for
    /// by their names keep none.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn min_idle(&self, options: &PoolOptions, size: u32) -> u32 {
        match self.database {
            Some(_) => 0,
            None => options.min_idle.unwrap_or(0).min(size),
        }
    }

    /// Checks that a pooled connection may be handed out again: if it was idle for long, asks its server.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) async fn recycle(&self, conn: &mut Pooled<C>) -> Result<(), Error> {
        // One look at the clock: it is a good part of what a loan costs.
        let since = Instant::now();
        conn.lent = since;
        self.check_member(since)?;
        if conn.known.has_expired(since) {
            let why = "it has lived for as long as its pool's `max_lifetime` lets it";
            return Err(self.failed(Step::Recycle, since, why));
        }
        if conn.is_outdated() {
            let why = "its prepared statements may be of an earlier schema";
            return Err(self.failed(Step::Recycle, since, why));
        }
        if conn.needs_reset() && depth(&mut conn.conn) == 0 {
            io::boxed(self.reset(conn, since)).await?;
        }
        if conn.marks.was_vouched_for.is_set() && self.read_only {
            let sql = conn.conn.dialect().read_only();
            // For every kind of connection: one whose check is abandoned may be cut off.
            let guard = StatementGuard::marking(&conn.marks);
            let set = io::boxed(guard.during(conn.conn.batch_execute(sql))).await;
            set.map_err(|error| self.failed(Step::SetUp, since, error))?;
            conn.marks.was_vouched_for.clear();
        }
        let idle = since.saturating_duration_since(conn.known.alive);
        if !conn.marks.has_failed.is_set() && idle < self.alive_for {
            return Ok(());
        }
        match io::boxed(ask(conn, self.positions)).await {
            Ok(Some(said)) => conn.known.said(said, since),
            Ok(None) => {}
            Err(error) => return Err(self.failed(Step::Ask, since, error)),
        }
        conn.known.alive = since;
        conn.marks.has_failed.clear();
        Ok(())
    }

    /// Resets the session of a pooled connection, and makes it ready as it was when it was opened. All marks stay until that is done: one
    /// that is cut short is not lent.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    async fn reset(&self, conn: &mut Pooled<C>, since: Instant) -> Result<(), Error> {
        if !conn.can_reset() {
            let why = "its last user has changed its session in a way that no reset undoes";
            return Err(self.failed(Step::Recycle, since, why));
        }
        let limit = self.node.connect_timeout;
        // The hook runs before it is made read-only, as when it was opened.
        let read_only = self.read_only && self.hooks.set_up.is_none();
        let guard = StatementGuard::marking(&conn.marks);
        io::within(limit, guard.during(conn.conn.reset(read_only)))
            .await
            .map_err(|elapsed| self.failed(Step::SetUp, since, elapsed))?
            .map_err(|error| self.failed(Step::SetUp, since, error))?;
        if let Some(hook) = &self.hooks.set_up {
            let database = self.database.as_deref();
            let url = self.node.url_to(database, self.pool)?;
            let request = ConnectRequest {
                node: &self.node.name,
                url: &url,
                database,
                pool: self.pool,
            };
            let guard = StatementGuard::marking(&conn.marks);
            io::within(limit, guard.during(hook(&mut conn.conn, request)))
                .await
                .map_err(|elapsed| self.failed(Step::SetUp, since, elapsed))?
                .map_err(|error| self.failed(Step::SetUp, since, error))?;
            conn.marks.was_vouched_for.set();
            conn.depth = Some(depth_of(conn));
        } else {
            conn.marks.was_vouched_for.clear();
        }
        conn.was_reset(since);
        Ok(())
    }

    /// Runs the hook that prepares connections once more, on one that was reset under a test.
    #[cfg(feature = "test-util")]
    pub(super) async fn set_up_again(&self, conn: &mut Pooled<C>) -> diesel::QueryResult<()> {
        let Some(hook) = &self.hooks.set_up else {
            return Ok(());
        };
        let request = ConnectRequest {
            node: &self.node.name,
            url: self.node.url_of(self.pool),
            database: None,
            pool: self.pool,
        };
        hook(&mut conn.conn, request).await
    }

    /// Records that a connection is returned, and returns whether it must be closed: it has an open transaction, or an answer is
    /// outstanding.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn is_broken(conn: &mut Pooled<C>) -> bool {
        let now = Instant::now();
        conn.returns(now);
        Self::must_close_at(conn, now)
    }

    /// Returns whether a connection must be closed: it has an open transaction, an answer is outstanding, what it has prepared is of
    /// an earlier schema, or it has lived for long.
    #[allow(dead_code, reason = "where no pool is compiled in")]
    pub(crate) fn must_close(conn: &mut Pooled<C>) -> bool {
        Self::must_close_at(conn, Instant::now())
    }

    #[allow(dead_code, reason = "where no pool is compiled in")]
    fn must_close_at(conn: &mut Pooled<C>, now: Instant) -> bool {
        conn.known.is_spent
            || conn.marks.is_spoilt.is_set()
            || conn.is_outdated()
            || conn.member.has_left()
            || conn.known.has_expired(now)
            || conn.marks.awaits_answer.is_set()
            || conn.needs_reset() && !conn.can_reset() && depth(&mut conn.conn) == 0
            || C::TransactionManager::is_broken_transaction_manager(&mut conn.conn)
    }

    /// Returns an error once the node was removed: none of its connections is opened or lent any more.
    fn check_member(&self, since: Instant) -> Result<(), Error> {
        if !self.node.has_left() {
            return Ok(());
        }
        Err(Error::removed(&self.node.name, since))
    }

    /// Checks that a connection speaks as its node's URL says: a hook may have opened another variant of an enum.
    fn check_language(&self, conn: &C, since: Instant) -> Result<(), Error> {
        let Some(expected) = language_of(&self.node.url, C::Backend::LANGUAGES) else {
            return Ok(());
        };
        let found = conn.dialect().sql();
        if found == expected {
            return Ok(());
        }
        let (found, expected) = (name_of(found), name_of(expected));
        let why = format!(
            "it was opened as a connection to {found}, and the node's URL leads to {expected}"
        );
        Err(self.failed(Step::Connect, since, why))
    }

    fn failed(
        &self,
        step: Step,
        since: Instant,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::checkout(self.node.name.clone(), step, since, source)
    }
}

/// Asks the server of a pooled connection for its role and position; where it has none, for its role, which is recorded. Fails with
/// [`NotReadOnly`] if the connection was made read-only, and is not any more.
#[flavoured]
pub(super) async fn ask<C: RoutedConnection>(
    pooled: &mut Pooled<C>,
    positions: bool,
) -> Result<Option<Observation>, Box<dyn std::error::Error + Send + Sync>> {
    let Pooled {
        conn, known, marks, ..
    } = pooled;
    // For every kind of connection: one whose check is abandoned may be cut off.
    let guard = StatementGuard::marking(marks);
    let (said, read_only) = if positions {
        let said = guard.during(conn.observe(&known.facts)).await?;
        let read_only = said.as_ref().and_then(|said| said.session_is_read_only);
        (said, read_only)
    } else {
        let (role, read_only) = guard.during(conn.role_and_mode()).await?;
        known.role = role;
        (None, read_only)
    };
    check_read_only(pooled, read_only)?;
    Ok(said)
}

/// Fails if a connection was made read-only, and is not any more, as its server says.
pub(super) fn check_read_only<C>(
    pooled: &Pooled<C>,
    read_only: Option<bool>,
) -> Result<(), NotReadOnly> {
    if !pooled.known.read_only || read_only != Some(false) {
        return Ok(());
    }
    let member = &pooled.member;
    if let Some(count) = member.not_read_only().count(Instant::now()) {
        let node = &member.name;
        Event::NotReadOnly { node, count }.emit();
    }
    Err(NotReadOnly(()))
}

impl<C> fmt::Debug for Manager<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}
