//! What operators are told of nodes: noted under the roster's lock, so that each change counts once, and told after it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::Shared;
use super::state::State;
use crate::cluster::{self, Health, News, NodeState, Roster, Told, Writes};
use crate::mutex::lock;
use crate::observe::Event;
use crate::protection::Window;
use crate::routing::Reason;

/// The factor by which the window is to differ from the one that was told last. Chosen: lag goes up and down all the time.
const FACTOR: f64 = 1.5;

/// The least silence of a node that is told. Chosen: an idle router asks every second.
const SILENCE: Duration = Duration::from_secs(3);

/// The news that operators were told, and those they are to be told next.
#[derive(Debug, Default)]
pub(crate) struct Bulletin {
    told: Told,
    /// The window that was told last, and the setting that it came about by.
    window: Option<(Window, Duration)>,
    /// The time of the last look at the nodes.
    looked: Option<Instant>,
    pending: VecDeque<Item>,
}

/// The items to be told, with the names of nodes, which may be gone by then.
#[derive(Debug)]
enum Item {
    Node(String, News),
    Writes(String, Writes),
    Promoted { node: String, from: String },
    SplitBrain { node: String, primary: String },
    Foreign { node: String, why: String },
    LagBeyondWindow { node: String, lag: Duration },
    Window { from: Duration, to: Duration },
}

impl Bulletin {
    /// Notes a lag that the window may not reach.
    pub(super) fn lags(&mut self, node: &str, lag: Duration) {
        let node = node.to_owned();
        self.pending.push_back(Item::LagBeyondWindow { node, lag });
    }

    /// Notes the window, if it is another than was told.
    fn look_at_window(&mut self, setting: &Window, window: Duration) {
        match &mut self.window {
            Some((told_by, told)) if told_by == setting => {
                // As numbers: a window may be as long as there are.
                let (before, now) = (told.as_secs_f64(), window.as_secs_f64());
                let has_grown = now > before * FACTOR;
                let has_shrunk = before > now * FACTOR;
                if has_grown || has_shrunk {
                    let from = std::mem::replace(told, window);
                    self.pending.push_back(Item::Window { from, to: window });
                }
            }
            // Operators know of a setting that changed.
            known => *known = Some((*setting, window)),
        }
    }
}

impl Shared {
    /// Notes what an answer, or the lack of one, means for the cluster.
    pub(in crate::engine) fn note_events(&self, events: &[cluster::Event], roster: &Roster) {
        if events.is_empty() {
            return;
        }
        let now = Instant::now();
        let members = roster.members();
        let name = |slot: usize| members.get(slot).map_or("?", |member| &member.name);
        let name = |slot: usize| name(slot).to_owned();
        let mut bulletin = lock(&self.bulletin);
        let bulletin = &mut *bulletin;
        for event in events {
            let (item, excluded) = match *event {
                cluster::Event::Promoted { from, to } => {
                    self.counts.role_changes.add();
                    let (node, from) = (name(to), name(from));
                    (Item::Promoted { node, from }, None)
                }
                cluster::Event::SplitBrain { primary, other } => {
                    let (node, primary) = (name(other), name(primary));
                    (Item::SplitBrain { node, primary }, Some(other))
                }
                cluster::Event::Foreign { node } => {
                    let why = roster.is_foreign(node).unwrap_or_default().into_owned();
                    let item = Item::Foreign {
                        node: name(node),
                        why,
                    };
                    (item, Some(node))
                }
            };
            bulletin.pending.push_back(item);
            if let Some((slot, member)) = excluded.and_then(|slot| Some((slot, members.get(slot)?)))
            {
                bulletin.told.excluded(slot, member.serial, now);
            }
        }
    }

    /// Notes what is new in what decisions read from now on.
    pub(super) fn note(&self, state: &State, roster: &Roster) {
        let mut bulletin = lock(&self.bulletin);
        let bulletin = &mut *bulletin;
        bulletin.look_at_window(&state.live.window, state.window.window);
        if !self.watched || self.is_starting() {
            return;
        }
        let now = Instant::now();
        let silence = state.policy.max_silence.max(SILENCE);
        let looked = bulletin.looked.replace(now);
        // Or the process has stood still, and not the nodes.
        let may_be_overdue = looked.is_some_and(|looked| now < looked + silence);
        for (slot, member) in state.members.iter() {
            let Some(known) = state.nodes.get(slot).filter(|_| !member.is_joining()) else {
                continue;
            };
            let overdue = may_be_overdue.then(|| self.overdue(slot, known, silence, now));
            let known = match &overdue {
                Some(Some(overdue)) => overdue,
                _ => known,
            };
            let news = bulletin.told.look(slot, known, now);
            if let Some(news) = news {
                let item = Item::Node(member.name.clone(), news);
                bulletin.pending.push_back(item);
            }
        }
        if let Some(writes) = bulletin.told.look_at_writes(roster.takes_writes(), now) {
            let item = Item::Writes(state.name(state.primary).to_owned(), writes);
            bulletin.pending.push_back(item);
        }
    }

    /// Returns the state of a node that has not answered its watcher for longer than it may, though the watcher still waits: a
    /// call that blocks cannot be given up.
    fn overdue(
        &self,
        slot: usize,
        known: &NodeState,
        silence: Duration,
        now: Instant,
    ) -> Option<NodeState> {
        if known.health != Health::Up {
            return None;
        }
        let owes = |limit: Duration| {
            let pending = self.signals.pending(slot, now)?;
            (pending >= limit).then_some(limit)
        };
        // What a watcher asks beside says nothing of when it was asked.
        let is_silent = |sent| now.saturating_duration_since(sent) >= silence;
        let limit = owes(self.probe_timeout)
            .or_else(|| known.sent.is_some_and(is_silent).then_some(silence))?;
        Some(NodeState {
            serial: known.serial,
            health: Health::Down,
            problem: Some(too_slow(limit).into()),
            ..NodeState::UNKNOWN
        })
    }

    /// Tells operators what was noted. Without the roster's lock: whoever listens may ask for the status.
    pub(crate) fn tell(&self) {
        loop {
            let next = lock(&self.bulletin).pending.pop_front();
            let Some(item) = next else { break };
            self.tell_of(&item);
        }
        if self.fallbacks.is_on() {
            self.look_at_fallbacks(Instant::now());
        }
    }

    #[cold]
    fn tell_of(&self, item: &Item) {
        match item {
            Item::Node(node, News::Missing(why)) => Event::NodeMissing { node, why }.emit(),
            Item::Node(node, News::Down(why)) => Event::NodeDown { node, why }.emit(),
            Item::Node(node, News::StillDown(why)) => Event::NodeStillDown { node, why }.emit(),
            Item::Node(node, News::Up(away)) => {
                let away_seconds = away.as_secs_f64();
                Event::NodeUp { node, away_seconds }.emit();
            }
            Item::Node(node, News::Excluded(why)) => Event::NodeExcluded { node, why }.emit(),
            Item::Node(node, News::Included(away)) => {
                let away_seconds = away.as_secs_f64();
                Event::NodeIncluded { node, away_seconds }.emit();
            }
            Item::Writes(node, Writes::Lost) => {
                let nodes = &self.states_of_nodes();
                Event::PrimaryLost { node, nodes }.emit();
            }
            Item::Writes(node, Writes::Found(away)) => {
                let away_seconds = away.as_secs_f64();
                Event::PrimaryFound { node, away_seconds }.emit();
            }
            Item::Promoted { node, from } => Event::Promoted { node, from }.emit(),
            Item::SplitBrain { node, primary } => Event::SplitBrain { node, primary }.emit(),
            Item::Foreign { node, why } => Event::NodeForeign { node, why }.emit(),
            Item::LagBeyondWindow { node, lag } => {
                let lag_seconds = lag.as_secs_f64();
                Event::LagBeyondWindow { node, lag_seconds }.emit();
            }
            Item::Window { from, to } => {
                let (from_seconds, to_seconds) = (from.as_secs_f64(), to.as_secs_f64());
                if to > from {
                    Event::WindowGrown {
                        from_seconds,
                        to_seconds,
                    }
                    .emit();
                } else {
                    Event::WindowShrunk {
                        from_seconds,
                        to_seconds,
                    }
                    .emit();
                }
            }
        }
    }

    /// Records the reason for which a connection was lent, where that may begin or end a time of reads on the primary for want of
    /// a replica.
    #[inline]
    pub(crate) fn lent_for(&self, reason: Reason, now: Instant) {
        if reason == Reason::Fallback || self.fallbacks.is_on() {
            self.lent_in_spell(reason, now);
        }
    }

    #[cold]
    fn lent_in_spell(&self, reason: Reason, now: Instant) {
        if reason == Reason::Fallback {
            if self.fallbacks.fell_back(now) {
                let nodes = &self.snapshot.load().replicas();
                Event::FallbackInUse { nodes }.emit();
            }
        } else if !reason.is_for_primary() {
            self.fallbacks.served();
            self.look_at_fallbacks(now);
        }
    }

    fn look_at_fallbacks(&self, now: Instant) {
        if let Some(over) = self.fallbacks.over(now) {
            Event::FallbackOver {
                lasted_seconds: over.lasted.as_secs_f64(),
                reads: over.reads,
            }
            .emit();
        }
    }

    /// Returns the states of the nodes, in words, where none takes writes.
    pub(in crate::engine) fn states_of_nodes(&self) -> String {
        let cluster = self.snapshot.load();
        let nodes = cluster.nodes.iter().enumerate();
        let nodes = nodes.filter(|(_, node)| node.serial != 0);
        let states = nodes.map(|(index, node)| {
            let (name, problem) = (cluster.name(index), node.problem.as_deref());
            match (node.health, problem) {
                (Health::Up, _) => format!("`{name}` only replays another's writes"),
                (health, Some(problem)) => format!("`{name}` is {health} ({problem})"),
                (health, None) => format!("`{name}` is {health}"),
            }
        });
        states.collect::<Vec<_>>().join(", ")
    }
}

/// Returns the words for a node that did not answer within the limit.
pub(in crate::engine) fn too_slow(limit: Duration) -> String {
    format!("it did not answer within {limit:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(bulletin: &Bulletin) -> Vec<(u64, u64)> {
        let pairs = bulletin.pending.iter().map(|item| match item {
            Item::Window { from, to } => (from.as_secs(), to.as_secs()),
            _ => (0, 0),
        });
        pairs.collect()
    }

    #[test]
    fn a_window_is_told_once_it_is_half_as_long_again_or_that_much_shorter() {
        let mut bulletin = Bulletin::default();
        let setting = Window::default();
        for seconds in [5, 6, 7, 8, 9, 8, 6, 5, 5] {
            bulletin.look_at_window(&setting, Duration::from_secs(seconds));
        }
        assert_eq!(windows(&bulletin), [(5, 8), (8, 5)]);
        let fixed = Window::fixed(Duration::from_secs(60));
        bulletin.look_at_window(&fixed, Duration::from_secs(60));
        assert_eq!(windows(&bulletin).len(), 2, "that was told as a setting");
    }
}
