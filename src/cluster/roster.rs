//! Determines the primary and the members of its cluster from the nodes' observations.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::history::History;
use super::snapshot::{Health, NodeState, Snapshot};
use super::{Observation, Question, ServerId};
use crate::position::Position;
use crate::server::NodeRole;

/// The last observation of every node.
#[derive(Debug)]
pub(crate) struct Roster {
    nodes: Vec<Option<Observation>>,
    /// The servers that they were observed on.
    servers: Vec<Option<ServerId>>,
    states: Vec<NodeState>,
    history: History,
    primary: usize,
    /// A position of this cluster, from the primary: nodes of other clusters are foreign.
    cluster: Option<Position>,
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
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            nodes: vec![None; nodes],
            servers: vec![None; nodes],
            states: vec![NodeState::UNKNOWN; nodes],
            history: History::default(),
            primary: 0,
            cluster: None,
        }
    }

    /// Records that a node did not answer.
    pub(crate) fn lost(&mut self, node: usize, why: &str) -> Vec<Event> {
        let state = &mut self.states[node];
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
        let Question {
            asked,
            sent,
            server,
            opened,
        } = question;
        let takes_writes = observation.role == NodeRole::TakesWrites;
        let position = observation.position.clone();
        if takes_writes && self.cluster.is_none() {
            self.cluster = Some(position.clone());
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
            self.history.push(asked, &position);
            // GTID sets name ever more servers, so the newest one is kept.
            self.cluster = Some(position.clone());
        }
        let problem = self.judge(node, &mut events).map(Into::into);
        let health = if problem.is_some() {
            Health::Excluded
        } else {
            Health::Up
        };
        if node == self.primary && !takes_writes && self.history.has_samples() {
            // Its name leads to another server, or it was demoted: what is known of the primary is what it said last.
            let state = &mut self.states[node];
            state.health = health;
            state.problem = problem;
            return events;
        }
        let complete_as_of = if node == self.primary {
            Some(asked)
        } else {
            self.history.complete_as_of(&position)
        };
        self.states[node] = NodeState {
            health,
            server,
            opened: Some(opened),
            position: Some(position),
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

    /// Records what holds a node up. Returns whether that is new.
    pub(crate) fn diagnosed(&mut self, node: usize, why: Option<String>) -> bool {
        let state = &mut self.states[node];
        let is_new = state.notice.as_deref() != why.as_deref();
        if is_new {
            state.notice = why.map(Into::into);
        }
        is_new
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

    /// Returns the reason why the primary's positions prove nothing, if there is one.
    pub(crate) fn problem_of_primary(&self) -> Option<&str> {
        self.nodes[self.primary].as_ref()?.problem.as_deref()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::new(
            self.states.clone(),
            self.primary,
            self.history.recent(RECENT),
        )
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
                Some(_) if observation.position.is_multi_writer() || self.is_twin(index, best) => {
                    self.is_up(index) && (index < best || !self.is_up(best))
                }
                Some(now) => {
                    observation.position.succeeds(&now.position)
                        || !self.is_up(best)
                            && self.is_up(index)
                            && !now.position.succeeds(&observation.position)
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
            if self.is_up(self.primary) {
                self.states[self.primary].health = Health::Unknown;
            }
            self.primary = best;
        }
    }

    fn may_be_written_to(&self, observation: &Observation) -> bool {
        observation.role == NodeRole::TakesWrites
            && self.is_ours(observation)
            // In a cluster where every node accepts writes, one that is out of step must not.
            && !(observation.position.is_multi_writer() && observation.problem.is_some())
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
        self.cluster
            .as_ref()
            .is_none_or(|ours| observation.position.same_cluster(ours))
    }

    /// Returns the reason why a node that answers must not be used, if there is one.
    fn judge(&mut self, node: usize, events: &mut Vec<Event>) -> Option<Cow<'static, str>> {
        let observation = self.nodes[node].as_ref()?;
        let primary = self.nodes[self.primary].as_ref()?;
        let (event, problem) = if !self.is_ours(observation) {
            let ours = self.cluster.as_ref()?;
            (Some(Event::Foreign { node }), foreign(observation, ours))
        } else if node == self.primary {
            // It has what the others lack: whatever is wrong with it, no other node can serve.
            return None;
        } else if let Some(problem) = &observation.problem {
            (None, problem.clone())
        } else if observation.role == NodeRole::TakesWrites
            && primary.role == NodeRole::TakesWrites
            && !observation.position.is_multi_writer()
            && !self.is_twin(node, self.primary)
        {
            let (primary, other) = (self.primary, node);
            (
                Some(Event::SplitBrain { primary, other }),
                observation.position.about().second_primary.into(),
            )
        } else if observation.position.is_empty() && !primary.position.is_empty() {
            (None, NO_GTID.into())
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

/// Returns the problem with a node of another cluster than that of the position `ours`.
fn foreign(observation: &Observation, ours: &Position) -> Cow<'static, str> {
    let (kind, our_kind) = (observation.position.about().server, ours.about().server);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::{Lsn, PgPosition};

    fn says(role: NodeRole, timeline: u32, lsn: u64) -> Observation {
        Observation::new(
            role,
            Position::Postgres(PgPosition::new(7, timeline, Lsn(lsn))),
        )
    }

    fn question() -> Question {
        of_server(None)
    }

    fn of_server(server: Option<ServerId>) -> Question {
        let now = Instant::now();
        Question {
            asked: now,
            sent: now,
            server,
            opened: now,
        }
    }

    const PRIMARY: NodeRole = NodeRole::TakesWrites;
    const REPLICA: NodeRole = NodeRole::ReplaysWrites;

    #[test]
    fn the_primary_is_who_takes_writes_whatever_the_order_of_the_nodes() {
        let now = question();
        let mut roster = Roster::new(3);
        roster.observed(0, now, says(REPLICA, 1, 10));
        roster.observed(2, now, says(REPLICA, 1, 10));
        let events = roster.observed(1, now, says(PRIMARY, 1, 10));
        assert_eq!(events, [Event::Promoted { from: 0, to: 1 }]);
        assert_eq!(roster.snapshot().primary, 1);
    }

    #[test]
    fn after_a_promotion_the_newest_timeline_wins_and_the_old_primary_gets_nothing() {
        let now = question();
        let mut roster = Roster::new(2);
        roster.observed(0, now, says(PRIMARY, 1, 50));
        roster.observed(1, now, says(REPLICA, 1, 40));
        let events = roster.observed(1, now, says(PRIMARY, 2, 45));
        assert_eq!(events, [Event::Promoted { from: 0, to: 1 }]);
        let events = roster.observed(0, now, says(PRIMARY, 1, 60));
        assert_eq!(
            events,
            [Event::SplitBrain {
                primary: 1,
                other: 0
            }]
        );
        let snapshot = roster.snapshot();
        assert_eq!(snapshot.primary, 1);
        assert_eq!(snapshot.nodes[0].health, Health::Excluded);
        // It is reported once, not at every probe.
        assert_eq!(roster.observed(0, now, says(PRIMARY, 1, 61)), []);
        // Rebuilt as a standby of the new primary, it may serve again.
        roster.observed(0, now, says(REPLICA, 2, 61));
        assert_eq!(roster.snapshot().nodes[0].health, Health::Up);
    }

    /// A promoted server that was reached by the names of both roles was a split brain, to be shut down.
    #[test]
    fn two_names_of_one_server_are_one_primary_and_never_a_split_brain() {
        let promoted = of_server(Some(ServerId::numbered(2)));
        let mut roster = Roster::new(2);
        roster.observed(
            0,
            of_server(Some(ServerId::numbered(1))),
            says(PRIMARY, 1, 50),
        );
        roster.observed(1, promoted, says(REPLICA, 1, 40));
        let events = roster.observed(1, promoted, says(PRIMARY, 2, 45));
        assert_eq!(events, [Event::Promoted { from: 0, to: 1 }]);
        // The name for writes follows the role.
        let events = roster.observed(0, promoted, says(PRIMARY, 2, 46));
        assert_eq!(events, [Event::Promoted { from: 1, to: 0 }]);
        roster.observed(1, promoted, says(PRIMARY, 2, 46));
        let snapshot = roster.snapshot();
        assert_eq!(snapshot.primary, 0);
        assert!(snapshot.nodes.iter().all(|node| node.health == Health::Up));
    }

    #[test]
    fn a_node_of_another_cluster_is_excluded() {
        let now = question();
        let mut roster = Roster::new(2);
        roster.observed(0, now, says(PRIMARY, 1, 50));
        let stranger = Position::Postgres(PgPosition::new(8, 9, Lsn(99)));
        let events = roster.observed(1, now, Observation::new(PRIMARY, stranger.clone()));
        assert_eq!(events, [Event::Foreign { node: 1 }]);
        assert_eq!(roster.foreign().map(|(node, _)| node), Some(1));
        assert_eq!(roster.snapshot().primary, 0);
        let state = &roster.snapshot().nodes[1];
        assert_eq!(state.health, Health::Excluded);
        assert_eq!(
            state.problem.as_deref(),
            Some(
                "it takes writes and belongs to another cluster (its system identifier differs), so it is another primary \
                 or a logical subscriber: check its URL, or rebuild it from the primary"
            )
        );
        let says = Observation::new(REPLICA, stranger);
        roster.observed(1, now, says);
        let state = &roster.snapshot().nodes[1];
        assert_eq!(
            state.problem.as_deref(),
            Some(
                "it belongs to another cluster (its system identifier differs): check its URL, or rebuild it from the primary"
            )
        );
    }

    #[test]
    fn what_a_primary_said_last_stays_while_its_name_leads_to_a_standby() {
        let [ours, other] = [1, 2].map(|server| of_server(Some(ServerId::numbered(server))));
        let mut roster = Roster::new(2);
        roster.observed(0, other, says(REPLICA, 1, 40));
        assert!(roster.snapshot().has_positions());
        roster.observed(0, ours, says(PRIMARY, 1, 50));
        let before = roster.snapshot();
        roster.observed(0, other, says(REPLICA, 1, 40));
        let after = roster.snapshot();
        assert_eq!(after.nodes[0], before.nodes[0]);
        assert_eq!(after.primary, 0);
        // As soon as another node takes writes, it is that standby, and no more.
        roster.observed(1, ours, says(PRIMARY, 1, 60));
        assert_eq!(roster.snapshot().primary, 1);
        roster.observed(0, other, says(REPLICA, 1, 40));
        assert_eq!(roster.snapshot().nodes[0].server, other.server);
    }

    #[test]
    fn a_lost_primary_stays_the_primary_until_another_node_takes_writes() {
        let now = question();
        let mut roster = Roster::new(2);
        roster.observed(0, now, says(PRIMARY, 1, 50));
        roster.observed(1, now, says(REPLICA, 1, 50));
        roster.lost(0, "no answer");
        assert_eq!(roster.snapshot().primary, 0);
        assert_eq!(roster.snapshot().nodes[0].health, Health::Down);
        roster.observed(1, now, says(PRIMARY, 2, 51));
        assert_eq!(roster.snapshot().primary, 1);
    }
}
