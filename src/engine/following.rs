//! `Following`: what makes a router's nodes those of a node set.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Shared;
use crate::cluster::{Members, Node, is_same};
use crate::error::Error;
use crate::mutex::lock;
use crate::observe::Event;

/// A source of node sets that a router follows: which nodes are its, and how it is doing.
#[derive(Debug)]
pub(crate) struct Following {
    /// The names that its sets have had: nodes of other names are somebody else's.
    names: BTreeSet<String>,
    /// Its place among the router's sources, from 1 on.
    source: u64,
    state: Arc<Mutex<State>>,
}

/// The state of a source of node sets.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The time of the last set.
    last: Option<Instant>,
    problem: Option<String>,
    /// The time at which it first gave no set, if it has given none since.
    failing_since: Option<Instant>,
    has_ended: bool,
}

/// A source of node sets that a router follows, in [`Status`](crate::Status).
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct DiscoveryStatus {
    /// The time since the last set that stands; `None` before the first one.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "age_seconds", serialize_with = "crate::serialize::seconds")
    )]
    pub age: Option<Duration>,
    /// The failure since: the source gave no set, or a node of it cannot be taken in.
    pub problem: Option<String>,
    /// Set once the source tells no more. The last set stands.
    pub has_ended: bool,
}

/// A step towards a node set.
#[derive(Debug)]
pub(crate) enum Turn {
    Add(Node),
    Replace(Node),
    Remove(String),
}

impl Following {
    /// The problem with a set without nodes.
    pub(crate) const EMPTY: &str =
        "the set has no node: more likely a mistake than a cluster without servers";

    /// Starts to follow a source, which has told nothing yet.
    pub(crate) fn start(shared: &Shared) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let mut sources = lock(&shared.discoveries);
        sources.push(Arc::clone(&state));
        Self {
            names: BTreeSet::new(),
            source: u64::try_from(sources.len()).unwrap_or(u64::MAX),
            state,
        }
    }

    /// Returns what makes `members` those of this set, as far as they are this source's: what is new before what goes, so
    /// that a set of other nodes than before leaves the router some at all times.
    pub(crate) fn turns(&mut self, members: &Members, set: Vec<Node>) -> Vec<Turn> {
        let names: BTreeSet<_> = set.iter().map(|node| node.name.clone()).collect();
        let mut turns: Vec<_> = set
            .into_iter()
            .filter_map(|node| match members.find(&node.name) {
                Some((_, member)) if is_same(member, &node) => None,
                Some(_) => Some(Turn::Replace(node)),
                None => Some(Turn::Add(node)),
            })
            .collect();
        let gone = self.names.difference(&names);
        let gone = gone.filter(|name| members.find(name).is_some());
        turns.extend(gone.cloned().map(Turn::Remove));
        // Those that could not be removed are tried again.
        self.names.retain(|name| members.find(name).is_some());
        self.names.extend(names);
        turns
    }

    /// Records a set, and what could not be done of it.
    pub(crate) fn took(&self, failures: &[Error]) {
        let words: Vec<_> = failures.iter().map(ToString::to_string).collect();
        let problem = (!words.is_empty()).then(|| words.join("; "));
        let (source, now) = (self.source, Instant::now());
        let mut state = lock(&self.state);
        state.last = Some(now);
        let failed = state.failing_since.take();
        let before = std::mem::replace(&mut state.problem, problem.clone());
        drop(state);
        if let Some(since) = failed {
            let away_seconds = now.saturating_duration_since(since).as_secs_f64();
            Event::SourceBack {
                source,
                away_seconds,
            }
            .emit();
        }
        if let Some(why) = problem.as_deref().filter(|_| problem != before) {
            Event::NodeSetIncomplete { source, why }.emit();
        }
    }

    /// Records that the source gave no set.
    pub(crate) fn failed(&self, problem: &str) {
        let mut state = lock(&self.state);
        let is_news = state.failing_since.is_none() || state.problem.as_deref() != Some(problem);
        state.failing_since.get_or_insert_with(Instant::now);
        state.problem = Some(problem.to_owned());
        drop(state);
        if is_news {
            let (source, why) = (self.source, problem);
            Event::SourceFailed { source, why }.emit();
        }
    }

    /// Records that the source tells no more.
    pub(crate) fn ended(&self) {
        lock(&self.state).has_ended = true;
        let source = self.source;
        Event::SourceEnded { source }.emit();
    }
}

impl Shared {
    /// Returns the state of each source of node sets.
    pub(super) fn discovery_status(&self) -> Vec<DiscoveryStatus> {
        let now = Instant::now();
        let states = lock(&self.discoveries);
        let status = states.iter().map(|state| {
            let state = lock(state);
            DiscoveryStatus {
                age: state.last.map(|last| now.saturating_duration_since(last)),
                problem: state.problem.clone(),
                has_ended: state.has_ended,
            }
        });
        status.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> Node {
        Node::new(name, format!("url of {name}"))
    }

    fn following() -> Following {
        Following {
            names: BTreeSet::new(),
            source: 1,
            state: Arc::default(),
        }
    }

    fn shown(turns: &[Turn]) -> String {
        format!("{turns:?}")
    }

    #[test]
    fn what_is_new_comes_before_what_goes_and_what_is_the_same_stays() {
        let mut following = following();
        let members = Members::new([node("one")]);
        let set = vec![node("one"), node("two")];
        let turns = following.turns(&members, set);
        assert_eq!(shown(&turns), shown(&[Turn::Add(node("two"))]));
        let members = Members::new([node("one"), node("two")]);
        let changed = node("two").weight(7);
        let set = vec![changed.clone(), node("three")];
        let turns = [
            Turn::Replace(changed),
            Turn::Add(node("three")),
            Turn::Remove("one".to_owned()),
        ];
        assert_eq!(shown(&following.turns(&members, set)), shown(&turns));
    }

    #[test]
    fn nodes_that_no_set_has_named_stay() {
        let mut following = following();
        let members = Members::new([node("configured"), node("one")]);
        assert_eq!(shown(&following.turns(&members, vec![node("one")])), "[]");
        let turns = following.turns(&members, vec![node("two")]);
        let expected = [Turn::Add(node("two")), Turn::Remove("one".to_owned())];
        assert_eq!(shown(&turns), shown(&expected));
    }

    #[test]
    fn what_could_not_be_done_is_tried_with_the_next_set() {
        let mut following = following();
        let members = Members::new([node("one")]);
        for _ in 0..2 {
            let turns = following.turns(&members, vec![node("one"), node("two")]);
            assert_eq!(shown(&turns), shown(&[Turn::Add(node("two"))]));
        }
    }
}
