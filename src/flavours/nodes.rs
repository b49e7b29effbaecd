//! Nodes that come and go while a router runs.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::builder::{await_arrivals, check_kind, conditions, start_watcher};
use super::pool::Pools;
use super::{Nodes, RoutedConnection, flavoured, io};
use crate::cluster::{Node, after};
use crate::engine::{Arrivals, Change, Leaving};
#[cfg(doc)]
use crate::error::ConfigError;
use crate::error::Error;

/// The time between two looks at connections that are out. Chosen.
const LOOK_AFTER: Duration = Duration::from_millis(10);

#[flavoured]
impl<C: RoutedConnection> Nodes<C> {
    /// Adds a node. Its role is found out, as with [`RouterBuilder::node`](crate::RouterBuilder::node); where roles are not
    /// asked for, it is a replica.
    ///
    /// Returns once the node was met, as [`build`](crate::RouterBuilder::build) does: a node that does not answer within
    /// [`build_timeout`](crate::RouterBuilder::build_timeout) is added all the same, stands in
    /// [`Router::status`](crate::Router::status), and serves as soon as it can. With
    /// [`require_all`](crate::RouterBuilder::require_all), and on SQLite, that is an error, and it is not added.
    ///
    /// # Errors
    ///
    /// Those of `build` for a node that can never work, and then it is not added: [`Error::Config`], among others
    /// [`ConfigError::DuplicateName`] and [`ConfigError::OtherCluster`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future takes the node out again.
    pub async fn add(&self, node: Node) -> Result<(), Error> {
        self.take_in(node, Change::Add).await.map(drop)
    }

    /// Removes the node called `name`: nothing is lent of it from now on, its idle connections are closed, and those of
    /// handles that are out when they come back. Then waits for these, for
    /// [`drain_timeout`](crate::RouterBuilder::drain_timeout) at most, and returns how many are still open.
    ///
    /// If it was the primary, writes fail with [`Error::NoPrimary`] until another node takes writes. If it was the only
    /// replica, reads go to the primary, within its
    /// [budget for these](crate::Node::fallback_pool_size).
    ///
    /// # Errors
    ///
    /// [`ConfigError::UnknownNode`]; [`ConfigError::LastNode`] for the only one; where roles are not asked for,
    /// [`ConfigError::NoPrimary`] for the primary, which [`replace`](Self::replace) can move.
    ///
    /// # Cancel safety
    ///
    /// The node is removed before anything is waited for: dropping the future ends the wait alone.
    pub async fn remove(&self, name: &str) -> Result<u32, Error> {
        let left = self.leave(name)?;
        Ok(self.drain(&left).await)
    }

    /// Replaces the node that has the name of `node`: a new URL, a new secret, other pools. Its role is configured as the old
    /// one's was.
    ///
    /// The new one is met first, while the old one serves. Then the old one goes as in [`remove`](Self::remove), and it is
    /// returned how many of its connections are still open.
    ///
    /// # Errors
    ///
    /// [`ConfigError::UnknownNode`], those of [`add`](Self::add), and [`Error::Checkout`] if the new one does not answer: a
    /// secret that is wrong, an address where nobody is yet. Then the old one stays.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before the new one was met leaves the old one in place; later, it ends the wait alone.
    pub async fn replace(&self, node: Node) -> Result<u32, Error> {
        match self.take_in(node, Change::Replace).await? {
            Some(left) => Ok(self.drain(&left).await),
            None => Ok(0),
        }
    }

    /// Replaces a node, as [`replace`](Self::replace) does, and does not wait for the connections of the old one.
    pub(super) async fn put_in_place(&self, node: Node) -> Result<(), Error> {
        let left = self.take_in(node, Change::Replace).await?;
        // Closes those that are idle.
        let _ = left.map(|left| left.open());
        Ok(())
    }

    /// Removes a node, as [`remove`](Self::remove) does, and does not wait for its connections.
    pub(super) fn let_go(&self, name: &str) -> Result<(), Error> {
        self.leave(name)?.open();
        Ok(())
    }

    /// Takes a node in, and returns the pools of the one whose place it takes.
    async fn take_in(
        &self,
        node: Node,
        change: Change,
    ) -> Result<Option<Leaving<Pools<C>>>, Error> {
        let since = Instant::now();
        let shared = self.router.shared();
        check_kind::<C>(&node, shared)?;
        // Dropping it takes the node out again.
        let joining = self.join(node, change)?;
        let (recipe, member) = (&joining.recipe, &joining.member);
        let arrivals = Arc::new(Arrivals::new(1));
        start_watcher(&self.router, recipe, (joining.slot, member), (&arrivals, 0));
        let conditions = conditions::<C>(&recipe.settings, shared, since);
        await_arrivals(&arrivals, conditions).await;
        let arrival = arrivals.take().pop().flatten();
        // A secret that does not work takes the place of none.
        let must_answer = conditions.requires_all || change == Change::Replace;
        let place = (joining.slot, &**member);
        shared.weigh_newcomer(place, arrival, conditions, must_answer, |_| false)?;
        let (slot, member) = (joining.slot, Arc::clone(member));
        let left = joining.keep()?;
        shared.announce(slot, &member.name);
        Ok(left)
    }

    /// Waits until all connections of a node that has left are closed, or the time for that is over; returns how many are
    /// open then.
    async fn drain(&self, left: &Leaving<Pools<C>>) -> u32 {
        let limit = left.limit();
        let deadline = after(Instant::now(), limit);
        loop {
            let open = left.open();
            let now = Instant::now();
            if open == 0 || now >= deadline {
                return open;
            }
            let look = after(now, LOOK_AFTER).min(deadline);
            io::until(look, self.router.shared().signals.answer()).await;
        }
    }
}
