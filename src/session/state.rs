//! The state of a session: what it wrote, and what it has seen.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::Token;
use super::home::{Home, Reading, covering, seen_at};
use super::moment::Moment;
use crate::cluster::{Sample, Samples, ServerId, Snapshot, age};
use crate::mutex::lock;
use crate::position::Position;
use crate::random;
use crate::routing::{Block, HomeServer, Need};

/// One session's causal state, shared by its handles.
#[derive(Debug)]
pub(crate) struct SessionState {
    /// A random number: whether it belongs to the primary's share of reads.
    lot: u64,
    causal: Mutex<Causal>,
    /// Number of handles with writes of unknown outcome.
    unsettled: AtomicU32,
}

/// The writes and reads of a session: as instants at first, as positions once the primary was asked.
///
/// Everything acknowledged or read before an instant is covered by every sample of the primary
/// that was requested after it. So no query is sent for a single session: all share the samples.
#[derive(Debug, Default)]
struct Causal {
    /// A position that covers its commits, and the time of the last of them.
    wrote: Option<(Position, Instant)>,
    /// The time of its last commit, until a sample covers it.
    committed: Option<Instant>,
    /// The time of its last write of unknown outcome: it may take effect later, so no sample covers it.
    unknown: Option<Instant>,
    /// A position that covers its reads on nodes other than `home`, and the time of the last of them.
    seen: Option<(Position, Instant)>,
    /// The time of its last read on another node, until a sample covers it.
    read: Option<Instant>,
    home: Option<Home>,
    /// The version of what it requires: it grows with that, and with each read that begins, for what is seen there is
    /// required of every other server.
    version: u64,
    /// The version since which its home has had to have no more.
    grown: u64,
    /// The time at which the last token arrived: earlier samples may lie below what it rightly requires.
    arrived: Option<Instant>,
    /// The time of the latest sample that its positions come from: earlier ones may lie below them.
    sampled: Option<Instant>,
    activity: Activity,
}

/// A measure of what a session has done, to find out later whether it did more.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Activity {
    /// Number of commits, writes of unknown outcome, and states of other sessions that were joined.
    pub(crate) writes: u64,
    pub(crate) reads: u64,
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
            lot: random::number(),
            causal: Mutex::default(),
            unsettled: AtomicU32::default(),
        }
    }
}

impl SessionState {
    /// Returns a random number, always the same.
    pub(crate) fn lot(&self) -> u64 {
        self.lot
    }

    /// Records a commit that was acknowledged before `now`.
    pub(crate) fn committed(&self, now: Instant) {
        let mut causal = self.lock();
        causal.committed = causal.committed.max(Some(now));
        causal.activity.writes += 1;
        causal.grow();
    }

    /// Records a write of unknown outcome that was sent before `now`.
    pub(crate) fn wrote_perhaps(&self, now: Instant) {
        let mut causal = self.lock();
        causal.unknown = causal.unknown.max(Some(now));
        causal.activity.writes += 1;
        causal.grow();
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
        self.lock().activity
    }

    /// Counts a connection that is to be read from.
    pub(crate) fn read_begins(&self, reading: Reading, now: Instant) {
        let mut causal = self.lock();
        causal.activity.reads += 1;
        let Reading {
            node,
            server,
            stood,
            proved,
        } = reading;
        // What was seen on a server that does not tell who it is, is seen elsewhere.
        let Some(server) = server else { return };
        let grown = causal.grown;
        let is_latest = proved == Some(causal.version);
        causal.version += 1;
        match &mut causal.home {
            Some(home) if home.server == server => {
                home.node = node;
                home.out += 1;
                home.seen = None;
                if proved.is_some_and(|proved| proved >= grown) {
                    home.has_all = true;
                    home.stood = home.stood.max(stood);
                }
            }
            home => {
                let left = home.replace(Home {
                    node,
                    server,
                    stood,
                    // Another read may have seen more since that was proved.
                    has_all: is_latest,
                    last: now,
                    out: 1,
                    seen: None,
                });
                if let Some(left) = left {
                    causal.leave(&left, now);
                    causal.grown = causal.version;
                }
            }
        }
    }

    /// Counts a connection to `server` that was returned.
    pub(crate) fn read_ends(&self, server: Option<ServerId>, now: Instant) {
        let mut causal = self.lock();
        match &mut causal.home {
            Some(home) if Some(home.server) == server => {
                home.out = home.out.saturating_sub(1);
                home.last = now;
                home.seen = None;
            }
            _ => {
                causal.read = causal.read.max(Some(now));
                causal.grow();
            }
        }
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

    /// Returns the time at which the last token arrived.
    pub(crate) fn arrived(&self) -> Option<Instant> {
        self.lock().arrived
    }

    fn lock(&self) -> MutexGuard<'_, Causal> {
        lock(&self.causal)
    }
}

impl Causal {
    /// Records that the session requires more than it did.
    fn grow(&mut self) {
        self.version += 1;
        self.grown = self.version;
        if let Some(home) = &mut self.home {
            home.has_all = false;
        }
    }

    /// Replaces instants with positions, as far as there are samples.
    fn resolve(&mut self, cluster: &Snapshot, samples: Option<&Samples>) {
        if let Some(Sample { asked, position }) = covering(self.committed, cluster, samples) {
            self.sampled = self.sampled.max(Some(asked));
            let known = reachable(self.wrote.take(), cluster);
            self.wrote = later(known, position, self.committed);
            self.committed = None;
        }
        if let Some(Sample { asked, position }) = covering(self.read, cluster, samples) {
            self.sampled = self.sampled.max(Some(asked));
            let known = reachable(self.seen.take(), cluster);
            self.seen = later(known, position, self.read);
            self.read = None;
        }
        if let Some(home) = &mut self.home
            && home.out == 0
            && home.seen.is_none()
        {
            let seen = seen_at(home, home.last, cluster, samples);
            self.sampled = self.sampled.max(seen.as_ref().map(|seen| seen.asked));
            home.seen = seen.map(|seen| seen.position);
        }
        self.clamp(cluster);
        self.reduce(cluster);
    }

    /// Lowers positions past the primary: no node could ever cover them.
    fn clamp(&mut self, cluster: &Snapshot) {
        let (Some(last), Some(primary)) = (cluster.recent.last(), cluster.position()) else {
            return;
        };
        // What is known now may be older than what another thread has learnt; or the last sample is another node's, whose
        // place this one has taken.
        let asked = cluster
            .primary_asked()
            .map_or(last.asked, |asked| asked.min(last.asked));
        if self.arrived.max(self.sampled).is_some_and(|at| asked <= at) {
            return;
        }
        for (position, _) in self.wrote.iter_mut().chain(&mut self.seen) {
            if let Some(lowered) = position.at_most(primary) {
                *position = lowered;
            }
        }
    }

    /// Drops what the rest implies.
    fn reduce(&mut self, cluster: &Snapshot) {
        let Some(primary) = cluster.position() else {
            return;
        };
        for (position, _) in self.wrote.iter_mut().chain(&mut self.seen) {
            if let Some(reduced) = position.reduced(primary) {
                *position = reduced;
            }
        }
    }

    /// Drops what can neither be proved nor matter any more: past the window, only positions that can
    /// be compared are kept, and what the next sample of a primary will give one.
    fn forget(&mut self, now: Instant, window: Duration, cluster: &Snapshot) {
        let past = |at: Instant| age(at, now) >= window;
        // While there is no primary to ask, time proves nothing: a replica that starts again may go back by minutes.
        let is_asked = cluster.knows_positions();
        self.unknown = self.unknown.filter(|&at| !past(at));
        self.committed = self.committed.filter(|&at| is_asked || !past(at));
        self.read = self.read.filter(|&at| is_asked || !past(at));
        for known in [&mut self.wrote, &mut self.seen] {
            if known.as_ref().is_some_and(|(_, at)| past(*at)) {
                *known = reachable(known.take(), cluster);
            }
        }
    }

    fn leave(&mut self, left: &Home, now: Instant) {
        match left.seen.clone().filter(|_| left.out == 0) {
            Some(position) => self.seen = later(self.seen.take(), position, Some(left.last)),
            None => {
                let last = if left.out > 0 { now } else { left.last };
                self.read = self.read.max(Some(last));
            }
        }
    }

    fn need(&self, cluster: &Snapshot) -> Need {
        let old = |known: &Option<(Position, Instant)>| {
            known
                .as_ref()
                .is_some_and(|(position, _)| !cluster.shares_history(position))
        };
        let block = if self.unknown.is_some() {
            Some(Block::RecentWrite)
        } else if self.committed.is_some() {
            Some(if cluster.knows_positions() {
                Block::CapturePending
            } else {
                Block::RecentWrite
            })
        } else if old(&self.wrote) || old(&self.seen) {
            Some(Block::OldHistory)
        } else if self.read.is_some() && cluster.knows_positions() {
            Some(Block::SeenPending)
        } else {
            None
        };
        // Without positions nothing proves what another replica has, and reads are spread.
        let home = self.home.as_ref().filter(|_| cluster.knows_positions());
        Need {
            block,
            wrote: position_of(self.wrote.as_ref()),
            seen: position_of(self.seen.as_ref()),
            home: home.map(|home| HomeServer {
                node: home.node,
                server: home.server,
                stood: home.stood,
                has_all: home.has_all,
            }),
            // To leave home, a node must cover everything seen there.
            may_leave: home.is_none_or(|home| home.seen.is_some()),
            leaving: home.and_then(|home| home.seen.clone()),
            since: time_of(self.wrote.as_ref())
                .max(time_of(self.seen.as_ref()))
                .max(home.map(|home| home.last)),
            version: self.version,
        }
    }

    fn export(
        &self,
        as_of: Instant,
        moment: Moment,
        life: Duration,
        cluster: &Snapshot,
        samples: Option<&Samples>,
    ) -> Export {
        let mut token = Token::new(moment.wall_after(life));
        if let Some((position, at)) = &self.wrote {
            token = token.wrote(position.clone(), moment.wall_at(*at));
        }
        if let Some((position, _)) = &self.seen {
            token = token.saw(position.clone());
        }
        let mut unknown = self.unknown.max(self.committed);
        let mut is_complete = true;
        if cluster.knows_positions() {
            is_complete = self.committed.is_none() && self.read.is_none();
            unknown = unknown.max(self.read);
            if let Some(home) = &self.home {
                // A handle in use may have read up to now.
                let last = if home.out > 0 { as_of } else { home.last };
                let seen = || seen_at(home, last, cluster, samples).map(|seen| seen.position);
                match home.seen.clone().or_else(seen) {
                    Some(position) => token = token.saw(position),
                    None => {
                        is_complete = false;
                        unknown = unknown.max(Some(last));
                    }
                }
            }
        }
        if let Some(at) = unknown {
            token = token.wrote_at_unknown_position(moment.wall_at(at));
        }
        Export {
            token,
            is_complete,
            home: self.home.as_ref().map(|home| home.node),
        }
    }

    fn absorb(&mut self, token: &Token, moment: Moment, life: Duration) {
        if let (Some(position), Some(at)) = (token.required(), token.written_at()) {
            let at = moment.instant_at(at);
            match self.wrote.take() {
                Some((known, since)) if known.join(&position).is_none() => {
                    // Time alone can satisfy one of them; the newer history's position is kept.
                    let (stays, goes) = if known.is_newer(&position) {
                        ((known, since), at)
                    } else {
                        ((position, at), since)
                    };
                    self.wrote = Some(stays);
                    self.unknown = self.unknown.max(Some(goes));
                }
                known => self.wrote = later(known, position, Some(at)),
            }
        }
        if let Some(floor) = token.floor() {
            // Its reads were before it was made.
            let made = token.expires().checked_sub(life).unwrap_or(moment.wall);
            let at = moment.instant_at(made);
            self.seen = Some(match self.seen.take() {
                Some((known, since)) => (known.highest_floor(floor), since.max(at)),
                None => (floor, at),
            });
        }
        if let Some(since) = token.unknown_since() {
            self.unknown = self.unknown.max(Some(moment.instant_at(since)));
        }
        self.arrived = Some(moment.now);
        self.activity.writes += 1;
        self.grow();
    }
}

fn time_of(known: Option<&(Position, Instant)>) -> Option<Instant> {
    known.map(|(_, at)| *at)
}

fn position_of(known: Option<&(Position, Instant)>) -> Option<Position> {
    known.map(|(position, _)| position.clone())
}

/// Returns the part of `position` that the primary has, or may still write: the rest is lost.
fn reachable(
    known: Option<(Position, Instant)>,
    cluster: &Snapshot,
) -> Option<(Position, Instant)> {
    let (position, at) = known?;
    let Some(primary) = cluster.position() else {
        // Nothing shows that it is lost, while no node takes writes.
        return cluster.knows_positions().then_some((position, at));
    };
    if primary.may_reach(&position) {
        return Some((position, at));
    }
    primary.reachable(&position).map(|position| (position, at))
}

/// Returns the later of two positions on one history; of different histories, the position on the newer:
/// the other one's cluster state is past.
fn later(
    known: Option<(Position, Instant)>,
    position: Position,
    at: Option<Instant>,
) -> Option<(Position, Instant)> {
    let at = at.max(known.as_ref().map(|(_, at)| *at))?;
    let joined = known.and_then(|(known, _)| known.join(&position));
    Some((joined.unwrap_or(position), at))
}

#[cfg(test)]
mod tests;
