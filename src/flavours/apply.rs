//! Applies configurations to a running router.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::builder::{await_arrivals, check_kind, conditions, start_watcher};
use super::{RoutedConnection, Router, flavoured, io};
use crate::cluster::after;
use crate::config::{Changes, Update};
use crate::engine::{Arrivals, Change, Inside};
#[cfg(doc)]
use crate::error::ConfigError;
use crate::error::{Error, error_chain};

/// The time after which one who waits looks again, though nobody has left: chosen, for nobody needs it.
const LONG: Duration = Duration::from_secs(1);

#[flavoured]
impl<C: RoutedConnection> Router<C> {
    /// Changes the router's configuration while it runs, to what it would be if it had been built with this one in place of its own,
    /// and returns what changed.
    ///
    /// Everything is checked first, and nothing is changed if anything is wrong; nodes that are new or have another URL or
    /// secret are met, as with [`Nodes::add`](crate::Nodes) and `replace`. Then all of it holds at once: a decision is made under the
    /// old configuration or the new one, never a mixture. Pools whose settings did not change keep their connections, and so does
    /// a node whose weight, zone, tags or role changes. Connections of pools and nodes that are gone are closed as they come
    /// back; nobody waits for that.
    ///
    /// Sessions, tokens and handles live on. What code has set after [`RouterBuilder::config`](crate::RouterBuilder::config)
    /// counts more than a configuration, here as there ([`KeyChange::is_overridden`](crate::config::KeyChange)); what code
    /// has changed at run time stays, unless the configuration's own value of it changes. Nodes that the configuration before
    /// did not have, as those that are discovered, stay.
    ///
    /// One configuration is applied at a time: another call waits for its turn. The last change, or why one was refused, stands in
    /// [`Status::configuration`](crate::Status::configuration).
    ///
    /// # Errors
    ///
    /// [`Error::Config`]: [`ConfigError::Key`] names a key that is wrong, [`ConfigError::NeedsRestart`] the keys that a running
    /// router cannot change; others are those of [`build`](crate::RouterBuilder::build). [`Error::Checkout`] if a node that
    /// has another URL or secret does not answer: a secret that is wrong takes the place of none.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future before it is done changes nothing: nodes that were being met are taken out again.
    pub async fn apply<'a>(&self, update: impl Into<Update<'a>>) -> Result<Changes, Error> {
        let update = update.into();
        let outcome = self.update(&update).await;
        if let Err(error) = &outcome {
            let problem = error_chain(error);
            self.shared()
                .configuration_refused(update.by.as_deref(), &problem);
        }
        outcome
    }

    async fn update(&self, update: &Update<'_>) -> Result<Changes, Error> {
        let _inside = self.enter().await;
        let transition = self.transition(update)?;
        let shared = self.shared();
        if transition.is_empty() {
            return Ok(Changes::none(shared.configuration_stands()));
        }
        let (since, nodes) = (Instant::now(), self.nodes());
        let mut joined = Vec::with_capacity(transition.comings.len());
        let arrivals = Arc::new(Arrivals::new(transition.comings.len()));
        for (index, (node, change)) in transition.comings.iter().enumerate() {
            check_kind::<C>(node, shared)?;
            // Dropping it takes the node out again.
            let joining = nodes.join_as(node.clone(), *change)?;
            let (recipe, member) = (&joining.recipe, &joining.member);
            start_watcher(self, recipe, (joining.slot, member), (&arrivals, index));
            joined.push(joining);
        }
        let conditions = conditions::<C>(self.settings(), shared, since);
        await_arrivals(&arrivals, conditions).await;
        for (joining, arrival) in joined.iter().zip(arrivals.take()) {
            let must_answer = conditions.requires_all || joining.change == Change::Replace;
            let place = (joining.slot, &*joining.member);
            let ends = |name: &str| transition.ends(name);
            shared.weigh_newcomer(place, arrival, conditions, must_answer, ends)?;
        }
        let (changes, left) = self.commit(transition, joined)?;
        for left in left {
            // Closes those that are idle.
            left.open();
        }
        Ok(changes)
    }

    /// Waits for its turn to change the configuration.
    async fn enter(&self) -> Inside {
        loop {
            match self.turnstile().enter() {
                Ok(inside) => return inside,
                Err(free) => {
                    io::until(after(Instant::now(), LONG), free).await;
                }
            }
        }
    }
}
