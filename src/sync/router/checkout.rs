//! Carries checkouts out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_listener::Listener;

use crate::engine::checkout::{Checkout, Next, Outcome};
use crate::engine::{Lease, Request};
use crate::error::{Error, Step};
use crate::position::Position;
use crate::server::PoolKind;
use crate::sync::RoutedConnection;
use crate::sync::Router;
use crate::sync::pool::Guard;

impl<C: RoutedConnection> Router<C> {
    /// Checks out a connection for what is asked for; if a node fails to give one, another may.
    pub(crate) fn checkout(&self, request: Request<'_>) -> Result<Lease<Guard<C>>, Error> {
        self.carry_out(Checkout::new(self.shared(), request, C::WAITS))
    }

    /// Checks out the connection of `lease`, if it may serve what is asked for; else another.
    pub(crate) fn upgrade(
        &self,
        request: Request<'_>,
        lease: Lease<Guard<C>>,
    ) -> Result<Lease<Guard<C>>, Error> {
        let (node, guard) = (lease.node(), lease.into_guard());
        let now = Instant::now();
        let checkout = Checkout::upgrading(self.shared(), request, C::WAITS, node, guard, now);
        self.carry_out(checkout)
    }

    fn carry_out(&self, mut checkout: Checkout<'_, Guard<C>>) -> Result<Lease<Guard<C>>, Error> {
        let mut outcome = Outcome::Started;
        loop {
            outcome = match checkout.next(outcome, Instant::now()) {
                Next::Take { node, pool, until } => self.take(node, pool, until),
                Next::Wait { answer, until } => match answer.wait_deadline(until) {
                    Some(()) => Outcome::Answered,
                    None => Outcome::TimedOut,
                },
                Next::AwaitReplay {
                    guard,
                    required,
                    limit,
                    // A blocking driver has its own time limits.
                    give_up: _,
                } => await_replay(guard, &required, limit),
                Next::SetCausalReads { node, guard, on } => self.set_causal_reads(node, guard, on),
                Next::Lend(guard, grant) => {
                    let session = checkout.session().map(Arc::clone);
                    return Ok(Lease::new(guard, Arc::clone(self.shared()), session, grant));
                }
                Next::Fail(error) => return Err(error),
            };
        }
    }

    fn take(&self, node: usize, pool: PoolKind, until: Option<Instant>) -> Outcome<Guard<C>> {
        let pools = self.pools();
        let Some(pools) = pools.as_deref().and_then(|pools| pools.get(node)) else {
            return Outcome::Failed(self.closed(node));
        };
        let limit = until.map(|until| until.saturating_duration_since(Instant::now()));
        let taken = pools.of(pool).get(limit);
        taken.map_or_else(Outcome::Failed, Outcome::Taken)
    }

    fn set_causal_reads(&self, node: usize, mut guard: Guard<C>, on: bool) -> Outcome<Guard<C>> {
        let since = Instant::now();
        match guard.conn.set_causal_reads(on) {
            Ok(()) => {
                guard.reads_causally = on;
                Outcome::Set(guard)
            }
            Err(error) => {
                let node = self.shared().name(node).to_owned();
                Outcome::Failed(Error::checkout(node, Step::SetUp, since, error))
            }
        }
    }
}

fn await_replay<C: RoutedConnection>(
    mut guard: Guard<C>,
    required: &Position,
    limit: Duration,
) -> Outcome<Guard<C>> {
    match guard.conn.wait_for(required, limit) {
        Ok(true) => Outcome::Replayed(guard),
        Ok(false) => Outcome::NotReplayed,
        Err(error) => {
            tracing::debug!(%error, "a replica could not be waited for");
            Outcome::NotReplayed
        }
    }
}
