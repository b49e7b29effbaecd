//! Rules that hold for every decision, in every cluster and for every session.

mod choice;
mod kept;
mod strength;

use proptest::prelude::*;

use super::*;
use crate::cluster::ServerId;
use crate::position::{Lsn, PgPosition, Position};
use crate::routing::{Strength, Target};

/// One decision's inputs, as plain data.
#[derive(Debug, Clone)]
struct Case {
    level: Level,
    /// A bound beside that of the level.
    bound: Option<Duration>,
    need: Option<Need>,
    cluster: Snapshot,
    balance: Balance,
    avoid: Option<usize>,
    max_lag: Option<Duration>,
    random: u64,
    /// One bit for each node, set if it is in the caller's zone.
    near: u8,
    /// The same for the tag, and for those that serve nothing else.
    tagged: u8,
    reserved: u8,
    /// Where a read goes that asks for the tag, and that no node with it may serve; `None` if it asks for none.
    on: Option<Otherwise>,
    /// Set if all reads that replicas may serve are the primary's share.
    is_shared: bool,
    /// The reason why no replica may serve.
    kept: Option<Reason>,
    may_try: bool,
    silent: Option<usize>,
}

/// The inputs of a case.
type Plain<'a> = Inputs<
    'a,
    &'a dyn Fn(usize) -> u32,
    &'a dyn Fn() -> usize,
    &'a dyn Fn(usize) -> Delay,
    &'a dyn Fn(usize) -> bool,
>;

/// Returns the present of every case, later than all times in it.
fn now() -> Instant {
    use std::sync::OnceLock;
    static NOW: OnceLock<Instant> = OnceLock::new();
    *NOW.get_or_init(|| Instant::now() + Duration::from_secs(1000))
}

/// The defaults.
const MAX_LAG: Duration = Duration::from_secs(60);
const MAX_SILENCE: Duration = Duration::from_millis(2200);

impl Case {
    #[expect(
        clippy::redundant_closure,
        reason = "`decide` itself is not general enough for the compiler"
    )]
    fn decide(&self) -> Decision {
        self.with(|inputs| decide(inputs))
    }

    /// Calls `f` with the inputs of the decision.
    fn with<R>(&self, f: impl FnOnce(&Plain<'_>) -> R) -> R {
        let count = self.cluster.nodes.len();
        let near: Vec<_> = (0..count)
            .map(|index| self.near >> (index % 8) & 1 == 1)
            .collect();
        let tags: Vec<Vec<String>> = (0..count)
            .map(|index| self.is_tagged(index).then(|| "tag".to_owned()))
            .map(Vec::from_iter)
            .collect();
        let nodes = tags.iter().enumerate();
        let nodes = nodes.map(|(index, tags)| (tags.as_slice(), self.is_reserved(index)));
        let policy = Policy {
            max_lag: MAX_LAG,
            max_silence: MAX_SILENCE,
            balance: self.balance,
            weights: vec![1; count],
            latencies: Vec::new(),
            primary_share: Balance::Random
                .include_primary(if self.is_shared { 1.0 } else { 0.0 })
                .primary(),
            tags: Tags::new(nodes),
            unreserved: (0..count).filter(|&node| !self.is_reserved(node)).count(),
            logical: Vec::new(),
            near: near.contains(&true).then_some(near),
        };
        let target = self.on.map(|otherwise| Target {
            name: "tag",
            otherwise,
        });
        let on = target.and_then(|target| policy.tags.wanted(target));
        let strength = Strength::from(self.level).within(self.bound);
        f(&Inputs {
            level: strength.level(),
            bound: strength.bound(),
            need: self.need.clone(),
            cluster: &self.cluster,
            policy: &policy,
            now: now(),
            system_now: now(),
            avoid: self.avoid,
            on,
            kept: self.kept,
            is_limited: self.avoid.is_some() || self.kept.is_some() || !policy.tags.admit_all(on),
            lot: self.random,
            max_lag: self.max_lag,
            random: self.random,
            load: &|node| u32::try_from(node).unwrap() % 3,
            turn: &|| usize::try_from(self.random % 1000).unwrap(),
            delay: &|node| Delay {
                time: Duration::from_secs(u64::try_from(node).unwrap() * 20),
                odds: 2,
            },
            may_try: self.may_try,
            is_silent: &|node| self.silent == Some(node),
        })
    }

    fn is_tagged(&self, index: usize) -> bool {
        self.tagged >> (index % 8) & 1 == 1
    }

    fn is_reserved(&self, index: usize) -> bool {
        self.is_tagged(index) && self.reserved >> (index % 8) & 1 == 1
    }

    /// Returns what is asked for; `None` if that is no tag, or one that no node has.
    fn asked(&self) -> Option<Otherwise> {
        let mut nodes = 0..self.cluster.nodes.len();
        self.on.filter(|_| nodes.any(|index| self.is_tagged(index)))
    }

    /// Returns whether a replica may serve anything at all, to one who asks for what this caller does.
    fn is_healthy(&self, index: usize) -> bool {
        let node = &self.cluster.nodes[index];
        let is_wanted = match self.asked() {
            None => !self.is_reserved(index),
            Some(Otherwise::AnyReplica) => self.is_tagged(index) || !self.is_reserved(index),
            Some(_) => self.is_tagged(index),
        };
        is_wanted
            && index != self.cluster.primary
            && Some(index) != self.avoid
            && Some(index) != self.silent
            && node.health == Health::Up
            && node.sent.is_none_or(|sent| age(sent, now()) <= MAX_SILENCE)
            && match node.lag(now()) {
                Some(lag) => lag <= self.max_lag.unwrap_or(MAX_LAG),
                None => self.cluster.position().is_none(),
            }
    }

    /// Returns whether a replica is proved to have everything the session needs.
    fn is_proved(&self, index: usize, need: &Need) -> bool {
        let node = &self.cluster.nodes[index];
        let has = |position: Option<&Position>| {
            position.is_none_or(|required| {
                node.position
                    .as_ref()
                    .is_some_and(|position| position.covers(required))
            })
        };
        let home = need.home.filter(|home| {
            node.server == Some(home.server) && node.opened.is_some_and(|at| at <= home.stood)
        });
        let lags_less = match (need.passed, node.complete_as_of) {
            (Some(passed), Some(complete)) => complete >= passed,
            _ => true,
        };
        need.block.is_none()
            && lags_less
            && (home.is_some_and(|home| home.has_all)
                || has(need.wrote.as_ref())
                    && has(need.seen.as_ref())
                    && (home.is_some() || need.may_leave && has(need.leaving.as_ref())))
    }
}

fn positions() -> impl Strategy<Value = Position> {
    (1..3_u32, 0..6_u64)
        .prop_map(|(timeline, lsn)| Position::Postgres(PgPosition::new(1, timeline, Lsn(lsn))))
}

fn nodes() -> impl Strategy<Value = NodeState> {
    (
        prop_oneof![
            4 => Just(Health::Up),
            1 => Just(Health::Down),
            1 => Just(Health::Unknown),
            1 => Just(Health::Excluded),
        ],
        (prop::option::weighted(0.9, servers()), times()),
        prop::option::weighted(0.8, positions()),
        prop::option::weighted(0.8, 0..90_u64),
        prop::option::weighted(0.8, 0..3000_u64),
    )
        .prop_map(
            |(health, (server, opened), position, lag, silent)| NodeState {
                serial: 1,
                health,
                server,
                opened: Some(opened),
                position,
                complete_as_of: lag.map(|seconds| now() - Duration::from_secs(seconds)),
                sent: silent.map(|millis| now() - Duration::from_millis(millis)),
                ..NodeState::UNKNOWN
            },
        )
}

fn servers() -> impl Strategy<Value = ServerId> {
    (1..4_u64).prop_map(ServerId::numbered)
}

fn times() -> impl Strategy<Value = Instant> {
    (1..4_u64).prop_map(|seconds| now() - Duration::from_secs(seconds))
}

fn homes() -> impl Strategy<Value = HomeServer> {
    (0..6_usize, servers(), times(), any::<bool>()).prop_map(|(node, server, stood, has_all)| {
        HomeServer {
            node,
            server,
            stood,
            has_all,
        }
    })
}

fn needs() -> impl Strategy<Value = Need> {
    (
        prop_oneof![
            6 => Just(None),
            1 => Just(Some(Block::RecentWrite)),
            1 => Just(Some(Block::StateUnknown)),
            1 => Just(Some(Block::CapturePending)),
            1 => Just(Some(Block::OldHistory)),
            1 => Just(Some(Block::SeenPending)),
        ],
        prop::option::of(positions()),
        prop::option::of(positions()),
        prop::option::of(homes()),
        prop::option::of(positions()),
        prop::option::of(times()),
        prop::option::of(times()),
    )
        .prop_map(|(block, wrote, seen, home, leaving, since, passed)| Need {
            block,
            wrote,
            seen,
            home,
            may_leave: home.is_none() || leaving.is_some(),
            leaving: leaving.filter(|_| home.is_some()),
            since,
            passed,
            version: 1,
        })
}

fn cases() -> impl Strategy<Value = Case> {
    (
        prop_oneof![
            Just(Level::Eventual),
            (0..90_u64).prop_map(|bound| Level::Bounded(Duration::from_secs(bound))),
            Just(Level::Session),
            Just(Level::Strong),
            Just(Level::Write),
        ],
        prop::option::weighted(0.9, needs()),
        prop::collection::vec(nodes(), 1..6),
        any::<prop::sample::Index>(),
        prop_oneof![
            Just(Balance::LeastOfTwo),
            Just(Balance::Random),
            Just(Balance::RoundRobin),
            Just(Balance::Weighted),
            Just(Balance::Latency),
        ],
        prop::option::weighted(0.2, 0..6_usize),
        prop::option::weighted(0.3, (0..90_u64).prop_map(Duration::from_secs)),
        any::<u64>(),
        (
            any::<u8>(),
            any::<bool>(),
            prop::option::weighted(0.2, 0..6_usize),
        ),
        // Often there are no tags.
        prop_oneof![
            1 => Just((0, 0, None)),
            1 => (any::<u8>(), any::<u8>(), prop::option::of(prop_oneof![
                Just(Otherwise::AnyReplica),
                Just(Otherwise::Primary),
                Just(Otherwise::Fail),
            ])),
        ],
    )
        .prop_map(
            |(
                level,
                need,
                nodes,
                primary,
                balance,
                avoid,
                max_lag,
                random,
                (near, may_try, silent),
                (tagged, reserved, on),
            )| {
                Case {
                    level,
                    bound: None,
                    need,
                    cluster: {
                        let primary = primary.index(nodes.len());
                        Snapshot::new(nodes, primary, [].into())
                    },
                    balance,
                    avoid,
                    max_lag,
                    random,
                    near,
                    tagged,
                    reserved,
                    on,
                    is_shared: false,
                    kept: None,
                    may_try,
                    silent,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn writes_and_strong_reads_go_to_the_primary_whatever_is_known(case in cases()) {
        let decision = case.decide();
        if matches!(case.level, Level::Write | Level::Strong) {
            prop_assert_eq!(decision.node, case.cluster.primary);
        }
    }

    #[test]
    fn a_replica_serves_only_if_it_is_up_and_within_the_lag_limit(case in cases()) {
        let decision = case.decide();
        prop_assert!(
            decision.node == case.cluster.primary || case.is_healthy(decision.node),
            "{decision:?}"
        );
    }

    #[test]
    fn a_session_reads_from_a_replica_only_with_proof(case in cases()) {
        let decision = case.decide();
        if case.level == Level::Session && decision.node != case.cluster.primary {
            let need = case.need.clone().expect("reads outside sessions go to the primary");
            let proves_itself = decision.basis == Basis::Itself && case.cluster.has_positions();
            prop_assert!(
                proves_itself || case.is_proved(decision.node, &need),
                "{decision:?}"
            );
        }
    }

    #[test]
    fn what_is_not_known_to_serve_is_tried_only_where_it_may_be(mut case in cases()) {
        case.may_try = false;
        let decision = case.decide();
        if case.level == Level::Session && decision.node != case.cluster.primary {
            let need = case.need.clone().expect("reads outside sessions go to the primary");
            prop_assert!(case.is_proved(decision.node, &need), "{decision:?}");
        }
    }

    #[test]
    fn a_decision_holds_for_no_connection_to_a_server_that_did_not_answer(
        case in cases(),
        opened in times(),
    ) {
        let decision = case.decide();
        let stranger = Some(ServerId::numbered(99));
        if case.cluster.has_positions() && decision.node != case.cluster.primary {
            prop_assert!(!decision.holds_for(stranger, opened), "{decision:?}");
            prop_assert!(!decision.holds_for(None, opened), "{decision:?}");
        }
    }

    #[test]
    fn a_session_leaves_the_primary_alone_where_a_replica_is_proved(case in cases()) {
        let Some(need) = case.need.clone().filter(|_| case.level == Level::Session) else { return Ok(()) };
        let may = |index| case.is_healthy(index) && case.is_proved(index, &need);
        if (0..case.cluster.nodes.len()).any(may) {
            prop_assert_ne!(case.decide().node, case.cluster.primary);
        }
    }

    #[test]
    fn a_session_stays_where_it_has_read(case in cases()) {
        let Some(need) = case.need.clone().filter(|_| case.level == Level::Session) else { return Ok(()) };
        if let Some(home) = need.home
            && case.cluster.nodes.get(home.node).is_some_and(|node| need.is_home(node))
            && case.is_healthy(home.node)
            && case.is_proved(home.node, &need)
            && (case.asked().is_none() || case.is_tagged(home.node))
        {
            prop_assert_eq!(case.decide().node, home.node);
        }
    }

    #[test]
    fn a_bounded_read_comes_from_a_replica_within_the_bound_if_there_is_one(case in cases()) {
        let Level::Bounded(bound) = case.level else { return Ok(()) };
        let fresh = |index: usize| {
            case.is_healthy(index)
                && case.cluster.nodes[index].lag(now()).is_some_and(|lag| lag <= bound)
        };
        let decision = case.decide();
        let any = (0..case.cluster.nodes.len()).any(fresh);
        prop_assert_eq!(decision.node != case.cluster.primary, any);
        prop_assert!(!any || fresh(decision.node));
    }

    #[test]
    fn the_callers_zone_serves_what_it_can(case in cases()) {
        if case.level == Level::Eventual && case.asked().is_none() {
            let near = |index: usize| case.near >> index & 1 == 1;
            let may = |index: usize| case.is_healthy(index) && near(index);
            if (0..case.cluster.nodes.len()).any(may) {
                prop_assert!(may(case.decide().node));
            }
        }
    }

    #[test]
    fn outside_sessions_only_those_who_say_so_read_from_replicas(case in cases()) {
        if case.level == Level::Session && case.need.is_none() {
            prop_assert_eq!(case.decide().node, case.cluster.primary);
        }
    }

    #[test]
    fn no_replica_that_serves_means_the_fallback_pool(case in cases()) {
        let none = !(0..case.cluster.nodes.len()).any(|index| case.is_healthy(index));
        if case.level == Level::Eventual && none && case.cluster.nodes.len() > 1 {
            // Those that are reserved for others are not missed.
            let mut replicas = (0..case.cluster.nodes.len()).filter(|&node| node != case.cluster.primary);
            let reason = if case.asked().is_none() && replicas.all(|node| case.is_reserved(node)) {
                Reason::NoReplica
            } else {
                Reason::Fallback
            };
            prop_assert_eq!(case.decide(), Decision::primary(&case.cluster, reason));
        }
    }

    #[test]
    fn in_a_large_cluster_the_same_rule_holds_and_the_first_in_order_are_found(mut case in cases()) {
        let nodes = &case.cluster.nodes;
        let nodes = nodes.iter().cycle().take(nodes.len() * 70).cloned().collect();
        let primary = case.cluster.primary;
        case.cluster = Snapshot::new(nodes, primary, [].into());
        let decision = case.decide();
        let is_replica = decision.node != primary;
        prop_assert!(!is_replica || case.is_healthy(decision.node), "{decision:?}");
        let needs = case.need.clone().filter(|_| case.level == Level::Session);
        if let Some(need) = needs.filter(|_| is_replica && decision.basis != Basis::Itself) {
            prop_assert!(case.is_proved(decision.node, &need), "{decision:?}");
        }
        let order = case.cluster.order.clone().expect("the cluster is large");
        let mut first = order.by_freshness.iter().take(4);
        let may = first.any(|&index| case.is_healthy(usize::try_from(index).unwrap()));
        // A weight is 1, so every one may be chosen.
        if case.level == Level::Eventual && may {
            prop_assert!(is_replica, "{decision:?}");
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_answer(case in cases()) {
        prop_assert_eq!(case.decide(), case.decide());
    }
}
