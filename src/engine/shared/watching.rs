//! What nodes say of themselves, and how often they are asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::state::State;
use super::{FASTEST, SLOWEST, Shared};
use crate::cluster::{Observation, Question, Roster, Sample, Samples, ServerId, Snapshot, never};
use crate::engine::Live;
use crate::error::ConfigError;
use crate::mutex::lock;
use crate::random;
use crate::routing::Policy;
use crate::server::NodeRole;

impl Shared {
    /// Records what a connection's server said, asked at `asked`: of the primary, it is a sample of its position.
    pub(crate) fn hear(&self, server: Option<ServerId>, asked: Instant, said: &Observation) {
        let is_primary = said.role == NodeRole::TakesWrites
            && server.is_some()
            && self.snapshot.load().is_primary(server);
        let Some(position) = said.position.as_ref().filter(|_| is_primary) else {
            return;
        };
        let sample = Arc::new(Sample {
            asked,
            position: position.mark(),
        });
        self.samples.rcu(|samples| match samples {
            Some(known) => known
                .with(&sample)
                .map_or_else(|| samples.clone(), |more| Some(Arc::new(more))),
            None => Samples::default().with(&sample).map(Arc::new),
        });
    }

    /// Records the answer of a node.
    pub(crate) fn record_observation(&self, node: usize, question: Question, said: Observation) {
        let mut roster = lock(&self.roster);
        let events = roster.observed(node, question, said);
        self.note_events(&events, &roster);
        if let Some(lag) = roster.replica_lag(node, question.asked) {
            self.saw_lag(node, lag);
        }
        self.publish(&roster);
        if let Some(lag) = roster.lag(node, question.asked) {
            self.delays.limit(node, lag);
        }
        drop(roster);
        self.tell();
        self.look_at_strain(question.sent);
        #[cfg(feature = "metrics")]
        self.tick_metrics(question.sent);
    }

    /// The lag past which a replica is asked why, and the time between two such questions.
    pub(crate) const DIAGNOSE_AFTER: Duration = Duration::from_secs(1);

    /// Returns whether a node is so far behind that it is to be asked why, or was when it was asked.
    pub(crate) fn is_held_up(&self, node: usize) -> bool {
        let cluster = self.snapshot.load();
        let now = self.clock.now();
        !cluster.is_led_by_node(node)
            && cluster.nodes.get(node).is_some_and(|node| {
                node.notice.is_some() || node.lag(now).is_none_or(|lag| lag >= Self::DIAGNOSE_AFTER)
            })
    }

    /// Records that a node gave no answer.
    pub(crate) fn record_failure(&self, node: usize, why: &str) {
        let mut roster = lock(&self.roster);
        let events = roster.lost(node, why);
        self.note_events(&events, &roster);
        self.publish(&roster);
        drop(roster);
        self.tell();
        #[cfg(feature = "metrics")]
        self.tick_metrics(Instant::now());
    }

    pub(in crate::engine) fn publish(&self, roster: &Roster) {
        let policy = Arc::clone(&self.snapshot.load().policy);
        self.publish_under(policy, roster);
    }

    pub(super) fn publish_under(&self, policy: Arc<Policy>, roster: &Roster) {
        let live = Arc::clone(&self.snapshot.load().live);
        self.publish_all(policy, live, roster);
    }

    /// Replaces what decisions read. Under the roster's lock, so that none of it is of an earlier change.
    pub(super) fn publish_all(&self, policy: Arc<Policy>, live: Arc<Live>, roster: &Roster) {
        let members = Arc::clone(roster.members());
        let told = lock(&self.told);
        let state = State {
            cluster: if self.watched {
                roster.snapshot()
            } else {
                Snapshot::unwatched(&members, |serial| match self.is_single {
                    true => Some(never()),
                    false => told.get(&serial).copied(),
                })
            },
            members,
            window: self.window_under(&live),
            strain: self.strain_under(&live),
            policy,
            live,
        };
        drop(told);
        let observes = state.live.observed().is_any();
        self.note(&state, roster);
        self.snapshot.store(Arc::new(state));
        self.observes.store(observes, Ordering::Relaxed);
        self.look_at_common();
        self.signals.answered();
    }

    /// Checks that all nodes that have answered are of one cluster, and that the primary's positions mean something.
    pub(crate) fn check_cluster(&self) -> Result<(), ConfigError> {
        let roster = lock(&self.roster);
        let name = |node: usize| self.name(node);
        if let Some((foreign, why)) = roster.foreign() {
            let member = roster.member().unwrap_or_default();
            return Err(ConfigError::OtherCluster {
                replica: name(foreign),
                primary: name(member),
                why: why.into_owned(),
            });
        }
        match roster.problem_of_primary() {
            Some((primary, why)) => Err(ConfigError::NoPositions {
                primary: name(primary),
                why: why.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Returns the time before a node is asked again if no caller is in a hurry: the interval; more while nobody reads or
    /// writes, a tenth of the time since the last checkout, up to a second.
    pub(crate) fn pace(&self, interval: Duration, now: Instant) -> Duration {
        let idle = self.signals.idle(now);
        (idle / 10).min(SLOWEST).max(interval)
    }

    /// Returns the delay of a question that can wait: whoever commits meanwhile shares the answer.
    pub(crate) fn soon(interval: Duration) -> Duration {
        interval / FASTEST
    }

    /// Returns about this limit, a tenth more or less at random: keeps many routers from asking in step.
    pub(crate) fn jittered(limit: Duration) -> Duration {
        (limit / 1000).saturating_mul(random::within(900..=1100))
    }
}
