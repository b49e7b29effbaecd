//! The state of a session: what it wrote, and what it has seen.

mod causal;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::Token;
use super::home::Reading;
use super::moment::Moment;
use crate::cluster::{Samples, ServerId, Snapshot};
use crate::mutex::lock;
use crate::random;
use crate::routing::{Need, lot_of};
use causal::Causal;

/// One session's causal state, shared by its handles.
#[derive(Debug)]
pub(crate) struct SessionState {
    /// A random number, or that of its key: whether it belongs to the primary's share of reads, and to the share of sessions
    /// that may use replicas.
    lot: AtomicU32,
    /// Number of handles with writes of unknown outcome.
    unsettled: AtomicU32,
    causal: Mutex<Causal>,
}

/// A measure of what a session has done, to find out later whether it did more: the numbers start again after the
/// greatest.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Activity {
    /// Number of commits, writes of unknown outcome, and states of other sessions that were joined.
    pub(crate) writes: u32,
    pub(crate) reads: u32,
}

/// A session's state for another process.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) token: Token,
    /// Set if every write and read of known outcome is included with its position. If not, those that are
    /// missing count as writes at an unknown position.
    pub(crate) is_complete: bool,
    /// The node whose answer may complete it, beside the primary's: where it read last.
    pub(crate) home: Option<usize>,
}

impl Default for SessionState {
    fn default() -> Self {
        Self {
            lot: AtomicU32::new(random::number() as u32),
            causal: Mutex::default(),
            unsettled: AtomicU32::default(),
        }
    }
}

impl SessionState {
    /// Bytes that a session takes besides, once it has written.
    #[cfg(test)]
    pub(crate) const PAST: usize = size_of::<causal::Past>();

    /// Returns a random number, always the same; that of its key once it has one.
    pub(crate) fn lot(&self) -> u64 {
        self.lot.load(Ordering::Relaxed).into()
    }

    /// Sets the key.
    pub(crate) fn set_key(&self, key: &str) {
        self.lot.store(lot_of(key), Ordering::Relaxed);
    }

    /// Records a commit that was acknowledged before `now`.
    pub(crate) fn committed(&self, now: Instant) {
        self.lock().committed(now.into());
    }

    /// Records a write of unknown outcome that was sent before `now`.
    pub(crate) fn wrote_perhaps(&self, now: Instant) {
        self.lock().wrote_perhaps(now.into());
    }

    /// Joins what all sessions count as having written, up to the write with this number: what was committed before the one
    /// instant, and perhaps before the other.
    pub(crate) fn join_common(
        &self,
        number: u32,
        committed: Option<Instant>,
        unknown: Option<Instant>,
    ) {
        let (committed, unknown) = (committed.map(Into::into), unknown.map(Into::into));
        self.lock().join_common(number, committed, unknown);
    }

    /// Records that its state is unknown: it may have written before `now`.
    #[cfg(feature = "edge")]
    pub(crate) fn doubt(&self, now: Instant) {
        self.lock().doubt(now.into());
    }

    /// Counts a handle that has sent its first write of unknown outcome.
    pub(crate) fn write_begins(&self) {
        self.unsettled.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a handle whose writes' outcome is known, or never will be.
    pub(crate) fn write_ends(&self) {
        self.unsettled.fetch_sub(1, Ordering::Relaxed);
    }

    /// Returns whether writes are under way.
    pub(crate) fn is_writing(&self) -> bool {
        self.unsettled.load(Ordering::Relaxed) > 0
    }

    /// Returns a measure of what was done so far.
    #[cfg(feature = "edge")]
    pub(crate) fn activity(&self) -> Activity {
        self.lock().activity()
    }

    /// Counts a connection that is to be read from.
    pub(crate) fn read_begins(&self, reading: Reading, now: Instant) {
        self.lock().read_begins(reading, now.into());
    }

    /// Counts a connection to `server` that was returned.
    pub(crate) fn read_ends(&self, server: Option<ServerId>, now: Instant) {
        self.lock().read_ends(server, now.into());
    }

    /// Returns the requirements of a read now.
    pub(crate) fn need(
        &self,
        now: Instant,
        window: Duration,
        cluster: &Snapshot,
        samples: Option<&Samples>,
    ) -> Need {
        let mut causal = self.lock();
        causal.resolve(cluster, samples);
        causal.forget(now, window, cluster);
        causal.need(cluster)
    }

    /// Returns what another process must know to continue the session after `as_of`.
    pub(crate) fn export(
        &self,
        as_of: Instant,
        moment: Moment,
        life: Duration,
        window: Duration,
        cluster: &Snapshot,
        samples: Option<&Samples>,
    ) -> Export {
        let mut causal = self.lock();
        causal.resolve(cluster, samples);
        causal.forget(moment.now, window, cluster);
        let mut export = causal.export(as_of, moment, life, cluster, samples);
        if self.is_writing() {
            // It may be acknowledged before the receiver of the token reads.
            export.token = export.token.wrote_at_unknown_position(moment.wall);
        }
        export
    }

    /// Joins the session that this token was issued for.
    pub(crate) fn absorb(&self, token: &Token, moment: Moment, life: Duration) {
        self.lock().absorb(token, moment, life);
    }

    /// Returns whether all of its commits have their positions.
    pub(crate) fn is_captured(&self, cluster: &Snapshot, samples: Option<&Samples>) -> bool {
        let mut causal = self.lock();
        causal.resolve(cluster, samples);
        causal.is_captured()
    }

    /// Returns the time at which the last token arrived.
    pub(crate) fn arrived(&self) -> Option<Instant> {
        self.lock().arrived()
    }

    fn lock(&self) -> MutexGuard<'_, Causal> {
        lock(&self.causal)
    }
}

#[cfg(test)]
mod tests;
