//! What a session remembers: what it wrote, and what it has seen.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::cluster::{Sample, Snapshot, age};
use crate::position::Position;
use crate::routing::{Block, Need};

/// One session's causal state, shared by its handles.
#[derive(Debug, Default)]
pub(crate) struct SessionState(Mutex<Causal>);

/// What a session wrote and saw: instants at first, positions once the primary was asked.
///
/// Whatever was acknowledged or read before an instant is covered by every sample of the primary
/// that was asked for after it. So no query is sent for a session alone: all share the samples.
#[derive(Debug, Default)]
struct Causal {
    /// A position that covers its commits, and when the last of them was.
    wrote: Option<(Position, Instant)>,
    /// Its last commit, while no sample covers it.
    committed: Option<Instant>,
    /// Its last write of unknown outcome: it may take effect later, so no sample covers it.
    unknown: Option<Instant>,
    /// A position that covers its reads elsewhere than at `home`, and when the last of them was.
    seen: Option<(Position, Instant)>,
    /// Its last read elsewhere, while no sample covers it.
    read: Option<Instant>,
    home: Option<Home>,
}

/// The run of a node that a session read from last.
#[derive(Debug, Clone, Copy)]
struct Home {
    node: usize,
    incarnation: u64,
    /// When a connection came back last.
    last: Instant,
    /// Connections that are out.
    out: u32,
}

impl SessionState {
    /// A commit was acknowledged before `now`.
    pub(crate) fn committed(&self, now: Instant) {
        let mut causal = self.lock();
        causal.committed = causal.committed.max(Some(now));
    }

    /// A write was sent before `now`, and what became of it is not known.
    pub(crate) fn wrote_perhaps(&self, now: Instant) {
        let mut causal = self.lock();
        causal.unknown = causal.unknown.max(Some(now));
    }

    /// A connection of `node` is out, to be read from.
    pub(crate) fn read_begins(&self, node: usize, incarnation: u64, now: Instant) {
        let mut causal = self.lock();
        match &mut causal.home {
            Some(home) if home.node == node && home.incarnation == incarnation => home.out += 1,
            home => {
                let left = home.replace(Home {
                    node,
                    incarnation,
                    last: now,
                    out: 1,
                });
                if let Some(left) = left {
                    let last = if left.out > 0 { now } else { left.last };
                    causal.read = causal.read.max(Some(last));
                }
            }
        }
    }

    /// A connection of `node` came back.
    pub(crate) fn read_ends(&self, node: usize, now: Instant) {
        let mut causal = self.lock();
        match &mut causal.home {
            Some(home) if home.node == node => {
                home.out = home.out.saturating_sub(1);
                home.last = now;
            }
            _ => causal.read = causal.read.max(Some(now)),
        }
    }

    /// What a read needs now.
    pub(crate) fn need(&self, now: Instant, window: Duration, cluster: &Snapshot) -> Need {
        let mut causal = self.lock();
        causal.resolve(&cluster.recent);
        causal.forget(now, window, cluster);
        causal.need(now, cluster)
    }

    fn lock(&self) -> MutexGuard<'_, Causal> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Causal {
    /// Turns instants into positions, as far as there are samples.
    fn resolve(&mut self, samples: &[Sample]) {
        if let Some(position) = covering(self.committed, samples) {
            self.wrote = later(self.wrote, position, self.committed);
            self.committed = None;
        }
        if let Some(position) = covering(self.read, samples) {
            self.seen = later(self.seen, position, self.read);
            self.read = None;
        }
    }

    /// Drops what can neither be proved nor matter any more: past the window, only positions that can
    /// be compared hold.
    fn forget(&mut self, now: Instant, window: Duration, cluster: &Snapshot) {
        let past = |at: Instant| age(at, now) >= window;
        self.unknown = self.unknown.filter(|&at| !past(at));
        self.committed = self.committed.filter(|&at| !past(at));
        self.read = self.read.filter(|&at| !past(at));
        let keep =
            |(position, at): &(Position, Instant)| !past(*at) || cluster.shares_history(position);
        self.wrote = self.wrote.filter(keep);
        self.seen = self.seen.filter(keep);
    }

    fn need(&self, now: Instant, cluster: &Snapshot) -> Need {
        let old = |known: Option<(Position, Instant)>| {
            known.is_some_and(|(position, _)| !cluster.shares_history(&position))
        };
        let block = if self.unknown.is_some() {
            Some(Block::RecentWrite)
        } else if self.committed.is_some() {
            Some(if cluster.has_positions() {
                Block::CapturePending
            } else {
                Block::RecentWrite
            })
        } else if old(self.wrote) || old(self.seen) {
            Some(Block::OldHistory)
        } else if self.read.is_some() && cluster.has_positions() {
            Some(Block::SeenPending)
        } else {
            None
        };
        // To leave home, a node must cover whatever was seen there.
        let leaving = self.home.filter(|_| cluster.has_positions()).map(|home| {
            let last = if home.out > 0 { now } else { home.last };
            covering(Some(last), &cluster.recent)
        });
        Need {
            block,
            wrote: self.wrote.map(|(position, _)| position),
            seen: self.seen.map(|(position, _)| position),
            // Without positions there is no proof to stay for, and reads spread.
            home: self
                .home
                .filter(|_| cluster.has_positions())
                .map(|home| (home.node, home.incarnation)),
            may_leave: leaving.is_none_or(|bound| bound.is_some()),
            leaving: leaving.flatten(),
        }
    }
}

/// The position of the first sample that was asked for after `at`; strictly, so that a coarse clock
/// proves nothing.
fn covering(at: Option<Instant>, samples: &[Sample]) -> Option<Position> {
    let at = at?;
    let after = samples.partition_point(|sample| sample.asked <= at);
    samples.get(after).map(|sample| sample.position)
}

/// The later of two positions on one history; on different ones, the newer cluster state: what the
/// other proved is past.
fn later(
    known: Option<(Position, Instant)>,
    position: Position,
    at: Option<Instant>,
) -> Option<(Position, Instant)> {
    let at = at.max(known.map(|(_, at)| at))?;
    let joined = known.and_then(|(known, _)| known.join(&position));
    Some((joined.unwrap_or(position), at))
}
