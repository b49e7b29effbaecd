//! Writes that all sessions count as theirs: migrations, and whatever a router is told to require.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::Shared;
use crate::mutex::lock;
use crate::session::SessionState;

/// The writes that all sessions count as theirs, for as long as a replica may lack them.
#[derive(Debug, Default)]
pub(super) struct CommonWrites {
    /// The number of the last one; 0 while there is none that a replica may lack.
    number: AtomicU32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The number of the last one that there was.
    last: u32,
    /// The instant before which the last commit was acknowledged.
    committed: Option<Instant>,
    /// The instant before which the last one of unknown outcome was sent.
    unknown: Option<Instant>,
    /// A session that has made all of them.
    of_all: SessionState,
}

impl CommonWrites {
    #[inline]
    fn is_none(&self) -> bool {
        self.number.load(Ordering::Relaxed) == 0
    }

    fn add(&self, now: Instant, is_known: bool) {
        let mut state = lock(&self.state);
        if is_known {
            state.committed = Some(now);
            state.of_all.committed(now);
        } else {
            state.unknown = Some(now);
            state.of_all.wrote_perhaps(now);
        }
        // Never 0, after however many.
        state.last = state.last.checked_add(1).unwrap_or(1);
        self.number.store(state.last, Ordering::Relaxed);
    }

    fn clear(&self, state: &mut State) {
        let last = state.last;
        *state = State {
            last,
            ..State::default()
        };
        self.number.store(0, Ordering::Relaxed);
    }
}

impl Shared {
    /// Makes all sessions count as having committed until now.
    pub(crate) fn all_committed(&self) {
        self.common.add(self.clock.now(), true);
        self.counts.captures.add();
        self.signals.ask_soon(self.snapshot.load().primary);
    }

    /// Makes all sessions count as having written until now, with an outcome that is not known.
    #[cfg(feature = "migrations")]
    pub(crate) fn all_wrote_perhaps(&self) {
        self.common.add(self.clock.now(), false);
    }

    /// Returns whether the position is known of what all sessions count as having committed.
    pub(crate) fn is_common_captured(&self) -> bool {
        let cluster = self.snapshot.load();
        let samples = self.samples.load();
        let state = lock(&self.common.state);
        self.common.is_none()
            || !cluster.knows_positions()
            || state.of_all.is_captured(&cluster, samples.as_deref())
    }

    /// Adds to a session what all count as having written.
    #[inline]
    pub(super) fn join_common(&self, session: &SessionState) {
        if !self.common.is_none() {
            self.join_common_now(session);
        }
    }

    #[cold]
    fn join_common_now(&self, session: &SessionState) {
        if !self.watched {
            // Nobody else looks.
            self.look_at_common();
        }
        let state = lock(&self.common.state);
        if !self.common.is_none() {
            session.join_common(state.last, state.committed, state.unknown);
        }
    }

    /// Forgets what all sessions count as having written, once all replicas have it: a node that is down may lack it.
    pub(super) fn look_at_common(&self) {
        if self.common.is_none() {
            return;
        }
        let cluster = self.snapshot.load();
        let samples = self.samples.load();
        let mut state = lock(&self.common.state);
        let (now, window) = (self.clock.now(), cluster.window.window);
        let need = state.of_all.need(now, window, &cluster, samples.as_deref());
        let mut nodes = cluster.nodes.iter().enumerate();
        let has_all = nodes.all(|(index, node)| {
            node.serial == 0 || cluster.is_led_by_node(index) || need.is_met(node)
        });
        if need.block.is_none() && has_all {
            self.common.clear(&mut state);
        }
    }
}
