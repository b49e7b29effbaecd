//! Carries checkouts out.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::manager::ask;
use super::pool::Guard;
use super::statement_guard::StatementGuard;
use super::transact::depth_of;
use super::{RoutedConnection, Router, flavoured, io};
use crate::connect::{SessionSettings, SettingChanges};
use crate::engine::checkout::{Checkout, Next, Outcome};
use crate::engine::{Asker, Grant, Lease, Pooled, Request, Seat};
use crate::error::{Error, SILENT, Step, may_retry_read};
use crate::position::Position;
use crate::routing::Level;
use crate::server::PoolKind;

#[flavoured]
impl<C: RoutedConnection> Router<C> {
    /// Checks out a connection for what is asked for; if a node fails to give one, another may.
    pub(crate) async fn checkout(&self, request: Request<'_>) -> Result<Lease<Guard<C>>, Error> {
        let shared = self.shared();
        let mut checkout = Checkout::new(shared, request, shared.servers_wait());
        self.carry_out(&mut checkout).await
    }

    /// Checks out the connection of `lease`, if it may serve what is asked for; else another.
    pub(crate) async fn upgrade(
        &self,
        request: Request<'_>,
        lease: Lease<Guard<C>>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let (node, guard) = (lease.node(), lease.into_guard());
        let servers_wait = self.shared().servers_wait();
        let mut checkout = Checkout::upgrading(self.shared(), request, servers_wait, node, guard);
        self.carry_out(&mut checkout).await
    }

    /// Carries a checkout out: to its end, or to a connection on [probation](Checkout::probes_until).
    pub(super) async fn carry_out(
        &self,
        checkout: &mut Checkout<'_, Guard<C>>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let mut outcome = Outcome::Started;
        loop {
            let now = Instant::now();
            let _inside = io::inside(checkout.span());
            outcome = match checkout.step(outcome, now) {
                Next::Take {
                    node,
                    serial,
                    pool,
                    until,
                    deadline,
                    while_up,
                } => {
                    let node = (node, serial);
                    self.take(node, pool, until, deadline, while_up, now).await
                }
                Next::Wait { answer, until } => {
                    if io::until(until, answer).await {
                        Outcome::Answered
                    } else {
                        Outcome::TimedOut
                    }
                }
                Next::Ask { node, guard, until } => {
                    io::boxed_in(checkout.span(), self.ask(node, guard, until)).await
                }
                Next::AwaitReplay {
                    guard,
                    required,
                    limit,
                    give_up,
                } => {
                    let replay = await_replay(guard, &required, limit, give_up);
                    io::boxed_in(checkout.span(), replay).await
                }
                Next::SetCausalReads { node, guard, on } => {
                    io::boxed_in(checkout.span(), self.set_causal_reads(node, guard, on)).await
                }
                Next::ChangeSettings {
                    node,
                    guard,
                    settings,
                    until,
                } => {
                    let change = self.change_settings(node, guard, settings, until);
                    io::boxed_in(checkout.span(), change).await
                }
                Next::Probe(guard, grant) => {
                    return Ok(self.on_probation(guard, grant, checkout.level()));
                }
                Next::Lend(mut guard, grant) => {
                    guard.marks.lend(grant.reason, grant.function);
                    if self.shared().observes() || guard.marks.logging.is_some() {
                        self.observe(&mut guard, checkout.level());
                    }
                    checkout.lent(&guard, &grant, now);
                    let session = checkout.session().map(Arc::clone);
                    return Ok(Lease::new(guard, Arc::clone(self.shared()), session, grant));
                }
                Next::Fail(error) => {
                    self.shared().counts.failed(&error);
                    checkout.refused(&error);
                    return Err(error.of_database(self.database()));
                }
            };
        }
    }

    /// Lends a connection on probation.
    #[cold]
    #[inline(never)]
    fn on_probation(&self, mut guard: Guard<C>, grant: Grant, level: Level) -> Lease<Guard<C>> {
        guard.marks.lend(grant.reason, grant.function);
        if self.shared().observes() || guard.marks.logging.is_some() {
            self.observe(&mut guard, level);
        }
        Lease::on_probation(guard, Arc::clone(self.shared()), grant)
    }

    /// Takes a connection from a pool; if another node may serve as well, gives up once this one is known to be down. `since` is
    /// now: a look at the clock is a good part of what a loan costs.
    pub(super) async fn take(
        &self,
        (node, serial): (usize, u32),
        pool: PoolKind,
        until: Instant,
        deadline: Instant,
        while_up: bool,
        since: Instant,
    ) -> Outcome<Guard<C>> {
        let seat = match self.seat(node, serial) {
            Ok(seat) => seat,
            Err(error) => return Outcome::Failed(error),
        };
        let Seat { member, pools } = &*seat;
        let shared = self.shared();
        let mut now = since;
        let mut limit = until.min(deadline).saturating_duration_since(since);
        loop {
            let taken = io::unless(
                pools.get(pool, limit, &member.name, now),
                || shared.signals.answer(),
                || member.has_left() || while_up && shared.is_lost(node),
            )
            .await;
            return match taken {
                Some(Ok(guard)) => Outcome::Taken(guard),
                // It is not full: it opens a connection, which takes its time.
                Some(Err(error))
                    if error.is_wait()
                        && pools.has_room(pool)
                        && !member.has_left()
                        && !(while_up && shared.is_lost(node))
                        && Instant::now() < deadline =>
                {
                    now = Instant::now();
                    limit = limit.min(deadline.saturating_duration_since(now));
                    continue;
                }
                Some(Err(error)) => {
                    if error.is_wait() {
                        pools.usage(pool).timed_out();
                        shared.counts.timed_out(node, pool);
                    }
                    Outcome::Failed(error)
                }
                None if member.has_left() => Outcome::Failed(Error::removed(&member.name, since)),
                None => {
                    let node = member.name.clone();
                    Outcome::Failed(Error::checkout(node, Step::Ask, since, SILENT))
                }
            };
        }
    }

    /// Asks the primary for its position over a connection of its pool, if it gives one: a sample for all sessions.
    pub(crate) async fn hear_primary(&self, until: Instant) {
        let node = self.shared().primary();
        let now = Instant::now();
        let taken = self
            .take(node, PoolKind::Read, until, until, false, now)
            .await;
        let Outcome::Taken(guard) = taken else { return };
        let (asked, sent) = (self.shared().now(), Instant::now());
        if let Outcome::Said(mut guard, Some(said)) = self.ask(node.0, guard, until).await {
            self.shared().hear(guard.known.server, asked, &said);
            guard.known.said(said, sent);
        }
    }

    /// Asks a connection's server for its role and position.
    pub(super) async fn ask(
        &self,
        node: usize,
        mut guard: Guard<C>,
        until: Instant,
    ) -> Outcome<Guard<C>> {
        let since = Instant::now();
        let limit = until.saturating_duration_since(since);
        self.shared().counts.asked(node, Asker::Caller);
        let said = ask(&mut *guard, self.shared().is_watched());
        let failed = |error| {
            let node = self.shared().name(node);
            Outcome::Failed(Error::checkout(node, Step::Ask, since, error))
        };
        match io::within(limit, said).await {
            Ok(Ok(said)) => Outcome::Said(guard, said),
            Ok(Err(error)) => {
                guard.known.is_spent = true;
                failed(error)
            }
            Err(elapsed) => failed(elapsed.into()),
        }
    }

    async fn set_causal_reads(
        &self,
        node: usize,
        mut guard: Guard<C>,
        on: bool,
    ) -> Outcome<Guard<C>> {
        let since = Instant::now();
        let (conn, statement) = guard.parts();
        match statement.during(conn.set_causal_reads(on)).await {
            Ok(()) => {
                guard.known.reads_causally = on;
                Outcome::Set(guard)
            }
            Err(error) => {
                let node = self.shared().name(node);
                Outcome::Failed(Error::checkout(node, Step::SetUp, since, error))
            }
        }
    }

    /// Gives a connection's session these settings, and takes from it those that it has from the router.
    async fn change_settings(
        &self,
        node: usize,
        mut guard: Guard<C>,
        settings: Option<Arc<SessionSettings>>,
        until: Instant,
    ) -> Outcome<Guard<C>> {
        let since = Instant::now();
        let limit = until.saturating_duration_since(since);
        let in_transaction = depth_of(&mut guard) > 0;
        // Before it is sent: whatever comes of it, nobody gets this connection as it is.
        let before = guard.known.applied.begin_change();
        let changes = SettingChanges::new(before.as_deref(), settings.as_deref());
        let (conn, statement) = guard.parts();
        let changed = io::within(limit, statement.during(conn.change_settings(&changes))).await;
        let (step, error): (_, Box<dyn std::error::Error + Send + Sync>) = match changed {
            Ok(Ok(())) => {
                let applied = &mut guard.known.applied;
                applied.finish_change(settings, in_transaction);
                return Outcome::Set(guard);
            }
            // Any other connection may have ended as well, and no other would take a setting that is refused.
            Ok(Err(error)) if may_retry_read(&error) => (Step::SetUp, error.into()),
            Ok(Err(error)) => (Step::Settings, error.into()),
            Err(elapsed) => (Step::SetUp, elapsed.into()),
        };
        let node = self.shared().name(node);
        Outcome::Failed(Error::checkout(node, step, since, error))
    }
}

#[flavoured]
async fn await_replay<C: RoutedConnection>(
    mut guard: Guard<C>,
    required: &Position,
    limit: Duration,
    give_up: Duration,
) -> Outcome<Guard<C>> {
    let Pooled {
        conn, known, marks, ..
    } = &mut *guard;
    // It takes as long as it has to wait: that says nothing of how soon the server answers.
    let statement = StatementGuard::marking(marks).untimed();
    let wait = statement.during(conn.wait_for(required, limit, &known.facts));
    match io::within(give_up, wait).await {
        Ok(Ok(true)) => Outcome::Replayed(guard),
        Ok(Ok(false)) => Outcome::NotReplayed,
        failed => {
            tracing::debug!(?failed, "a replica could not be waited for");
            Outcome::NotReplayed
        }
    }
}
