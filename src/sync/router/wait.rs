//! What a caller waits for before it gets a connection: a fresher replica, or news.

use std::time::Instant;

use event_listener::Listener;

use super::{ROLE_CHANGE, Router};
use crate::cluster::after;
use crate::engine::Request;
use crate::position::Position;
use crate::routing::{Decision, Reason};
use crate::sync::RoutedConnection;
use crate::sync::pool::Guard;

/// What came of waiting for a fresher replica.
pub(super) enum Waited<C: RoutedConnection> {
    /// The decision, as far as is known.
    Decided(Decision),
    /// On this connection, the replica itself has said that it has all that is needed.
    Proved(Decision, Guard<C>),
}

impl<C: RoutedConnection> Router<C> {
    /// Decides, and if a fresher replica would do, waits for one as long as the caller allows.
    pub(super) fn wait(&self, request: &Request<'_>) -> Waited<C> {
        let shared = &self.inner.shared;
        let mut decision = shared.decide(request);
        if shared.is_outrun(request, decision) {
            decision = self.hear_all(request);
        }
        if request.wait.is_zero() || !decision.wants_fresher() {
            return Waited::Decided(decision);
        }
        let until = after(Instant::now(), request.wait);
        loop {
            // Listen before looking: an answer in between counts.
            let answer = shared.signals.answer();
            let decision = shared.look(request);
            if !decision.wants_fresher() {
                return Waited::Decided(decision);
            }
            if C::WAITS
                && let Some((node, required)) = shared.nearly_there(request)
            {
                let there = Decision {
                    node,
                    reason: Reason::Covered,
                    rests_on: None,
                };
                return match self.wait_on(there, &required, until) {
                    Some(guard) => Waited::Proved(there, guard),
                    None => Waited::Decided(decision),
                };
            }
            if answer.wait_deadline(until).is_none() {
                return Waited::Decided(decision);
            }
        }
    }

    /// Decides once all nodes have been asked who they are.
    fn hear_all(&self, request: &Request<'_>) -> Decision {
        let shared = &self.inner.shared;
        let until = after(Instant::now(), ROLE_CHANGE);
        shared.signals.ask_all();
        loop {
            // Listen before looking: an answer in between counts.
            let answer = shared.signals.answer();
            let decision = shared.decide(request);
            if !shared.is_outrun(request, decision) || answer.wait_deadline(until).is_none() {
                return decision;
            }
        }
    }

    /// A connection of a replica that has replayed `required`: its server is asked to wait for that.
    fn wait_on(&self, decision: Decision, required: &Position, until: Instant) -> Option<Guard<C>> {
        let mut guard = self.get(decision).ok()?;
        let left = until.saturating_duration_since(Instant::now());
        match guard.wait_for(required, left) {
            Ok(has_it) => has_it.then_some(guard),
            Err(error) => {
                tracing::debug!(%error, "a replica could not be waited for");
                None
            }
        }
    }

    /// Why a connection of `node` may serve what is asked for, if it may. What the node said of itself
    /// holds only if it was said since the connection was opened: before that, the server may have
    /// restarted and gone back. So it is asked again.
    pub(in crate::sync) fn confirm(
        &self,
        request: &Request<'_>,
        node: usize,
        opened: Instant,
    ) -> Option<Reason> {
        let shared = &self.inner.shared;
        let until = after(Instant::now(), shared.patience);
        loop {
            // Listen before looking: an answer in between counts.
            let answer = shared.signals.answer();
            if shared.has_heard_since(node, opened) {
                return shared.may_serve(node, request);
            }
            shared.signals.ask(node);
            answer.wait_deadline(until)?;
        }
    }
}
