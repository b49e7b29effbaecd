//! Determines the primary and the members of its cluster from the nodes' observations.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::history::History;
use super::snapshot::{Health, NodeState, Snapshot};
use super::{Members, Observation, Question, ServerId};
use crate::position::Position;
use crate::server::NodeRole;

/// The last observation of every node.
#[derive(Debug)]
pub(crate) struct Roster {
    members: Arc<Members>,
    nodes: Vec<Option<Observation>>,
    /// The servers that they were observed on.
    servers: Vec<Option<ServerId>>,
    states: Vec<NodeState>,
    history: History,
    primary: usize,
    /// A position of this cluster, from the primary, or while there is none from another node: nodes of other clusters
    /// are foreign.
    cluster: Option<Position>,
    /// The first answers, by node, while a router starts: nothing follows from one of them before all are there.
    first: Option<Vec<Option<(Question, Observation)>>>,
    /// The last position of a primary that was removed, until another is found: none on an older history will do.
    removed: Option<Position>,
    /// The feeds of those that are logical subscribers, by node, and their measures.
    feeds: Vec<Option<Feed>>,
    led: Option<Led>,
}

/// The number of newest samples that a snapshot carries in full; older ones are thinned out. Sessions look
/// their positions up among them. Chosen: the last 3.2 s at the default interval of 100 ms.
const RECENT: usize = 32;

/// The reason why a standby that has replayed nothing yet serves nothing: it has no position.
pub(crate) const NO_POSITION: &str = "it has no replication position yet";

/// An event that operators should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Another node is the primary now.
    Promoted { from: usize, to: usize },
    /// Two nodes accept writes. The one on the older history is not used.
    SplitBrain { primary: usize, other: usize },
    /// A node belongs to another cluster.
    Foreign { node: usize },
}

impl Roster {
    /// Creates a roster of unknown nodes; the first counts as the primary until an observation differs.
    pub(crate) fn new(members: &Arc<Members>) -> Self {
        let mut roster = Self {
            members: Arc::clone(members),
            nodes: Vec::new(),
            servers: Vec::new(),
            states: Vec::new(),
            history: History::default(),
            primary: 0,
            cluster: None,
            first: None,
            removed: None,
            feeds: Vec::new(),
            led: None,
        };
        for (slot, _) in members.iter() {
            roster.vacate(slot);
        }
        roster
    }

    /// Collects the first answers from now on, until they are [weighed](Self::settle).
    pub(crate) fn start(&mut self) {
        self.first = Some(vec![None; self.nodes.len()]);
    }

    /// Weighs the answers that came while the router started, by the rule for all later ones, in an order that is the
    /// same however they came: first those of nodes that take writes, else as configured. A tie is the former's.
    ///
    /// The cluster is that of the first node that told: of the one that is meant to be the primary, if it did.
    pub(crate) fn settle(&mut self) -> Vec<Event> {
        let first = self.first.take().unwrap_or_default().into_iter();
        let mut answers: Vec<_> = first
            .enumerate()
            .filter_map(|(node, answer)| Some((node, answer?)))
            .collect();
        let of_cluster = answers.iter().filter(|(_, (_, said))| said.feed.is_none());
        let mut positions = of_cluster.filter_map(|(_, (_, said))| said.position.as_ref());
        self.cluster = positions.find(|position| !position.is_empty()).cloned();
        answers.sort_by_key(|(_, (_, said))| said.role != NodeRole::TakesWrites);
        let mut events = Vec::new();
        for (node, (question, said)) in &answers {
            events.extend(self.observed(*node, *question, said.clone()));
        }
        // One that took writes before the primary was known, on an older history.
        answers.retain(|(_, (_, said))| said.role == NodeRole::TakesWrites);
        for (node, (question, said)) in answers {
            if node != self.primary {
                events.extend(self.observed(node, question, said));
            }
        }
        events
    }

    /// Records that a node did not answer.
    pub(crate) fn lost(&mut self, node: usize, why: &str) -> Vec<Event> {
        if self.members.get(node).is_none() {
            return Vec::new();
        }
        let state = &mut self.states[node];
        if let Some(first) = self.first.as_mut().and_then(|first| first.get_mut(node)) {
            *first = None;
        }
        // The last observation stays: what was proved of this run of the server stays true.
        if state.health != Health::Excluded {
            state.health = Health::Down;
            if state.problem.as_deref() != Some(why) {
                state.problem = Some(why.into());
            }
        }
        let mut events = Vec::new();
        self.find_primary(&mut events);
        events
    }

    /// Records a node's answer.
    pub(crate) fn observed(
        &mut self,
        node: usize,
        question: Question,
        observation: Observation,
    ) -> Vec<Event> {
        if self.members.get(node).is_none() {
            // An answer that was under way when it was removed.
            return Vec::new();
        }
        if let Some(first) = self.first.as_mut().and_then(|first| first.get_mut(node)) {
            *first = Some((question, observation));
            return Vec::new();
        }
        if observation.feed.is_some() {
            self.subscriber_observed(node, question, &observation);
            return Vec::new();
        }
        let Question {
            asked,
            sent,
            server,
            opened,
        } = question;
        if self.is_promotion(node, server, &observation) {
            // Whoever did that knows what gets lost, where histories do not tell.
            self.removed = None;
        }
        let takes_writes =
            observation.role == NodeRole::TakesWrites && !self.is_outrun(&observation);
        let (position, lag) = (observation.position.clone(), observation.lag);
        if self.cluster.is_none() && (takes_writes || !observation.is_empty()) {
            self.cluster.clone_from(&position);
        }
        self.nodes[node] = Some(observation);
        self.servers[node] = server;
        // It is up again; otherwise the primary could not be told from one that is down.
        if self.states[node].health == Health::Down {
            self.states[node].health = Health::Unknown;
        }
        let mut events = Vec::new();
        self.find_primary(&mut events);
        if node == self.primary && takes_writes {
            match &position {
                Some(position) => {
                    self.history.push(asked, position);
                    self.leads(asked, position);
                }
                None => self.history.begin(),
            }
            // GTID sets name ever more servers, so the newest one is kept.
            self.cluster.clone_from(&position);
            self.removed = None;
        }
        let problem = self.judge(node, &mut events).map(Into::into);
        let health = if problem.is_some() {
            Health::Excluded
        } else {
            Health::Up
        };
        if node == self.primary && !takes_writes && self.history.has_begun() {
            // Its name leads to another server, or it was demoted: what is known of the primary is what it said last.
            let state = &mut self.states[node];
            state.health = health;
            state.problem = problem;
            return events;
        }
        let complete_as_of = if node == self.primary && takes_writes {
            Some(asked)
        } else {
            let by_position = |position| self.history.complete_as_of(position);
            let by_position = position.as_ref().and_then(by_position);
            by_position.or_else(|| asked.checked_sub(lag?))
        };
        self.states[node] = NodeState {
            serial: self.states[node].serial,
            health,
            server,
            opened: Some(opened),
            position,
            complete_as_of,
            asked: Some(asked),
            sent: Some(sent),
            problem,
            notice: self.states[node].notice.take(),
        };
        events
    }

    /// Returns the most that a node lagged when it was asked, if that is known.
    pub(crate) fn lag(&self, node: usize, asked: Instant) -> Option<Duration> {
        self.states.get(node)?.lag(asked)
    }

    /// Returns the most that a replica lagged when it was asked, if that is known and it may serve.
    pub(crate) fn replica_lag(&self, node: usize, asked: Instant) -> Option<Duration> {
        let is_replica =
            node != self.primary || self.nodes.get(node)?.as_ref()?.role != NodeRole::TakesWrites;
        let state = self.states.get(node)?;
        (is_replica && state.health == Health::Up).then(|| state.lag(asked))?
    }

    /// Records what holds a node up. Returns whether that is new.
    pub(crate) fn diagnosed(&mut self, node: usize, why: Option<String>) -> bool {
        let is_member = self.members.get(node).is_some();
        let Some(state) = self.states.get_mut(node).filter(|_| is_member) else {
            return false;
        };
        let is_new = state.notice.as_deref() != why.as_deref();
        if is_new {
            state.notice = why.map(Into::into);
        }
        is_new
    }

    /// Returns whether a node takes writes, as far as is known.
    pub(crate) fn takes_writes(&self) -> bool {
        let primary = self.nodes.get(self.primary).and_then(Option::as_ref);
        let state = self.states.get(self.primary);
        state.is_some_and(|state| state.health == Health::Up)
            && primary.is_some_and(|primary| self.may_be_written_to(primary))
    }

    /// Returns a node that belongs to another cluster, if one does, and the difference.
    pub(crate) fn foreign(&self) -> Option<(usize, Cow<'static, str>)> {
        let ours = self.cluster.as_ref()?;
        self.nodes
            .iter()
            .enumerate()
            .find_map(|(index, observation)| {
                let observation = observation
                    .as_ref()
                    .filter(|observation| !self.is_ours(observation))?;
                Some((index, foreign(observation, ours)))
            })
    }

    /// Returns the primary and the reason why its positions prove nothing, if there is one.
    pub(crate) fn problem_of_primary(&self) -> Option<(usize, &str)> {
        let primary = self.nodes[self.primary].as_ref()?;
        let takes_writes = primary.role == NodeRole::TakesWrites;
        let problem = primary.problem.as_deref().filter(|_| takes_writes)?;
        Some((self.primary, problem))
    }

    /// Returns the first node that is known to belong to the cluster.
    pub(crate) fn member(&self) -> Option<usize> {
        let told = |answer: &Option<Observation>| {
            let told = answer.as_ref();
            told.is_some_and(|answer| {
                answer.position.is_some() && !answer.is_empty() && self.is_ours(answer)
            })
        };
        self.nodes.iter().position(told)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut states = self.states.clone();
        for (slot, member) in self.members.iter() {
            // It serves once it is a member, and what comes with it holds.
            if member.is_joining() && slot != self.primary && states[slot].health == Health::Up {
                states[slot].health = Health::Unknown;
            }
        }
        if !self.history.has_begun() {
            let removed = self.removed.clone();
            return Snapshot::without_primary(states, self.primary, removed).fed(&self.feeds);
        }
        let mut snapshot = Snapshot::new(states, self.primary, self.history.recent(RECENT));
        let primary = self.nodes[self.primary].as_ref();
        let primary = primary.filter(|primary| primary.role == NodeRole::TakesWrites);
        snapshot.writer = primary.and_then(|primary| primary.follows.clone());
        snapshot.fed(&self.feeds)
    }

    /// Finds the primary: the node that accepts writes on the newest history; a tie stays with the present one.
    /// In clusters where every node accepts writes, it is the first that is up.
    fn find_primary(&mut self, events: &mut Vec<Event>) {
        let mut best = self.primary;
        for (index, observation) in self.nodes.iter().enumerate() {
            let Some(observation) = observation
                .as_ref()
                .filter(|observation| self.may_be_written_to(observation))
            else {
                continue;
            };
            let is_better = match self.nodes[best]
                .as_ref()
                .filter(|best| self.may_be_written_to(best))
            {
                None => true,
                // Of two names of one server, the first counts.
                Some(_) if observation.is_multi_writer() || self.is_twin(index, best) => {
                    self.is_up(index) && (index < best || !self.is_up(best))
                }
                Some(now) => {
                    observation.succeeds(now)
                        || !self.is_up(best) && self.is_up(index) && !now.succeeds(observation)
                }
            };
            if is_better {
                best = index;
            }
        }
        if best != self.primary {
            events.push(Event::Promoted {
                from: self.primary,
                to: best,
            });
            // Until the old primary is observed again, it serves nothing.
            if self.is_up(self.primary) && self.members.get(self.primary).is_some() {
                self.states[self.primary].health = Health::Unknown;
            }
            self.primary = best;
        }
    }

    /// Returns whether a primary that was removed, and has no successor yet, was on a newer history.
    fn is_outrun(&self, observation: &Observation) -> bool {
        let positions = self.removed.as_ref().zip(observation.position.as_ref());
        positions.is_some_and(|(removed, position)| removed.succeeds(position))
    }

    fn may_be_written_to(&self, observation: &Observation) -> bool {
        observation.role == NodeRole::TakesWrites
            && self.is_ours(observation)
            && !self.is_outrun(observation)
            // In a cluster where every node accepts writes, one that is out of step must not.
            && !(observation.is_multi_writer() && observation.problem.is_some())
    }

    /// Returns whether two nodes are names of one server.
    fn is_twin(&self, one: usize, other: usize) -> bool {
        let servers = self.servers[one].zip(self.servers[other]);
        servers.is_some_and(|(one, other)| one.is_same_server(other))
    }

    fn is_up(&self, node: usize) -> bool {
        self.states[node].health != Health::Down
    }

    fn is_ours(&self, observation: &Observation) -> bool {
        let positions = self.cluster.as_ref().zip(observation.position.as_ref());
        positions.is_none_or(|(ours, position)| position.same_cluster(ours))
    }

    /// Returns the reason why a node that answers must not be used, if there is one.
    fn judge(&mut self, node: usize, events: &mut Vec<Event>) -> Option<Cow<'static, str>> {
        let observation = self.nodes[node].as_ref()?;
        let primary = self.nodes[self.primary].as_ref();
        let (event, problem) = if !self.is_ours(observation) {
            let ours = self.cluster.as_ref()?;
            (Some(Event::Foreign { node }), foreign(observation, ours))
        } else if node == self.primary && self.history.has_begun() {
            // It has what the others lack: whatever is wrong with it, no other node can serve.
            return None;
        } else if let Some(problem) = &observation.problem {
            (None, problem.clone())
        } else if observation.role == NodeRole::TakesWrites
            && primary.is_some_and(|primary| primary.role == NodeRole::TakesWrites)
            && !observation.is_multi_writer()
            && !self.is_twin(node, self.primary)
        {
            let (primary, other) = (self.primary, node);
            (
                Some(Event::SplitBrain { primary, other }),
                second_primary(observation).into(),
            )
        } else if observation.role == NodeRole::TakesWrites && self.is_outrun(observation) {
            (None, second_primary(observation).into())
        } else if observation.is_empty() && primary.is_some_and(|primary| !primary.is_empty()) {
            (None, NO_GTID.into())
        } else if node != self.primary
            && let Some(primary) = primary.filter(|primary| observation.follows_another(primary))
        {
            (None, follows_another(observation, primary))
        } else {
            return None;
        };
        if self.states[node].health != Health::Excluded {
            events.extend(event);
        }
        Some(problem)
    }
}

const NO_GTID: &str = "it has replayed no transaction with a GTID, and the primary has some: let it replicate by GTID \
                       (on MariaDB `CHANGE MASTER TO MASTER_USE_GTID = slave_pos`, on MySQL \
                       `SOURCE_AUTO_POSITION = 1`), from a copy of the primary";

/// The problem with a second node that accepts writes, of a cluster without positions.
const SECOND_WRITER: &str = "it takes writes, and so does the primary: as during a failover; if it stays so, they are of two \
                             clusters, so check its URL";

fn second_primary(observation: &Observation) -> &'static str {
    let position = observation.position.as_ref();
    position.map_or(SECOND_WRITER, |position| position.about().second_primary)
}

/// Returns the problem with a node that has another server's writes than the primary's.
fn follows_another(observation: &Observation, primary: &Observation) -> Cow<'static, str> {
    let name = |said: &Observation| said.follows.clone().unwrap_or_default();
    format!(
        "it follows the writer `{}`, and `{}` takes the writes: as during a failover; if it stays so, they are of two \
         clusters, so check its URL",
        name(observation),
        name(primary)
    )
    .into()
}

/// Returns the problem with a node of another cluster than that of the position `ours`.
fn foreign(observation: &Observation, ours: &Position) -> Cow<'static, str> {
    let our_kind = ours.about().server;
    let kind = observation.position.as_ref();
    let kind = kind.map_or(our_kind, |position| position.about().server);
    if kind != our_kind {
        return format!(
            "it is a {kind} server, and the primary is {our_kind}: positions of different kinds cannot be \
             compared; use servers of one kind, or `window_only()`"
        )
        .into();
    }
    let differs = ours.about().cluster;
    let what = match observation.role {
        NodeRole::TakesWrites => format!(
            "it takes writes and belongs to another cluster (its {differs} differs), so it is another primary \
             or a logical subscriber"
        ),
        NodeRole::ReplaysWrites => format!("it belongs to another cluster (its {differs} differs)"),
    };
    format!("{what}: check its URL, or rebuild it from the primary").into()
}

mod changes;
mod subscribers;
#[cfg(test)]
mod tests;

pub(crate) use subscribers::Feed;
use subscribers::Led;
