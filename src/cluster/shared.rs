//! What all handles and sessions of a router share.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use diesel_routing_sql::Dialect as Sql;

use super::{Event, Observation, Roster, Signals, Snapshot};
use crate::check::{Checker, StatementCheck};
use crate::routing::{Balance, Decision, Inputs, Level, Need, Policy, Reason, decide};
use crate::session::{Clock, SessionState, SystemClock};

/// A router's settings, as its builder collects them.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) window: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) check: StatementCheck,
    pub(crate) max_lag: Duration,
    pub(crate) balance: Balance,
    pub(crate) wait: Duration,
    pub(crate) positions: bool,
    pub(crate) watch_interval: Duration,
    pub(crate) watch_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(5),
            clock: Arc::new(SystemClock),
            check: StatementCheck::default(),
            max_lag: Duration::from_secs(60),
            balance: Balance::default(),
            wait: Duration::ZERO,
            positions: true,
            watch_interval: Duration::from_millis(100),
            watch_timeout: Duration::from_secs(1),
        }
    }
}

impl Settings {
    pub(crate) fn share(&self, nodes: Vec<String>, dialect: Sql, watched: bool) -> Shared {
        let count = nodes.len();
        let roster = Roster::new(count);
        let snapshot = if watched {
            roster.snapshot()
        } else {
            Snapshot::unwatched(count)
        };
        Shared {
            watched,
            out: nodes.iter().map(|_| AtomicU32::new(0)).collect(),
            signals: Signals::new(count),
            nodes,
            window: self.window,
            wait: self.wait,
            clock: Arc::clone(&self.clock),
            checker: self.check.build(dialect),
            policy: Policy {
                max_lag: self.max_lag,
                balance: self.balance,
            },
            roster: Mutex::new(roster),
            snapshot: ArcSwap::from_pointee(snapshot),
        }
    }
}

/// What all handles and sessions of a router share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Names of the nodes, in the order of their configuration.
    pub(crate) nodes: Vec<String>,
    pub(crate) checker: Checker,
    pub(crate) wait: Duration,
    pub(crate) signals: Signals,
    window: Duration,
    clock: Arc<dyn Clock>,
    policy: Policy,
    /// Watchers' memory.
    roster: Mutex<Roster>,
    /// What decisions read.
    snapshot: ArcSwap<Snapshot>,
    /// Whether anything replaces the snapshot.
    watched: bool,
    /// Connections out, by node.
    out: Vec<AtomicU32>,
}

impl Shared {
    /// Name of the node with this index.
    pub(crate) fn name(&self, node: usize) -> &str {
        self.nodes.get(node).map_or("?", String::as_str)
    }

    /// The node for a read or write at `level`, and the reason.
    pub(crate) fn decide(&self, level: Level, session: Option<&SessionState>) -> Decision {
        let cluster = self.snapshot.load();
        let now = self.clock.now();
        let decision = decide(&Inputs {
            level,
            need: session
                .filter(|_| level == Level::Session)
                .map(|session| self.need(session, now, &cluster)),
            cluster: &cluster,
            policy: &self.policy,
            now,
            random: fastrand::u64(..),
            load: &|node| {
                self.out
                    .get(node)
                    .map_or(0, |out| out.load(Ordering::Relaxed))
            },
        });
        if decision.wants_fresher() {
            self.signals.ask_all();
        }
        decision
    }

    /// Why a connection of `node` may serve a session-level read, if it may.
    pub(crate) fn covers(&self, node: usize, session: &SessionState) -> Option<Reason> {
        let cluster = self.snapshot.load();
        let need = self.need(session, self.clock.now(), &cluster);
        let state = cluster.nodes.get(node)?;
        let home = need.home == Some((node, state.incarnation));
        let has_all = need.block.is_none()
            && state.covers(need.wrote.as_ref())
            && state.covers(need.seen.as_ref())
            && (home || need.may_leave && state.covers(need.leaving.as_ref()));
        has_all.then(|| need.reason())
    }

    pub(crate) fn is_primary(&self, node: usize) -> bool {
        self.snapshot.load().primary == node
    }

    /// The session has committed.
    pub(crate) fn committed(&self, session: &SessionState) {
        session.committed(self.clock.now());
        self.signals.ask(self.snapshot.load().primary);
    }

    /// The session may have written.
    pub(crate) fn wrote_perhaps(&self, session: &SessionState) {
        session.wrote_perhaps(self.clock.now());
    }

    /// A connection of `node` goes out.
    pub(crate) fn lent(&self, node: usize, reads_for: Option<&SessionState>) {
        if let Some(out) = self.out.get(node) {
            out.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(session) = reads_for {
            let incarnation = self
                .snapshot
                .load()
                .nodes
                .get(node)
                .map_or(0, |node| node.incarnation);
            session.read_begins(node, incarnation, self.clock.now());
        }
    }

    /// A connection of `node` has come back.
    pub(crate) fn returned(&self, node: usize, reads_for: Option<&SessionState>) {
        if let Some(out) = self.out.get(node) {
            out.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(session) = reads_for {
            session.read_ends(node, self.clock.now());
            // What it saw on the primary has a position once the primary was asked.
            if self.is_primary(node) {
                self.signals.ask(node);
            }
        }
    }

    /// A node was asked at `asked`, and this is what it said, if anything.
    pub(crate) fn heard(&self, node: usize, asked: Instant, said: Option<Observation>) {
        let mut roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        let events = match said {
            Some(said) => roster.observed(node, asked, said),
            None => {
                roster.lost(node);
                Vec::new()
            }
        };
        self.snapshot.store(Arc::new(roster.snapshot()));
        drop(roster);
        self.signals.tell();
        for event in events {
            self.report(&event);
        }
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watched
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    fn need(&self, session: &SessionState, now: Instant, cluster: &Snapshot) -> Need {
        session.need(now, self.window, cluster)
    }

    fn report(&self, event: &Event) {
        match *event {
            Event::Promoted { from, to } => {
                tracing::warn!(
                    from = self.name(from),
                    to = self.name(to),
                    "another node is the primary now"
                );
            }
            Event::SplitBrain { primary, other } => tracing::error!(
                primary = self.name(primary),
                other = self.name(other),
                "two nodes take writes: the one on the older timeline gets nothing until it follows the primary"
            ),
            Event::Foreign { node } => tracing::error!(
                node = self.name(node),
                "a node belongs to another cluster (its system identifier differs): it gets nothing"
            ),
        }
    }
}
