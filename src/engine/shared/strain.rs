//! How strained the primary is, and what that means for requests.

use std::time::{Duration, Instant};

use super::Shared;
use crate::consistency::Priority;
use crate::engine::{Live, Request};
use crate::error::Error;
use crate::mutex::lock;
use crate::observe::Event;
use crate::protection::{Change, Strain};
use crate::routing::Decision;

impl Shared {
    /// Looks at the signals of the primary's strain, if it is time to, and has decisions know of a change.
    #[inline]
    pub(crate) fn look_at_strain(&self, now: Instant) {
        if self.breaker.is_due(now) {
            self.look_at_signals(now);
        }
    }

    #[cold]
    fn look_at_signals(&self, now: Instant) {
        let cluster = self.snapshot.load();
        let Some(breaker) = &cluster.live.breaker else {
            return;
        };
        let pending = self.signals.pending(cluster.primary, now);
        let Some(change) = self.breaker.look(breaker, pending, now) else {
            return;
        };
        tell(cluster.name(cluster.primary), change, self.breaker.hold());
        let roster = lock(&self.roster);
        self.publish(&roster);
    }

    /// Returns the strain under these settings.
    pub(super) fn strain_under(&self, live: &Live) -> Strain {
        self.breaker
            .turn(live.breaker.is_some() && live.mode.hears_advice());
        self.breaker.strain()
    }

    /// Returns whether a node is the primary, and it matters how loaded it is.
    pub(crate) fn wants_load(&self, node: usize) -> bool {
        self.breaker.is_on() && self.is_primary(node)
    }

    /// Records the share of the primary's connections that are in use.
    pub(crate) fn record_load(&self, node: usize, share: f64, now: Instant) {
        if self.is_primary(node) {
            self.breaker.connections_in_use(share, now);
        }
    }

    /// Returns whether the primary serves writes and strong reads alone.
    pub(crate) fn is_open(&self) -> bool {
        self.breaker.is_on() && self.snapshot.load().strain == Strain::Open
    }

    /// Returns how long a request waits for a replica at least that the primary is too strained to serve; `None` if it is
    /// not. `lot` is a random number, the same for all of a checkout: a share of them is let in to try the primary.
    #[inline]
    pub(crate) fn strained_wait(
        &self,
        request: &Request<'_>,
        decision: Decision,
        lot: impl FnOnce() -> u64,
    ) -> Option<Duration> {
        if !self.breaker.is_on() {
            return None;
        }
        let cluster = self.snapshot.load();
        let strain = cluster.strain;
        if strain == Strain::Normal {
            return None;
        }
        let required = Self::strength(request, &cluster)?;
        let priority = priority(request, &cluster.live);
        if !strain.sheds(required.level(), priority, decision.reason) {
            return None;
        }
        let is_tried = strain == Strain::Strained && priority != Priority::Low;
        if is_tried && self.breaker.admits(lot()) {
            return None;
        }
        Some(cluster.live.breaker.as_ref()?.wait)
    }

    /// Returns the error of a read that the primary is too strained to serve, and counts it.
    #[cold]
    pub(crate) fn shed(&self, request: &Request<'_>, decision: Decision) -> Error {
        let cluster = self.snapshot.load();
        let class = request.classes(cluster.live.mode).next();
        self.breaker.sheds.count(class);
        Error::Shed {
            node: cluster.name(decision.node).to_owned(),
            strain: cluster.strain.as_str(),
            reason: decision.reason.as_str(),
            class: class.map(Box::from),
            retry_after: self.breaker.hold(),
            function: request.function,
        }
    }
}

/// Returns the highest priority of a request's classes.
#[cold]
fn priority(request: &Request<'_>, live: &Live) -> Priority {
    let classes = request.classes(live.mode);
    let priorities = classes.filter_map(|name| live.class(name));
    priorities
        .map(|class| class.priority)
        .max()
        .unwrap_or_default()
}

/// Tells operators of a change.
fn tell(node: &str, change: Change, hold: Duration) {
    let Change { from, to, cause } = change;
    let (from, to) = (from.as_str(), to.as_str());
    let event = match cause {
        Some((signal, value)) => Event::PrimaryStrained {
            node,
            from,
            to,
            signal: signal.as_str(),
            value,
            hold_seconds: hold.as_secs_f64(),
        },
        None => Event::PrimaryRelieved { node, from, to },
    };
    event.emit();
}
