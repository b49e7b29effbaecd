//! Logical subscribers: they have a log of their own, and what they have is measured by the primary's.

use std::time::Instant;

use super::Roster;
use crate::cluster::snapshot::{Health, NodeState};
use crate::cluster::{Observation, Question};
use crate::position::{PgPosition, Position};

/// The run of what feeds a logical subscriber, and the timeline of the primary that its position is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Feed {
    /// Another number for each run.
    run: u64,
    /// The last time at which another run fed it, or none did; `None` if this is the first that was seen.
    after: Option<Instant>,
    /// The time of the last question.
    asked: Instant,
    system: u64,
    timeline: u32,
}

/// The timeline on which the primary was seen to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Led {
    system: u64,
    timeline: u32,
    /// The time of its last answer, and of the last one on the timeline before.
    last: Instant,
    before: Option<Instant>,
}

impl Roster {
    /// Records the primary's timeline, of which it told when asked at this time.
    pub(super) fn leads(&mut self, asked: Instant, position: &Position) {
        let Position::Postgres(PgPosition {
            system, timeline, ..
        }) = *position
        else {
            return;
        };
        let (last, before) = match self.led {
            Some(led) if (led.system, led.timeline) == (system, timeline) => {
                (asked.max(led.last), led.before)
            }
            Some(led) => (asked, Some(led.last)),
            None => (asked, None),
        };
        self.led = Some(Led {
            system,
            timeline,
            last,
            before,
        });
    }

    /// Records the answer of a logical subscriber.
    pub(super) fn subscriber_observed(
        &mut self,
        node: usize,
        question: Question,
        said: &Observation,
    ) {
        let Question {
            asked,
            sent,
            server,
            opened,
        } = question;
        self.feeds[node] = self.feed(node, said.feed, asked);
        let position = self.feeds[node].and_then(|feed| feed.translated(said));
        let is_left_behind = self.feeds[node]
            .zip(self.led)
            .is_some_and(|(feed, led)| feed.is_left_behind(led));
        let problem = said
            .problem
            .as_deref()
            .or(is_left_behind.then_some(LEFT_BEHIND))
            .map(Into::into);
        self.states[node] = NodeState {
            serial: self.states[node].serial,
            health: if problem.is_some() {
                Health::Excluded
            } else {
                Health::Up
            },
            server,
            opened: Some(opened),
            complete_as_of: position
                .as_ref()
                .and_then(|position| self.history.complete_as_of(position)),
            position,
            asked: Some(asked),
            sent: Some(sent),
            problem,
            notice: self.states[node].notice.take(),
        };
    }

    /// Returns what feeds a subscriber that is fed by this run, and was asked at this time; `None` while no primary is known.
    ///
    /// Which of two histories a run is of, a subscriber does not say. It is that of the primary that was known when the run was first seen. One that was
    /// started after the last word of that primary is of its successor: the subscriber can have followed no other. So what a
    /// subscriber had from a primary that was left behind never counts as the successor's.
    fn feed(&self, node: usize, run: Option<u64>, asked: Instant) -> Option<Feed> {
        let Led {
            system,
            timeline,
            before,
            ..
        } = self.led?;
        let run = run?;
        let known = self.feeds[node];
        let present = Feed {
            run,
            after: known.map(|known| known.asked),
            asked,
            system,
            timeline,
        };
        match known.filter(|known| known.run == run) {
            Some(known)
                if before
                    .zip(known.after)
                    .is_none_or(|(before, after)| after < before) =>
            {
                Some(Feed { asked, ..known })
            }
            Some(known) => Some(Feed {
                after: known.after,
                ..present
            }),
            None => Some(present),
        }
    }
}

/// The problem of a subscriber that follows a primary which has a successor.
const LEFT_BEHIND: &str = "its subscription has run since before a failover, so it may follow the old primary: let it follow the new one \
                           (`ALTER SUBSCRIPTION .. CONNECTION ..`), or start it anew (`DISABLE`, then `ENABLE`)";

impl Feed {
    fn is_left_behind(&self, led: Led) -> bool {
        (self.system, self.timeline) != (led.system, led.timeline)
    }

    /// Returns the position that a subscriber has told, on the primary's history; `None` if it is fed by another run by now.
    pub(in crate::cluster) fn translated(&self, said: &Observation) -> Option<Position> {
        match said.position {
            Some(Position::Postgres(PgPosition { lsn, .. })) if said.feed == Some(self.run) => {
                Some(PgPosition::new(self.system, self.timeline, lsn).into())
            }
            _ => None,
        }
    }
}
