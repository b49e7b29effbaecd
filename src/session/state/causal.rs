//! `Causal`: what a session wrote, and what it has seen.

use std::time::{Duration, Instant};

use super::{Activity, Export, Reading};
use crate::cluster::{Sample, Samples, ServerId, Snapshot, age};
use crate::position::Position;
use crate::routing::{Block, HomeServer, Need};
use crate::session::Token;
use crate::session::home::{Home, covering, seen_at};
use crate::session::moment::Moment;
use crate::session::stamp::Stamp;

/// The writes and reads of a session: as instants at first, as positions once the primary was asked.
///
/// Everything acknowledged or read before an instant is covered by every sample of the primary
/// that was requested after it. So no query is sent for a single session: all share the samples.
#[derive(Debug, Default)]
pub(super) struct Causal {
    /// The version of what it requires: it grows with that, and with each read that begins, for what is seen there is
    /// required of every other server.
    version: u64,
    /// The version since which its home has had to have no more.
    grown: u64,
    /// The time of its last read on another node than `home`, until a sample covers it.
    read: Option<Stamp>,
    /// The time of the latest sample that its positions come from: earlier ones may lie below them.
    sampled: Option<Stamp>,
    home: Option<Home>,
    /// `None` for a session that has neither written nor left a server that it read from, as most have not.
    past: Option<Box<Past>>,
    activity: Activity,
}

/// The requirements of a session on every node.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// A position that covers its commits, and the time of the last of them.
    wrote: Option<(Position, Stamp)>,
    /// The time of its last commit, until a sample covers it.
    committed: Option<Stamp>,
    /// The time of its last write of unknown outcome: it may take effect later, so no sample covers it.
    unknown: Option<Stamp>,
    /// Set if that is no write that is known of, but a state that is unknown.
    is_doubt: bool,
    /// A position that covers its reads on nodes other than its home, and the time of the last of them.
    seen: Option<(Position, Stamp)>,
    /// The time of the last write or read that the window has passed over: a replica whose lag is known must lag less.
    passed: Option<Stamp>,
    /// The time at which the last token arrived: earlier samples may lie below what it rightly requires.
    arrived: Option<Stamp>,
    /// The number of the last write of everybody's that it has joined.
    common: u32,
}

impl Past {
    const EMPTY: Self = Self {
        wrote: None,
        committed: None,
        unknown: None,
        is_doubt: false,
        seen: None,
        passed: None,
        arrived: None,
        common: 0,
    };

    /// Records a write at this time, whose position is unknown and will be.
    fn wrote_unknown(&mut self, at: Stamp) {
        if self.unknown <= Some(at) {
            self.unknown = Some(at);
            self.is_doubt = false;
        }
    }
}

impl Causal {
    /// Records a commit that was acknowledged before `now`.
    pub(super) fn committed(&mut self, now: Stamp) {
        let past = self.past_mut();
        past.committed = past.committed.max(Some(now));
        self.count_write();
    }

    /// Records a write of unknown outcome that was sent before `now`.
    pub(super) fn wrote_perhaps(&mut self, now: Stamp) {
        self.past_mut().wrote_unknown(now);
        self.count_write();
    }

    /// Joins what all sessions count as having written, up to the write with this number. It is no activity of the session.
    pub(super) fn join_common(
        &mut self,
        number: u32,
        committed: Option<Stamp>,
        unknown: Option<Stamp>,
    ) {
        let past = self.past_mut();
        if past.common == number {
            return;
        }
        past.common = number;
        past.committed = past.committed.max(committed);
        if let Some(at) = unknown {
            past.wrote_unknown(at);
        }
        self.grow();
    }

    /// Records that the session may have written before `now`, for its state is unknown.
    #[cfg(feature = "edge")]
    pub(super) fn doubt(&mut self, now: Stamp) {
        let past = self.past_mut();
        if past.unknown < Some(now) {
            past.unknown = Some(now);
            past.is_doubt = true;
        }
        self.count_write();
    }

    #[cfg(feature = "edge")]
    pub(super) fn activity(&self) -> Activity {
        self.activity
    }

    /// Returns whether all of its commits have their positions.
    pub(super) fn is_captured(&self) -> bool {
        let past = self.past.as_ref();
        past.is_none_or(|past| past.committed.is_none())
    }

    /// Returns the time at which the last token arrived.
    pub(super) fn arrived(&self) -> Option<Instant> {
        self.past.as_ref()?.arrived.map(Stamp::instant)
    }

    /// Counts a connection that is to be read from.
    pub(super) fn read_begins(&mut self, reading: Reading, now: Stamp) {
        self.activity.reads = self.activity.reads.wrapping_add(1);
        let Reading {
            node,
            server,
            stood,
            proved,
        } = reading;
        let node = slot(node);
        // What was seen on a server that does not tell who it is, is seen elsewhere.
        let Some(server) = server else { return };
        let grown = self.grown;
        let is_latest = proved == Some(self.version);
        self.version += 1;
        match &mut self.home {
            Some(home) if home.server == server => {
                home.node = node;
                home.out += 1;
                home.seen = None;
                if proved.is_some_and(|proved| proved >= grown) {
                    home.has_all = true;
                    home.stood = home.stood.max(stood.into());
                }
            }
            home => {
                let left = home.replace(Home {
                    node,
                    server,
                    stood: stood.into(),
                    // Another read may have seen more since that was proved.
                    has_all: is_latest,
                    last: now,
                    out: 1,
                    seen: None,
                });
                if let Some(left) = left {
                    self.leave(&left, now);
                    self.grown = self.version;
                }
            }
        }
    }

    /// Counts a connection to `server` that was returned.
    pub(super) fn read_ends(&mut self, server: Option<ServerId>, now: Stamp) {
        match &mut self.home {
            Some(home) if Some(home.server) == server => {
                home.out = home.out.saturating_sub(1);
                home.last = now;
                home.seen = None;
            }
            _ => {
                self.read = self.read.max(Some(now));
                self.grow();
            }
        }
    }

    fn count_write(&mut self) {
        self.activity.writes = self.activity.writes.wrapping_add(1);
        self.grow();
    }

    fn past_mut(&mut self) -> &mut Past {
        self.past.get_or_insert_default()
    }

    /// Records that the session requires more than it did.
    fn grow(&mut self) {
        self.version += 1;
        self.grown = self.version;
        if let Some(home) = &mut self.home {
            home.has_all = false;
        }
    }

    /// Replaces instants with positions, as far as there are samples.
    pub(super) fn resolve(&mut self, cluster: &Snapshot, samples: Option<&Samples>) {
        let covering = |at: Option<Stamp>| covering(at.map(Stamp::instant), cluster, samples);
        if let Some(past) = &mut self.past
            && let Some(Sample { asked, position }) = covering(past.committed)
        {
            self.sampled = self.sampled.max(Some(asked.into()));
            let known = reachable(past.wrote.take(), cluster);
            past.wrote = later(known, position, past.committed.take());
        }
        if let Some(Sample { asked, position }) = covering(self.read) {
            self.sampled = self.sampled.max(Some(asked.into()));
            let read = self.read.take();
            let past = self.past_mut();
            let known = reachable(past.seen.take(), cluster);
            past.seen = later(known, position, read);
        }
        if let Some(home) = &mut self.home
            && home.out == 0
            && home.seen.is_none()
        {
            let seen = seen_at(home, home.last.instant(), cluster, samples);
            let asked = seen.as_ref().map(|seen| seen.asked.into());
            self.sampled = self.sampled.max(asked);
            home.seen = seen.map(|seen| seen.position);
        }
        self.clamp(cluster);
        self.reduce(cluster);
    }

    /// Lowers positions past the primary: no node could ever cover them.
    fn clamp(&mut self, cluster: &Snapshot) {
        let Some(past) = &mut self.past else {
            return;
        };
        let (Some(last), Some(primary)) = (cluster.recent.last(), cluster.position()) else {
            return;
        };
        // What is known now may be older than what another thread has learnt; or the last sample is another node's, whose
        // place this one has taken.
        let asked = cluster
            .primary_asked()
            .map_or(last.asked, |asked| asked.min(last.asked));
        let latest = past.arrived.max(self.sampled);
        if latest.is_some_and(|at| Stamp::from(asked) <= at) {
            return;
        }
        for (position, _) in past.wrote.iter_mut().chain(&mut past.seen) {
            if let Some(lowered) = position.at_most(primary) {
                *position = lowered;
            }
        }
    }

    /// Drops what the rest implies.
    fn reduce(&mut self, cluster: &Snapshot) {
        let (Some(past), Some(primary)) = (&mut self.past, cluster.position()) else {
            return;
        };
        for (position, _) in past.wrote.iter_mut().chain(&mut past.seen) {
            if let Some(reduced) = position.reduced(primary) {
                *position = reduced;
            }
        }
    }

    /// Drops what can neither be proved nor matter any more: past the window, only positions that can
    /// be compared are kept, and what the next sample of a primary will give one.
    pub(super) fn forget(&mut self, now: Instant, window: Duration, cluster: &Snapshot) {
        let is_over = |at: Stamp| age(at.instant(), now) >= window;
        // While there is no primary to ask, time proves nothing: a replica that starts again may go back by minutes.
        let is_asked = cluster.knows_positions();
        self.read = self.read.filter(|&at| is_asked || !is_over(at));
        let Some(past) = &mut self.past else {
            return;
        };
        let unknown = past.unknown.take_if(|at| is_over(*at));
        let committed = past.committed.take_if(|at| !is_asked && is_over(*at));
        past.passed = past.passed.max(unknown).max(committed);
        for known in [&mut past.wrote, &mut past.seen] {
            if let Some((position, at)) =
                known.take_if(|(position, at)| is_over(*at) && is_lost(position, cluster))
            {
                past.passed = past.passed.max(Some(at));
                *known = reachable(Some((position, at)), cluster);
            }
        }
    }

    fn leave(&mut self, left: &Home, now: Stamp) {
        match left.seen.clone().filter(|_| left.out == 0) {
            Some(position) => {
                let past = self.past_mut();
                past.seen = later(past.seen.take(), position, Some(left.last));
            }
            None => {
                let last = if left.out > 0 { now } else { left.last };
                self.read = self.read.max(Some(last));
            }
        }
    }

    pub(super) fn need(&self, cluster: &Snapshot) -> Need {
        let past = self.past.as_deref().unwrap_or(&Past::EMPTY);
        let old = |known: &Option<(Position, Stamp)>| {
            known
                .as_ref()
                .is_some_and(|(position, _)| !cluster.shares_history(position))
        };
        let block = if past.unknown.is_some() {
            Some(if past.is_doubt {
                Block::StateUnknown
            } else {
                Block::RecentWrite
            })
        } else if past.committed.is_some() {
            Some(if cluster.knows_positions() {
                Block::CapturePending
            } else {
                Block::RecentWrite
            })
        } else if old(&past.wrote) || old(&past.seen) {
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
            wrote: position_of(past.wrote.as_ref()),
            seen: position_of(past.seen.as_ref()),
            home: home.map(|home| HomeServer {
                node: home.node as usize,
                server: home.server,
                stood: home.stood.instant(),
                has_all: home.has_all,
            }),
            // To leave home, a node must cover everything seen there.
            may_leave: home.is_none_or(|home| home.seen.is_some()),
            leaving: home.and_then(|home| home.seen.clone()),
            passed: past.passed.map(Stamp::instant),
            since: match block {
                // What the primary will tell is the latest.
                Some(Block::CapturePending | Block::SeenPending) => past.committed.max(self.read),
                _ => time_of(past.wrote.as_ref())
                    .max(time_of(past.seen.as_ref()))
                    .max(home.map(|home| home.last)),
            }
            .map(Stamp::instant),
            version: self.version,
        }
    }

    pub(super) fn export(
        &self,
        as_of: Instant,
        moment: Moment,
        life: Duration,
        cluster: &Snapshot,
        samples: Option<&Samples>,
    ) -> Export {
        let past = self.past.as_deref().unwrap_or(&Past::EMPTY);
        let mut token = Token::new(moment.wall_after(life));
        if let Some((position, at)) = &past.wrote {
            token = token.wrote(position.clone(), moment.wall_at(at.instant()));
        }
        if let Some((position, _)) = &past.seen {
            token = token.saw(position.clone());
        }
        let mut unknown = past.unknown.max(past.committed);
        let mut is_complete = true;
        if cluster.knows_positions() {
            is_complete = past.committed.is_none() && self.read.is_none();
            unknown = unknown.max(self.read);
            if let Some(home) = &self.home {
                // A handle in use may have read up to now.
                let last = if home.out > 0 {
                    as_of
                } else {
                    home.last.instant()
                };
                let seen = || seen_at(home, last, cluster, samples).map(|seen| seen.position);
                match home.seen.clone().or_else(seen) {
                    Some(position) => token = token.saw(position),
                    None => {
                        is_complete = false;
                        unknown = unknown.max(Some(last.into()));
                    }
                }
            }
        }
        if let Some(at) = unknown {
            token = token.wrote_at_unknown_position(moment.wall_at(at.instant()));
        }
        Export {
            token,
            is_complete,
            home: self.home.as_ref().map(|home| home.node as usize),
        }
    }

    pub(super) fn absorb(&mut self, token: &Token, moment: Moment, life: Duration) {
        let past = self.past_mut();
        if let (Some(position), Some(at)) = (token.required(), token.written_at()) {
            let at = Stamp::from(moment.instant_at(at));
            match past.wrote.take() {
                Some((known, since)) if known.join(&position).is_none() => {
                    // Time alone can satisfy one of them; the newer history's position is kept.
                    let (stays, goes) = if known.is_newer(&position) {
                        ((known, since), at)
                    } else {
                        ((position, at), since)
                    };
                    past.wrote = Some(stays);
                    past.wrote_unknown(goes);
                }
                known => past.wrote = later(known, position, Some(at)),
            }
        }
        if let Some(floor) = token.floor() {
            // Its reads were before it was made.
            let made = token.expires().checked_sub(life).unwrap_or(moment.wall);
            let at = Stamp::from(moment.instant_at(made));
            past.seen = Some(match past.seen.take() {
                Some((known, since)) => (known.highest_floor(floor), since.max(at)),
                None => (floor, at),
            });
        }
        if let Some(since) = token.unknown_since() {
            past.wrote_unknown(moment.instant_at(since).into());
        }
        past.arrived = Some(moment.now.into());
        self.count_write();
    }
}

fn time_of(known: Option<&(Position, Stamp)>) -> Option<Stamp> {
    known.map(|(_, at)| *at)
}

fn position_of(known: Option<&(Position, Stamp)>) -> Option<Position> {
    known.map(|(position, _)| position.clone())
}

/// Returns a slot as it is kept; there are not that many nodes.
fn slot(node: usize) -> u32 {
    u32::try_from(node).unwrap_or(u32::MAX)
}

/// Returns whether the primary has not, and will not write, all of `position`.
fn is_lost(position: &Position, cluster: &Snapshot) -> bool {
    match cluster.position() {
        Some(primary) => !primary.may_reach(position),
        // Nothing shows that it is lost, while no node takes writes.
        None => !cluster.knows_positions(),
    }
}

/// Returns the part of `position` that the primary has, or may still write: the rest is lost.
fn reachable(known: Option<(Position, Stamp)>, cluster: &Snapshot) -> Option<(Position, Stamp)> {
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
    known: Option<(Position, Stamp)>,
    position: Position,
    at: Option<Stamp>,
) -> Option<(Position, Stamp)> {
    let at = at.max(known.as_ref().map(|(_, at)| *at))?;
    let joined = known.and_then(|(known, _)| known.join(&position));
    Some((joined.unwrap_or(position), at))
}
