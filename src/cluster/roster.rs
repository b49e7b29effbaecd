//! Who is the primary, and which nodes belong to its cluster: worked out from what each node says.

use super::Question;
use super::history::{History, Sample};
use super::snapshot::{Health, NodeState, Snapshot};
use crate::error::NodeRole;
use crate::position::Position;

/// What a node says of itself, in one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// Whether it takes writes.
    pub role: NodeRole,
    /// Where it is in the replication stream.
    pub position: Position,
}

impl Observation {
    /// An observation.
    #[must_use]
    pub fn new(role: NodeRole, position: Position) -> Self {
        Self { role, position }
    }
}

/// The last word of every node.
#[derive(Debug)]
pub(crate) struct Roster {
    nodes: Vec<Option<Observation>>,
    states: Vec<NodeState>,
    history: History,
    primary: usize,
    /// A position of this cluster, from the first node that took writes: others are strangers.
    cluster: Option<Position>,
}

/// How many of the newest samples a snapshot carries; older ones are thinned out. Positions of sessions
/// are looked up among them.
const RECENT: usize = 32;

/// Why a node that answers serves nothing: a standby has no position before it has replayed anything.
pub(crate) const NO_POSITION: &str = "it has no replication position yet";

const FOREIGN: &str = "it belongs to another cluster (its system identifier differs): check its URL, or \
                       rebuild it from the primary";
const FOREIGN_PRIMARY: &str = "it takes writes and belongs to another cluster (its system identifier differs), so it is another \
                               primary or a logical subscriber: check its URL, or rebuild it from the primary";
const SECOND_PRIMARY: &str = "it takes writes, and so does the primary, on a newer timeline: shut it down, or make \
                              it follow the primary (`pg_rewind`)";

/// Something a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Another node is the primary now.
    Promoted { from: usize, to: usize },
    /// Two nodes take writes. The one on the older timeline gets nothing.
    SplitBrain { primary: usize, other: usize },
    /// A node belongs to another cluster.
    Foreign { node: usize },
}

impl Roster {
    /// Nodes of which nothing is known; the first is believed to be the primary until one says so.
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            nodes: vec![None; nodes],
            states: vec![NodeState::UNKNOWN; nodes],
            history: History::default(),
            primary: 0,
            cluster: None,
        }
    }

    /// A node did not answer.
    pub(crate) fn lost(&mut self, node: usize, why: &str) {
        let state = &mut self.states[node];
        // Its last word stays: what was proved of this run of the server stays true.
        if state.health != Health::Excluded {
            state.health = Health::Down;
            if state.problem.as_deref() != Some(why) {
                state.problem = Some(why.into());
            }
        }
    }

    /// A node was asked, and answered.
    pub(crate) fn observed(
        &mut self,
        node: usize,
        question: Question,
        said: Observation,
    ) -> Vec<Event> {
        let Question { asked, sent, run } = question;
        self.nodes[node] = Some(said);
        if said.role == NodeRole::TakesWrites {
            self.cluster.get_or_insert(said.position);
        }
        let mut events = Vec::new();
        self.find_primary(&mut events);
        if node == self.primary && said.role == NodeRole::TakesWrites {
            self.history.push(Sample {
                asked,
                position: said.position,
            });
        }
        let problem = self.judge(node, &said, &mut events);
        let complete_as_of = if node == self.primary {
            Some(asked)
        } else {
            self.history.complete_as_of(&said.position)
        };
        self.states[node] = NodeState {
            health: if problem.is_some() {
                Health::Excluded
            } else {
                Health::Up
            },
            run,
            position: Some(said.position),
            complete_as_of,
            asked: Some(asked),
            sent: Some(sent),
            problem: problem.map(Into::into),
        };
        events
    }

    /// A node that belongs to another cluster, if one does.
    pub(crate) fn foreign(&self) -> Option<usize> {
        let cluster = self.cluster?;
        self.nodes
            .iter()
            .position(|said| said.is_some_and(|said| !same_cluster(&said.position, &cluster)))
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            nodes: self.states.clone(),
            primary: self.primary,
            recent: self.history.recent(RECENT),
        }
    }

    /// The primary is who takes writes on the newest timeline; a tie stays with who it was.
    fn find_primary(&mut self, events: &mut Vec<Event>) {
        let Some(cluster) = self.cluster else { return };
        let writable = |index: &usize| {
            self.nodes[*index].is_some_and(|said| {
                said.role == NodeRole::TakesWrites && same_cluster(&said.position, &cluster)
            })
        };
        let newest = (0..self.nodes.len())
            .filter(writable)
            .max_by_key(|&index| (self.timeline(index), index == self.primary));
        if let Some(newest) = newest.filter(|&newest| newest != self.primary) {
            events.push(Event::Promoted {
                from: self.primary,
                to: newest,
            });
            // Until the old one says what it is now, it serves nothing.
            self.states[self.primary].health = Health::Unknown;
            self.primary = newest;
        }
    }

    /// Why a node that answers must not be used, if so.
    fn judge(
        &mut self,
        node: usize,
        said: &Observation,
        events: &mut Vec<Event>,
    ) -> Option<&'static str> {
        let primary = self.nodes[self.primary]?;
        let foreign = self
            .cluster
            .is_some_and(|ours| !same_cluster(&said.position, &ours));
        let (event, problem) = if foreign {
            let problem = match said.role {
                NodeRole::TakesWrites => FOREIGN_PRIMARY,
                NodeRole::ReplaysWrites => FOREIGN,
            };
            (Event::Foreign { node }, problem)
        } else if node != self.primary
            && said.role == NodeRole::TakesWrites
            && primary.role == NodeRole::TakesWrites
        {
            let (primary, other) = (self.primary, node);
            (Event::SplitBrain { primary, other }, SECOND_PRIMARY)
        } else {
            return None;
        };
        if self.states[node].health != Health::Excluded {
            events.push(event);
        }
        Some(problem)
    }

    fn timeline(&self, node: usize) -> u32 {
        match self.nodes[node].map(|said| said.position) {
            Some(Position::Postgres(position)) => position.timeline,
            None => 0,
        }
    }
}

fn same_cluster(one: &Position, other: &Position) -> bool {
    match (one, other) {
        (Position::Postgres(one), Position::Postgres(other)) => one.system == other.system,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::position::{Lsn, PgPosition};

    fn says(role: NodeRole, timeline: u32, lsn: u64) -> Observation {
        Observation::new(
            role,
            Position::Postgres(PgPosition::new(7, timeline, Lsn(lsn))),
        )
    }

    fn question() -> Question {
        let now = Instant::now();
        Question {
            asked: now,
            sent: now,
            run: 1,
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
        // It is told once, not at every probe.
        assert_eq!(roster.observed(0, now, says(PRIMARY, 1, 61)), []);
        // Rebuilt as a standby of the new primary it is welcome again.
        roster.observed(0, now, says(REPLICA, 2, 61));
        assert_eq!(roster.snapshot().nodes[0].health, Health::Up);
    }

    #[test]
    fn a_node_of_another_cluster_is_excluded() {
        let now = question();
        let mut roster = Roster::new(2);
        roster.observed(0, now, says(PRIMARY, 1, 50));
        let stranger = Position::Postgres(PgPosition::new(8, 9, Lsn(99)));
        let events = roster.observed(1, now, Observation::new(PRIMARY, stranger));
        assert_eq!(events, [Event::Foreign { node: 1 }]);
        assert_eq!(roster.foreign(), Some(1));
        assert_eq!(roster.snapshot().primary, 0);
        let state = &roster.snapshot().nodes[1];
        assert_eq!(state.health, Health::Excluded);
        assert_eq!(state.problem.as_deref(), Some(FOREIGN_PRIMARY));
        let says = Observation::new(REPLICA, stranger);
        roster.observed(1, now, says);
        let state = &roster.snapshot().nodes[1];
        assert_eq!(state.problem.as_deref(), Some(FOREIGN));
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
