//! What a session remembers: what it wrote, and what it has seen.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::Token;
use super::token::{Millis, highest_floor, is_newer};
use crate::cluster::{Sample, Snapshot, age};
use crate::position::Position;
use crate::routing::{Block, Need};

/// One session's causal state, shared by its handles.
#[derive(Debug, Default)]
pub(crate) struct SessionState {
    causal: Mutex<Causal>,
    /// Handles with writes whose outcome is open.
    unsettled: AtomicU32,
}

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
    /// When the last token arrived: samples from before may lie below what it rightly requires.
    arrived: Option<Instant>,
    activity: Activity,
}

/// How much a session has done, to see later whether it did more.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Activity {
    /// Commits, writes of unknown outcome, and states of other sessions that were joined.
    pub(crate) writes: u64,
    pub(crate) reads: u64,
}

/// The run of a node that a session read from last.
#[derive(Debug, Clone)]
struct Home {
    node: usize,
    run: u64,
    /// When a connection came back last.
    last: Instant,
    /// Connections that are out.
    out: u32,
    /// A position that covers all reads here up to `last`, once it is known.
    seen: Option<Position>,
}

/// A session's state for another process.
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) token: Token,
    /// Whether every write and read of known outcome is in it by its position. If not, those that are
    /// missing count as writes at an unknown position.
    pub(crate) is_complete: bool,
}

/// The present, by both clocks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    pub(crate) wall: SystemTime,
}

impl Moment {
    /// When `life` has passed; as late as tokens can say, if that is past it.
    fn wall_after(self, life: Duration) -> SystemTime {
        let latest = Millis::MAX.to_system_time();
        self.wall.checked_add(life).unwrap_or(latest).min(latest)
    }

    fn wall_at(self, at: Instant) -> SystemTime {
        let age = age(at, self.now);
        self.wall.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The instant of this time; the present, if it lies ahead by the clock here.
    fn instant_at(self, time: SystemTime) -> Instant {
        let age = self.wall.duration_since(time).unwrap_or_default();
        self.now.checked_sub(age).unwrap_or(self.now)
    }
}

impl SessionState {
    /// A commit was acknowledged before `now`.
    pub(crate) fn committed(&self, now: Instant) {
        let mut causal = self.lock();
        causal.committed = causal.committed.max(Some(now));
        causal.activity.writes += 1;
    }

    /// A write was sent before `now`, and what became of it is not known.
    pub(crate) fn wrote_perhaps(&self, now: Instant) {
        let mut causal = self.lock();
        causal.unknown = causal.unknown.max(Some(now));
        causal.activity.writes += 1;
    }

    /// A handle has sent its first write of open outcome.
    pub(crate) fn write_begins(&self) {
        self.unsettled.fetch_add(1, Ordering::Relaxed);
    }

    /// The outcome of a handle's writes is known, or never will be.
    pub(crate) fn write_ends(&self) {
        self.unsettled.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether writes are under way.
    pub(crate) fn is_writing(&self) -> bool {
        self.unsettled.load(Ordering::Relaxed) > 0
    }

    /// How much was done so far.
    pub(crate) fn activity(&self) -> Activity {
        self.lock().activity
    }

    /// A connection of `node` is out, to be read from.
    pub(crate) fn read_begins(&self, node: usize, run: u64, now: Instant) {
        let mut causal = self.lock();
        causal.activity.reads += 1;
        match &mut causal.home {
            Some(home) if home.node == node && home.run == run => {
                home.out += 1;
                home.seen = None;
            }
            home => {
                let left = home.replace(Home {
                    node,
                    run,
                    last: now,
                    out: 1,
                    seen: None,
                });
                if let Some(left) = left {
                    causal.leave(&left, now);
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
                home.seen = None;
            }
            _ => causal.read = causal.read.max(Some(now)),
        }
    }

    /// What a read needs now.
    pub(crate) fn need(&self, now: Instant, window: Duration, cluster: &Snapshot) -> Need {
        let mut causal = self.lock();
        causal.resolve(cluster);
        causal.forget(now, window, cluster);
        causal.need(cluster)
    }

    /// What another process must know to continue the session after `as_of`.
    pub(crate) fn export(
        &self,
        as_of: Instant,
        moment: Moment,
        life: Duration,
        window: Duration,
        cluster: &Snapshot,
    ) -> Export {
        let mut causal = self.lock();
        causal.resolve(cluster);
        causal.forget(moment.now, window, cluster);
        let mut export = causal.export(as_of, moment, life, cluster);
        if self.is_writing() {
            // It may be acknowledged before whoever gets the token reads.
            export.token = export.token.wrote_at_unknown_position(moment.wall);
        }
        export
    }

    /// Continues, too, the session that this token is of.
    pub(crate) fn absorb(&self, token: &Token, moment: Moment, life: Duration) {
        self.lock().absorb(token, moment, life);
    }

    /// When the last token arrived.
    pub(crate) fn arrived(&self) -> Option<Instant> {
        self.lock().arrived
    }

    fn lock(&self) -> MutexGuard<'_, Causal> {
        self.causal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Causal {
    /// Turns instants into positions, as far as there are samples.
    fn resolve(&mut self, cluster: &Snapshot) {
        let samples = &cluster.recent;
        if let Some(position) = covering(self.committed, samples) {
            let known = reachable(self.wrote.take(), cluster);
            self.wrote = later(known, position, self.committed);
            self.committed = None;
        }
        if let Some(position) = covering(self.read, samples) {
            let known = reachable(self.seen.take(), cluster);
            self.seen = later(known, position, self.read);
            self.read = None;
        }
        if let Some(home) = &mut self.home
            && home.out == 0
            && home.seen.is_none()
        {
            home.seen = seen_at(home, home.last, cluster);
        }
        self.clamp(cluster);
        self.reduce(cluster);
    }

    /// Lowers what lies past the primary: no node could ever cover it.
    fn clamp(&mut self, cluster: &Snapshot) {
        let (Some(last), Some(primary)) = (cluster.recent.last(), cluster.position()) else {
            return;
        };
        if self.arrived.is_some_and(|at| last.asked <= at) {
            return;
        }
        for (position, _) in self.wrote.iter_mut().chain(&mut self.seen) {
            if let Some(lowered) = position.at_most(primary) {
                *position = lowered;
            }
        }
    }

    /// Leaves out what the rest implies.
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
    /// be compared hold.
    fn forget(&mut self, now: Instant, window: Duration, cluster: &Snapshot) {
        let past = |at: Instant| age(at, now) >= window;
        self.unknown = self.unknown.filter(|&at| !past(at));
        self.committed = self.committed.filter(|&at| !past(at));
        self.read = self.read.filter(|&at| !past(at));
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
            Some(if cluster.has_positions() {
                Block::CapturePending
            } else {
                Block::RecentWrite
            })
        } else if old(&self.wrote) || old(&self.seen) {
            Some(Block::OldHistory)
        } else if self.read.is_some() && cluster.has_positions() {
            Some(Block::SeenPending)
        } else {
            None
        };
        // Without positions there is no proof to stay for, and reads spread.
        let home = self.home.as_ref().filter(|_| cluster.has_positions());
        Need {
            block,
            wrote: position_of(self.wrote.as_ref()),
            seen: position_of(self.seen.as_ref()),
            home: home.map(|home| (home.node, home.run)),
            // To leave home, a node must cover whatever was seen there.
            may_leave: home.is_none_or(|home| home.seen.is_some()),
            leaving: home.and_then(|home| home.seen.clone()),
        }
    }

    fn export(&self, as_of: Instant, moment: Moment, life: Duration, cluster: &Snapshot) -> Export {
        let mut token = Token::new(moment.wall_after(life));
        if let Some((position, at)) = &self.wrote {
            token = token.wrote(position.clone(), moment.wall_at(*at));
        }
        if let Some((position, _)) = &self.seen {
            token = token.saw(position.clone());
        }
        let mut unknown = self.unknown.max(self.committed);
        let mut is_complete = true;
        if cluster.has_positions() {
            is_complete = self.committed.is_none() && self.read.is_none();
            unknown = unknown.max(self.read);
            if let Some(home) = &self.home {
                // A handle that is out may have been read from up to now.
                let last = if home.out > 0 { as_of } else { home.last };
                match home.seen.clone().or_else(|| seen_at(home, last, cluster)) {
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
        Export { token, is_complete }
    }

    fn absorb(&mut self, token: &Token, moment: Moment, life: Duration) {
        if let (Some(position), Some(at)) = (token.required(), token.written_at()) {
            let at = moment.instant_at(at);
            match self.wrote.take() {
                Some((known, since)) if known.join(&position).is_none() => {
                    // Of one, only time can tell; the newer history's position stays.
                    let (stays, goes) = if is_newer(&known, &position) {
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
                Some((known, since)) => (highest_floor(known, floor), since.max(at)),
                None => (floor, at),
            });
        }
        if let Some(since) = token.unknown_since() {
            self.unknown = self.unknown.max(Some(moment.instant_at(since)));
        }
        self.arrived = Some(moment.now);
        self.activity.writes += 1;
    }
}

/// A position that covers what was read from `home` up to `last`: where it was when it was asked after
/// that, if this run of it was; or where the primary was, asked first after that. Both are true, so the
/// lower one is: a replica that is always asked again has always got further.
fn seen_at(home: &Home, last: Instant, cluster: &Snapshot) -> Option<Position> {
    let there = cluster
        .nodes
        .get(home.node)
        .filter(|node| node.run == home.run)
        .filter(|node| node.asked.is_some_and(|asked| asked > last))
        .and_then(|node| node.position.as_ref())
        .filter(|position| cluster.shares_history(position));
    let primary = covering(Some(last), &cluster.recent);
    match (there, primary) {
        (Some(there), Some(primary)) if there.covers(&primary) => Some(primary),
        (there, primary) => there.map(Position::mark).or(primary),
    }
}

/// The position of the first sample that was asked for after `at`; strictly, so that a coarse clock
/// proves nothing.
fn covering(at: Option<Instant>, samples: &[Sample]) -> Option<Position> {
    let at = at?;
    let after = samples.partition_point(|sample| sample.asked <= at);
    samples.get(after).map(|sample| sample.position.clone())
}

fn position_of(known: Option<&(Position, Instant)>) -> Option<Position> {
    known.map(|(position, _)| position.clone())
}

/// What of this the primary has, or may come to: the rest is lost.
fn reachable(
    known: Option<(Position, Instant)>,
    cluster: &Snapshot,
) -> Option<(Position, Instant)> {
    let (position, at) = known?;
    let primary = cluster.position()?;
    if primary.may_reach(&position) {
        return Some((position, at));
    }
    primary.reachable(&position).map(|position| (position, at))
}

/// The later of two positions on one history; on different ones, the newer cluster state: what the
/// other proved is past.
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
mod tests {
    use super::*;
    use crate::cluster::{Health, NodeState};
    use crate::position::{Lsn, PgPosition};

    fn at(lsn: u64) -> Position {
        Position::Postgres(PgPosition::new(1, 1, Lsn(lsn)))
    }

    /// A primary that is asked every 10 ms, and gets 10 bytes further each time.
    fn cluster(start: Instant, asked: u32) -> Snapshot {
        let samples: Vec<_> = (1..=asked)
            .map(|tick| Sample {
                asked: start + Duration::from_millis(10) * tick,
                position: at(u64::from(tick) * 10),
            })
            .collect();
        let mut cluster = Snapshot::unwatched(2);
        let last = samples.last();
        cluster.nodes[0] = NodeState {
            health: Health::Up,
            position: last.map(|sample| sample.position.clone()),
            asked: last.map(|sample| sample.asked),
            ..NodeState::UNKNOWN
        };
        cluster.recent = samples.into();
        cluster
    }

    #[test]
    fn to_leave_the_primary_a_session_needs_what_it_saw_there_and_not_what_came_later() {
        let start = Instant::now();
        let session = SessionState::default();
        session.read_begins(0, 0, start);
        session.read_ends(0, start + Duration::from_millis(15));
        // Asked first after the read at 20 ms; by now it has got much further.
        let cluster = cluster(start, 100);
        let now = start + Duration::from_secs(1);
        let need = session.need(now, Duration::from_secs(5), &cluster);
        assert!(need.may_leave);
        assert_eq!(need.leaving, Some(at(20)));
    }
}
