//! What a caller waits for before it gets a connection: a fresher replica, or news.

use std::time::Instant;

use super::{ROLE_CHANGE, Router};
use crate::asynchronous::RoutedConnection;
use crate::asynchronous::pool::Guard;
use crate::cluster::after;
use crate::engine::Request;
use crate::position::Position;
use crate::routing::{Decision, Reason};

/// What came of waiting for a fresher replica.
pub(super) enum Waited<C: RoutedConnection> {
    /// The decision, as far as is known.
    Decided(Decision),
    /// On this connection, the replica itself has said that it has all that is needed.
    Proved(Decision, Guard<C>),
}

impl<C: RoutedConnection> Router<C> {
    /// Decides, and if a fresher replica would do, waits for one as long as the caller allows.
    pub(super) async fn wait(&self, request: &Request<'_>) -> Waited<C> {
        let shared = &self.inner.shared;
        let mut decision = shared.decide(request);
        if shared.is_outrun(request, decision) {
            decision = self.hear_all(request).await;
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
                return match self.wait_on(there, &required, until).await {
                    Some(guard) => Waited::Proved(there, guard),
                    None => Waited::Decided(decision),
                };
            }
            if tokio::time::timeout_at(until.into(), answer).await.is_err() {
                return Waited::Decided(decision);
            }
        }
    }

    /// Decides once all nodes have been asked who they are.
    async fn hear_all(&self, request: &Request<'_>) -> Decision {
        let shared = &self.inner.shared;
        let until = after(Instant::now(), ROLE_CHANGE);
        shared.signals.ask_all();
        loop {
            // Listen before looking: an answer in between counts.
            let answer = shared.signals.answer();
            let decision = shared.decide(request);
            if !shared.is_outrun(request, decision)
                || tokio::time::timeout_at(until.into(), answer).await.is_err()
            {
                return decision;
            }
        }
    }

    /// A connection of a replica that has replayed `required`: its server is asked to wait for that.
    async fn wait_on(
        &self,
        decision: Decision,
        required: &Position,
        until: Instant,
    ) -> Option<Guard<C>> {
        let guard = tokio::time::timeout_at(until.into(), self.get(decision)).await;
        let mut guard = guard.ok()?.ok()?;
        let left = until.saturating_duration_since(Instant::now());
        // A server ends the wait by itself; one that hangs does not.
        let patience = left.saturating_add(self.inner.shared.patience);
        let (conn, flight) = guard.parts();
        let waits = flight.during(conn.wait_for(required, left));
        match tokio::time::timeout(patience, waits).await {
            Ok(Ok(has_it)) => has_it.then_some(guard),
            failed => {
                tracing::debug!(?failed, "a replica could not be waited for");
                None
            }
        }
    }

    /// Why a connection of `node` may serve what is asked for, if it may. What the node said of itself
    /// holds only if it was said since the connection was opened: before that, the server may have
    /// restarted and gone back. So it is asked again.
    pub(crate) async fn confirm(
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
            tokio::time::timeout_at(until.into(), answer).await.ok()?;
        }
    }
}
