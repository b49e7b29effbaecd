//! The state that all handles and sessions of a router share.

mod bulletin;
mod changes;
mod common;
mod connections;
mod fence;
mod lags;
mod nodes;
mod reads;
mod refusals;
mod state;
mod strain;
mod switch;
mod terms;
#[cfg(test)]
mod tests;
mod tokens;
mod upstreams;
mod watching;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use diesel_routing_sql::Dialect as Sql;

use self::bulletin::Bulletin;
pub(in crate::engine) use self::bulletin::too_slow;
use self::common::CommonWrites;
use self::state::State;
pub(crate) use self::terms::Terms;
use super::delays::Delays;
use super::{Counts, Known, OneQuestion, Questions, Rejections, Request, Reset, Settings};
use crate::cluster::{
    BothClocks, Health, Member, Members, Node, PerSlot, Roster, Samples, ServerFacts, Signals,
    Snapshot, SourceAddress, after, age, never,
};
use crate::mutex::lock;
use crate::observe::Spell;
use crate::position::Position;
use crate::protection::{Gauges, Lags, Strain};
use crate::random;
use crate::routing::{Decision, Delay, Inputs, Level, Reason, Strength, decide};
use crate::session::{Clock, SessionState, TokenKeys};
use crate::statement::Checker;

/// The part of the watch interval within which the primary is asked after a commit: 5 ms by default, for which other
/// commits may join.
const FASTEST: u32 = 20;

/// The longest time between two questions to a node while nobody reads or writes. Chosen: well within the silence after
/// which a node serves nothing.
const SLOWEST: Duration = Duration::from_secs(1);

/// The state that all handles and sessions of a router share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) checker: Checker,
    /// Set if nobody wants to know what statements leave behind on their connections.
    pub(crate) never_resets: bool,
    pub(crate) dialect: Sql,
    pub(crate) signals: Signals,
    /// The time that a node's answer may take.
    pub(crate) probe_timeout: Duration,
    pub(crate) rejections: Rejections,
    pub(crate) counts: Counts,
    /// The router's name.
    pub(super) label: Arc<str>,
    #[cfg(feature = "metrics")]
    pub(super) recording: super::Recording,
    pub(crate) configuration: super::Record,
    pub(super) discoveries: Mutex<Vec<Arc<Mutex<super::following::State>>>>,
    #[cfg(feature = "hedge")]
    pub(crate) hedges: super::Hedges,
    /// Set if there is one database, which stands in for a replica as well: that has everything at once.
    pub(crate) is_single: bool,
    /// Set if positions mean nothing or are not asked for: then the window is all that sessions have, and the lag of nodes of
    /// which it is known.
    pub(crate) trusts_window: bool,
    clock: Arc<dyn Clock>,
    /// Set if that is the system's.
    has_system_clock: bool,
    keys: Option<TokenKeys>,
    token_life: Duration,
    /// The last answer of every node.
    pub(super) roster: Mutex<Roster>,
    /// The news for operators.
    bulletin: Mutex<Bulletin>,
    /// The reads that go to the primary for want of a replica.
    fallbacks: Spell,
    /// The snapshot that decisions read.
    pub(super) snapshot: ArcSwap<State>,
    /// Set if watchers replace the snapshot.
    pub(super) watched: bool,
    /// Set if anything is recorded of statements: each checkout asks.
    pub(super) observes: AtomicBool,
    /// Connections out, by node.
    out: PerSlot<AtomicU32>,
    /// The number of replicas chosen by turns so far.
    turns: AtomicUsize,
    /// The samples of the primary that callers took lately.
    samples: ArcSwapOption<Samples>,
    /// The measurements of the primary, and the strain that follows.
    pub(crate) breaker: Gauges,
    /// The lags of replicas.
    lags: Mutex<Lags>,
    /// The instants up to which replicas have everything, by the function that tells their lag, by their serials.
    told: Mutex<HashMap<u32, Instant>>,
    /// The time that each node takes to catch up.
    delays: Delays,
    /// The most of that time that one node may take while another may serve.
    pub(crate) node_share: Duration,
    /// Set if primaries become replicas under open connections.
    pub(crate) demoted_in_place: bool,
    /// The facts about the nodes that were met, by their serials.
    facts: Mutex<HashMap<u32, ServerFacts>>,
    /// The addresses that replicas replicate from, as they say, by their serials.
    sources: Mutex<HashMap<u32, SourceAddress>>,
    /// Set once a server was met that can be asked to wait until it has replayed a position.
    servers_wait: AtomicBool,
    /// Set until the nodes' first answers are weighed.
    pub(super) starting: AtomicBool,
    /// The instant at which it was made, by the system's clock.
    pub(super) built: Instant,
    /// The number of instances like this one that there are to be.
    pub(super) expected_instances: u32,
    /// The question for the primary's position, which callers share.
    pub(crate) position_of_primary: OneQuestion,
    /// The writes that all sessions count as theirs.
    common: CommonWrites,
}

/// The properties of a backend's servers, for the router.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server {
    pub(crate) dialect: Sql,
    /// Set if nodes are watched.
    pub(crate) watched: bool,
    /// Set if primaries become replicas under open connections.
    pub(crate) demoted_in_place: bool,
}

impl Shared {
    pub(crate) fn new(settings: &Settings, nodes: &[Node], server: Server) -> Self {
        let Server {
            dialect,
            watched,
            demoted_in_place,
        } = server;
        let count = nodes.len();
        let is_single = settings.single.is_some();
        let members = Arc::new(Members::new(nodes.iter().cloned()));
        let roster = Roster::new(&members);
        let state = State {
            cluster: if watched {
                roster.snapshot()
            } else {
                Snapshot::unwatched(&members, |_| is_single.then(never))
            },
            window: Lags::default().status(&settings.live.window, settings.clock.now()),
            strain: Strain::Normal,
            policy: Arc::new(settings.policy(&settings.live, &members)),
            live: Arc::new(settings.live.clone()),
            members,
        };
        Self {
            is_single,
            watched,
            observes: AtomicBool::new(settings.live.observed().is_any()),
            out: PerSlot::new(count),
            turns: AtomicUsize::new(0),
            samples: ArcSwapOption::empty(),
            breaker: Gauges::new(settings.load.clone(), settings.live.breaker.is_some()),
            lags: Mutex::default(),
            told: Mutex::default(),
            delays: Delays::new(count),
            node_share: settings.node_share,
            demoted_in_place,
            facts: Mutex::default(),
            sources: Mutex::default(),
            servers_wait: AtomicBool::new(false),
            starting: AtomicBool::new(false),
            built: Instant::now(),
            expected_instances: settings.expected_instances,
            position_of_primary: OneQuestion::default(),
            common: CommonWrites::default(),
            signals: Signals::new(count),
            trusts_window: !watched || settings.questions == Questions::Aurora,
            probe_timeout: settings.watch_timeout,
            rejections: Rejections::default(),
            counts: Counts::new(count),
            label: Arc::clone(&settings.name),
            #[cfg(feature = "metrics")]
            recording: super::Recording::new(&settings.name),
            configuration: super::Record::new(),
            discoveries: Mutex::default(),
            #[cfg(feature = "hedge")]
            hedges: super::Hedges::new(settings.hedge_budget),
            clock: Arc::clone(&settings.clock),
            has_system_clock: settings.has_system_clock,
            checker: settings.check.build(dialect),
            never_resets: settings.reset == Reset::Never,
            dialect,
            keys: settings.keys.clone(),
            token_life: settings.token_life,
            roster: Mutex::new(roster),
            bulletin: Mutex::default(),
            fallbacks: Spell::default(),
            snapshot: ArcSwap::from_pointee(state),
        }
    }

    /// Returns whether anything is recorded of statements.
    #[inline]
    pub(crate) fn observes(&self) -> bool {
        self.observes.load(Ordering::Relaxed)
    }

    /// Returns the name of the node with this index.
    pub(crate) fn name(&self, node: usize) -> String {
        self.snapshot.load().name(node).to_owned()
    }

    /// Returns what is known of the nodes now.
    pub(crate) fn snapshot(&self) -> Guard<Arc<State>> {
        self.snapshot.load()
    }

    /// Returns the number of connections of `node` that are out.
    pub(crate) fn out(&self, node: usize) -> u32 {
        self.out
            .get(node)
            .map_or(0, |out| out.load(Ordering::Relaxed))
    }

    /// Decides which node serves a request, and why; `now` is the system's clock.
    pub(crate) fn decide(&self, request: &Request<'_>, now: Instant) -> Decision {
        self.signals.used(now);
        self.look(request, now)
    }

    /// Decides which node serves a request, and why, as far as is known; `now` is the system's clock.
    pub(crate) fn look(&self, request: &Request<'_>, now: Instant) -> Decision {
        let cluster = self.snapshot.load();
        let decision = decide(&self.inputs(request, &cluster, now));
        Self::weighed(decision, request, &cluster)
    }

    #[expect(clippy::type_complexity, reason = "closures have no names")]
    fn inputs<'a>(
        &'a self,
        request: &Request<'_>,
        cluster: &'a State,
        system_now: Instant,
    ) -> Inputs<
        'a,
        impl Fn(usize) -> u32,
        impl Fn() -> usize,
        impl Fn(usize) -> Delay,
        impl Fn(usize) -> bool,
    > {
        let now = if self.has_system_clock {
            system_now
        } else {
            self.clock.now()
        };
        // A class that is not there may require anything.
        let required = Self::strength(request, cluster);
        let required = required.unwrap_or(Level::Strong.into());
        let random = random::number();
        let on = request.on.and_then(|on| cluster.policy.tags.wanted(on));
        let samples = self.samples.load();
        let samples = samples.as_deref();
        let kept = self.kept_from_replicas(request, cluster);
        let avoid = request.avoid.or_else(|| cluster.strained_primary());
        Inputs {
            level: required.level(),
            bound: required.bound(),
            need: request
                .session
                .filter(|_| required.level() == Level::Session)
                .map(|session| {
                    self.join_common(session);
                    session.need(now, cluster.window.window, cluster, samples)
                }),
            cluster,
            policy: &cluster.policy,
            now,
            system_now,
            avoid,
            kept,
            max_lag: self.max_lag(required, cluster),
            on,
            is_limited: avoid.is_some() || kept.is_some() || !cluster.policy.tags.admit_all(on),
            random,
            lot: request.session.map_or(random, |session| session.lot()),
            turn: || self.turns.fetch_add(1, Ordering::Relaxed),
            load: |node| self.out(node),
            delay: |node| self.delays.of(node),
            may_try: request.may_try,
            is_silent: move |node| self.is_silent(node, system_now),
        }
    }

    /// Returns the lag past which replicas do not serve a request; the router's, if `None`. Where nothing but the window
    /// says that they have what a session wrote, that is as much as they may lag for it.
    fn max_lag(&self, required: Strength, cluster: &State) -> Option<Duration> {
        let is_trusted = self.trusts_window && required.level() == Level::Session;
        is_trusted.then(|| cluster.policy.max_lag.min(cluster.window.window))
    }

    /// Decides for the primary, for a caller whom no replica serves.
    pub(crate) fn fall_back(&self, request: &Request<'_>) -> Decision {
        let cluster = self.snapshot.load();
        let required = Self::strength(request, &cluster).map(Strength::level);
        let reason = match required.unwrap_or(Level::Strong) {
            Level::Write => Reason::Write,
            Level::Strong => Reason::Strong,
            _ => Reason::Fallback,
        };
        Self::weighed(Decision::primary(&cluster, reason), request, &cluster)
    }

    /// Returns why a connection may serve a request as one of the replica `node`, by what its server said of itself on
    /// it, and the version of the session's requirements; `None` if it may not.
    pub(crate) fn serves(
        &self,
        node: usize,
        known: &Known,
        request: &Request<'_>,
        now: Instant,
    ) -> Option<(Reason, Option<u64>)> {
        let cluster = self.snapshot.load();
        let said = cluster.heard(node, known.said.as_ref()?)?;
        let inputs = self.inputs(request, &cluster, now);
        let clocks = BothClocks {
            now: inputs.now,
            system_now: now,
        };
        let state = cluster.state_of(known.server, known.opened, &said, clocks);
        let reason = inputs.serves(node, &state)?;
        Some((reason, inputs.version()))
    }

    /// Learns how long a node takes to catch up: it was asked for a session at `asked`, by the router's clock, and may
    /// serve it or not.
    pub(crate) fn learn(
        &self,
        node: usize,
        request: &Request<'_>,
        serves: bool,
        asked: Instant,
        now: Instant,
    ) {
        let cluster = self.snapshot.load();
        let inputs = self.inputs(request, &cluster, now);
        if let Some(since) = inputs.need.and_then(|need| need.since) {
            // Its answer comes later: a decision knows the time before the question alone.
            self.delays.learn(node, age(since, asked), serves);
        }
    }

    /// Returns whether a replica may serve a request, as far as is known.
    pub(crate) fn has_replica(&self, request: &Request<'_>, now: Instant) -> bool {
        let request = Request {
            avoid: None,
            ..*request
        };
        self.look(&request, now).reason.may_be_a_replicas()
    }

    /// Returns whether a session's token may know of a failover that this router does not: what it requires is
    /// not on the primary's history, and some node has not been asked since it arrived.
    pub(crate) fn token_is_newer(&self, request: &Request<'_>, decision: Decision) -> bool {
        let arrived = request.session.and_then(|session| session.arrived());
        let Some(arrived) = arrived.filter(|_| decision.reason == Reason::OldHistory) else {
            return false;
        };
        let cluster = self.snapshot.load();
        cluster.nodes.iter().any(|node| {
            node.health != Health::Down && node.asked.is_some_and(|asked| asked <= arrived)
        })
    }

    /// Returns the freshest replica that may come to serve a session's read, and the position it still has to
    /// reach.
    pub(crate) fn freshest_candidate(
        &self,
        request: &Request<'_>,
        now: Instant,
    ) -> Option<(Decision, Position)> {
        let cluster = self.snapshot.load();
        let candidate = self.inputs(request, &cluster, now).freshest_candidate();
        candidate
            .map(|(there, required)| (Self::weighed(there, request, &cluster), required))
            // Galera's function knows whole seconds only.
            .filter(|(there, required)| there.refusal.is_none() && !required.is_multi_writer())
    }

    /// Returns the replica that is expected to be the first to have what the request needs, and when, by the system's
    /// clock.
    pub(crate) fn likely(
        &self,
        request: &Request<'_>,
        now: Instant,
    ) -> Option<(Decision, Instant)> {
        let cluster = self.snapshot.load();
        let (decision, left) = self.inputs(request, &cluster, now).likeliest()?;
        let decision = Self::weighed(decision, request, &cluster);
        (decision.refusal.is_none()).then(|| (decision, after(now, left)))
    }

    /// Returns the decision for a replica that is likely to have what a session wrote or saw, once the primary has told where that is.
    pub(crate) fn likely_once_told(&self, request: &Request<'_>, now: Instant) -> Option<Decision> {
        let cluster = self.snapshot.load();
        let decision = self.inputs(request, &cluster, now).likely_once_told()?;
        let decision = Self::weighed(decision, request, &cluster);
        decision.refusal.is_none().then_some(decision)
    }

    /// Records that the session has committed.
    pub(crate) fn committed(&self, session: &SessionState) {
        session.committed(self.clock.now());
        self.counts.captures.add();
        self.signals.ask_soon(self.snapshot.load().primary);
    }

    /// Records that the session may have written.
    pub(crate) fn wrote_perhaps(&self, session: &SessionState) {
        session.wrote_perhaps(self.clock.now());
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watched
    }

    /// Records that a node was met, whose server has these facts.
    pub(crate) fn meets(&self, member: &Member, facts: &ServerFacts) {
        if !member.has_left() {
            let known = lock(&self.facts).insert(member.serial, facts.clone());
            if known.is_none_or(|known| known.max_connections != facts.max_connections) {
                self.check_connections(member, facts);
            }
        }
        if facts.waits {
            self.servers_wait.store(true, Ordering::Relaxed);
        }
    }

    /// Returns whether servers can be asked to wait until they have replayed a position.
    pub(crate) fn servers_wait(&self) -> bool {
        self.servers_wait.load(Ordering::Relaxed)
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Returns the position of the primary, as far as is known.
    pub(crate) fn position(&self) -> Option<Position> {
        self.snapshot.load().position().cloned()
    }

    #[cfg(feature = "edge")]
    pub(crate) fn wall(&self) -> std::time::SystemTime {
        self.clock.wall()
    }

    #[cfg(feature = "edge")]
    pub(crate) fn window(&self) -> Duration {
        self.snapshot.load().window.window
    }
}
