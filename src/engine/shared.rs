//! What all handles and sessions of a router share.

#[cfg(test)]
mod tests;
mod tokens;

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use diesel_routing_sql::Dialect as Sql;

use super::{Rejections, Settings};
use crate::cluster::{Event, Health, Node, Observation, Question, Roster, Signals, Snapshot};
use crate::consistency::{Class, Function};
use crate::error::ConfigError;
use crate::position::Position;
use crate::routing::{Decision, Inputs, Level, Need, Policy, Reason, decide};
use crate::session::{Clock, SessionState, TokenKeys};
use crate::statement::{Access, Checker};

/// How many times as often as usual a node is asked, at most, unless a read is refused: after commits,
/// and while somebody waits for it to catch up. At the default interval, every 5 ms.
const FASTEST: u32 = 20;

/// What all handles and sessions of a router share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Names of the nodes, in the order of their configuration.
    pub(crate) nodes: Vec<String>,
    pub(crate) checker: Checker,
    pub(crate) wait: Duration,
    pub(crate) signals: Signals,
    /// How long an answer may take.
    pub(crate) patience: Duration,
    pub(crate) rejections: Rejections,
    window: Duration,
    clock: Arc<dyn Clock>,
    policy: Policy,
    classes: Vec<(String, Class)>,
    keys: Option<TokenKeys>,
    token_life: Duration,
    /// Watchers' memory.
    roster: Mutex<Roster>,
    /// What decisions read.
    snapshot: ArcSwap<Snapshot>,
    /// Whether anything replaces the snapshot.
    watched: bool,
    /// Connections out, by node.
    out: Vec<AtomicU32>,
    /// How many replicas were chosen by turns.
    turns: AtomicUsize,
}

/// What a caller asks a router for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) level: Level,
    /// What the handle promises, at least.
    pub(crate) access: Access,
    pub(crate) session: Option<&'a Arc<SessionState>>,
    /// How long to wait for a fresher replica.
    pub(crate) wait: Duration,
    /// A node that has failed the caller just now.
    pub(crate) avoid: Option<usize>,
    /// Replicas that lag more than this do not serve it; as for everyone, if none.
    pub(crate) max_lag: Option<Duration>,
    /// The function that it is for.
    pub(crate) function: Option<&'static str>,
}

impl Shared {
    pub(crate) fn new(settings: &Settings, nodes: &[Node], dialect: Sql, watched: bool) -> Self {
        let count = nodes.len();
        let roster = Roster::new(count);
        let snapshot = if watched {
            roster.snapshot()
        } else {
            Snapshot::unwatched(count)
        };
        Self {
            watched,
            out: nodes.iter().map(|_| AtomicU32::new(0)).collect(),
            turns: AtomicUsize::new(0),
            signals: Signals::new(count, settings.clock.now()),
            nodes: nodes.iter().map(|node| node.name.clone()).collect(),
            window: settings.window,
            wait: settings.wait,
            patience: settings.watch_timeout,
            rejections: Rejections::default(),
            clock: Arc::clone(&settings.clock),
            checker: settings.check.build(dialect),
            policy: Policy::new(settings, nodes),
            classes: settings.classes.clone(),
            keys: settings.keys.clone(),
            token_life: settings.token_life,
            roster: Mutex::new(roster),
            snapshot: ArcSwap::from_pointee(snapshot),
        }
    }

    /// Name of the node with this index.
    pub(crate) fn name(&self, node: usize) -> &str {
        self.nodes.get(node).map_or("?", String::as_str)
    }

    /// What is known of the nodes now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Connections of `node` that are out.
    pub(crate) fn out(&self, node: usize) -> u32 {
        self.out
            .get(node)
            .map_or(0, |out| out.load(Ordering::Relaxed))
    }

    /// The node for what is asked for, and the reason. Where a fresher replica would have done, the
    /// nodes are asked.
    pub(crate) fn decide(&self, request: &Request<'_>) -> Decision {
        let decision = self.look(request);
        if decision.wants_fresher() {
            self.signals.refused(self.clock.now());
        }
        decision
    }

    /// The node for what is asked for, and the reason, as far as is known.
    pub(crate) fn look(&self, request: &Request<'_>) -> Decision {
        let cluster = self.snapshot.load();
        decide(&self.inputs(request, &cluster, self.clock.now()))
    }

    fn inputs<'a>(
        &'a self,
        request: &Request<'_>,
        cluster: &'a Snapshot,
        now: Instant,
    ) -> Inputs<'a, impl Fn(usize) -> u32, impl Fn() -> usize> {
        Inputs {
            level: request.level,
            need: request
                .session
                .filter(|_| request.level == Level::Session)
                .map(|session| self.need(session, now, cluster)),
            cluster,
            policy: &self.policy,
            now,
            system_now: Instant::now(),
            avoid: request.avoid,
            max_lag: request.max_lag,
            random: fastrand::u64(..),
            turn: || self.turns.fetch_add(1, Ordering::Relaxed),
            load: |node| self.out(node),
        }
    }

    /// The primary, for a caller whom no replica serves.
    pub(crate) fn fall_back(&self, request: &Request<'_>) -> Decision {
        let reason = match request.level {
            Level::Write => Reason::Write,
            Level::Strong => Reason::Strong,
            _ => Reason::Fallback,
        };
        Decision::primary(&self.snapshot.load(), reason)
    }

    /// What a call of `function` asks for, over what its session or router would.
    pub(crate) fn request_of<'a>(
        &self,
        function: &'static Function,
        request: Request<'a>,
    ) -> Result<Request<'a>, ConfigError> {
        let class = match function.class {
            Some(class) => self.class(class).ok_or(ConfigError::NoSuchClass {
                function: function.path,
                class,
            })?,
            None => Class::new(),
        };
        Ok(Request {
            level: match (request.access, request.session) {
                (Access::Write, _) => Level::Write,
                // Outside sessions, only `eventual` leaves the primary.
                (_, None) if matches!(function.level, Level::Bounded(_)) => Level::Session,
                _ => function.level,
            },
            wait: function.wait.or(class.wait).unwrap_or(request.wait),
            max_lag: class.max_lag,
            function: Some(function.path),
            ..request
        })
    }

    fn class(&self, name: &str) -> Option<Class> {
        let class = self.classes.iter().find(|(known, _)| known == name);
        class.map(|(_, class)| *class)
    }

    /// Whether `node` has told of itself since then.
    pub(crate) fn has_heard_since(&self, node: usize, opened: Instant) -> bool {
        let sent = self.snapshot.load().sent(node);
        sent.is_some_and(|sent| sent > opened)
    }

    /// Why a connection of `node` may serve what is asked for, if it may.
    pub(crate) fn may_serve(&self, node: usize, request: &Request<'_>) -> Option<Reason> {
        let cluster = self.snapshot.load();
        let state = cluster.nodes.get(node)?;
        match (request.level, request.session) {
            (Level::Bounded(bound), _) => {
                let is_fresh = state.lag(self.clock.now()).is_some_and(|lag| lag <= bound);
                is_fresh.then_some(Reason::Bounded)
            }
            (Level::Session, Some(session)) => {
                let need = self.need(session, self.clock.now(), &cluster);
                let has_all = need.block.is_none()
                    && state.covers(need.wrote.as_ref())
                    && state.covers(need.seen.as_ref())
                    && (need.home == Some((node, state.run))
                        || need.may_leave && state.covers(need.leaving.as_ref()));
                has_all.then(|| need.reason())
            }
            _ => None,
        }
    }

    pub(crate) fn is_primary(&self, node: usize) -> bool {
        self.snapshot.load().primary == node
    }

    /// Whether a token may know of a failover that nobody here has heard of: what it asks for is not on the
    /// primary's history, and some node has not been asked since it arrived.
    pub(crate) fn is_outrun(&self, request: &Request<'_>, decision: Decision) -> bool {
        let arrived = request.session.and_then(|session| session.arrived());
        let Some(arrived) = arrived.filter(|_| decision.reason == Reason::OldHistory) else {
            return false;
        };
        let cluster = self.snapshot.load();
        cluster.nodes.iter().any(|node| {
            node.health != Health::Down && node.asked.is_some_and(|asked| asked <= arrived)
        })
    }

    /// Whether every node takes writes.
    pub(crate) fn is_multi_writer(&self) -> bool {
        let cluster = self.snapshot.load();
        cluster.position().is_some_and(Position::is_multi_writer)
    }

    /// The replica that lacks least of what a session's read needs, and that; if a replica can come to it.
    pub(crate) fn nearly_there(&self, request: &Request<'_>) -> Option<(usize, Position)> {
        let cluster = self.snapshot.load();
        let nearly_there = self
            .inputs(request, &cluster, self.clock.now())
            .nearly_there();
        // Galera's function knows whole seconds only.
        nearly_there.filter(|(_, required)| !required.is_multi_writer())
    }

    /// The session has committed.
    pub(crate) fn committed(&self, session: &SessionState) {
        session.committed(self.clock.now());
        self.signals.ask_soon(self.snapshot.load().primary);
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
            let run = self
                .snapshot
                .load()
                .nodes
                .get(node)
                .map_or(0, |node| node.run);
            session.read_begins(node, run, self.clock.now());
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
                self.signals.ask_soon(node);
            }
        }
    }

    /// A node was asked, and this is what it said.
    pub(crate) fn heard(&self, node: usize, question: Question, said: Observation) {
        let mut roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        let events = roster.observed(node, question, said);
        self.publish(&roster);
        drop(roster);
        for event in events {
            self.report(&event);
        }
    }

    /// How far a replica must be behind to be asked why, and how often it is.
    pub(crate) const TELLS: Duration = Duration::from_secs(1);

    /// Whether a node is behind for so long that somebody may want to know why, or was when it was asked.
    pub(crate) fn is_held_up(&self, node: usize) -> bool {
        let cluster = self.snapshot.load();
        let now = self.clock.now();
        node != cluster.primary
            && cluster.nodes.get(node).is_some_and(|node| {
                node.notice.is_some() || node.lag(now).is_none_or(|lag| lag >= Self::TELLS)
            })
    }

    /// A node was asked what holds it up, and this is what it said.
    pub(crate) fn diagnosed(&self, node: usize, why: Option<String>) {
        let mut roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        if roster.diagnosed(node, why) {
            self.publish(&roster);
        }
    }

    /// A node was asked, and gave no answer.
    pub(crate) fn lost(&self, node: usize, why: &str) {
        let mut roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        let events = roster.lost(node, why);
        self.publish(&roster);
        drop(roster);
        for event in events {
            self.report(&event);
        }
    }

    fn publish(&self, roster: &Roster) {
        self.snapshot.store(Arc::new(roster.snapshot()));
        self.signals.tell();
    }

    /// Whether all nodes that have spoken are of one cluster, and the primary's positions mean something.
    pub(crate) fn check_cluster(&self) -> Result<(), ConfigError> {
        let roster = self.roster.lock().unwrap_or_else(PoisonError::into_inner);
        let primary = || self.name(0).to_owned();
        if let Some((foreign, why)) = roster.foreign() {
            return Err(ConfigError::OtherCluster {
                replica: self.name(foreign).to_owned(),
                primary: primary(),
                why: why.into_owned(),
            });
        }
        match roster.problem_of_primary() {
            Some(why) => Err(ConfigError::NoPositions {
                primary: primary(),
                why: why.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// How long to wait, if nobody asks, before `node` is asked again: the interval; less while it lacks
    /// what somebody was refused it for.
    ///
    /// A quarter of what the caller has waited, so that a session is back on a replica soon after that
    /// has caught up, and a replica that stands still is asked no more often in the end than any other.
    pub(crate) fn pace(&self, node: usize, interval: Duration) -> Duration {
        let cluster = self.snapshot.load();
        let Some((refused, node)) = self.signals.refused_at().zip(cluster.nodes.get(node)) else {
            return interval;
        };
        let has_it = node.complete_as_of.is_some_and(|at| at >= refused);
        if has_it || node.health != Health::Up {
            return interval;
        }
        let waited = self.clock.now().saturating_duration_since(refused);
        (waited / 4).max(Self::soon(interval)).min(interval)
    }

    /// How long a wish that can wait does so: whoever commits meanwhile shares the answer.
    pub(crate) fn soon(interval: Duration) -> Duration {
        interval / FASTEST
    }

    /// The same within a tenth, at random: keeps many routers from asking in step.
    pub(crate) fn jittered(limit: Duration) -> Duration {
        (limit / 1000).saturating_mul(fastrand::u32(900..=1100))
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watched
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Where the primary is, as far as is known.
    pub(crate) fn position(&self) -> Option<Position> {
        self.snapshot.load().position().cloned()
    }

    pub(crate) fn window(&self) -> Duration {
        self.window
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
                "two nodes take writes: the one on the older history gets nothing until it follows the primary"
            ),
            Event::Foreign { node } => tracing::error!(
                node = self.name(node),
                "a node belongs to another cluster: it gets nothing"
            ),
        }
    }
}
