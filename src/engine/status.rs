//! A router's knowledge of its nodes and pools, for metrics and people.

use std::fmt;
use std::time::Duration;

use super::{Asker, ConfigurationStatus, DiscoveryStatus, NodeCounts, Shared};
use crate::cluster::{Health, Member};
use crate::error::Rejection;
use crate::position::{Behind, Position, ServerKind};
use crate::protection::{BreakerStatus, WindowStatus};
use crate::routing::{Level, Mode, Reason};
use crate::server::{NodeRole, PoolKind, ServerVersion};

/// A router's knowledge at one moment, from `router.status()`. Asks no server.
///
/// With the feature `serde` it can be serialized: times are numbers of seconds, in fields whose names end in `_seconds`;
/// instants are texts as in RFC 3339; positions are texts. A health page is one line:
///
/// ```
/// # #[cfg(all(feature = "serde", feature = "postgres"))] {
/// use axum::{Json, extract::State, routing::get};
/// use diesel_routing::{Status, pg::Router};
///
/// async fn health(State(router): State<Router>) -> Json<Status> {
///     Json(router.status())
/// }
///
/// fn app(router: Router) -> axum::Router {
///     axum::Router::new().route("/health", get(health)).with_state(router)
/// }
/// # }
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// The router's [name](crate::RouterBuilder::name).
    pub name: String,
    /// The nodes, in the order of their configuration: the one that is meant to be the primary first, then those of which
    /// nothing is said, then the replicas; nodes that were added since take the places of those that were removed, and come
    /// last where there are none.
    pub nodes: Vec<NodeStatus>,
    /// The time since the router was built.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "uptime_seconds",
            serialize_with = "crate::serialize::time_span"
        )
    )]
    pub uptime: Duration,
    /// The number of instances like this one that there are to be: see
    /// [`RouterBuilder::expected_instances`](crate::RouterBuilder::expected_instances).
    pub expected_instances: u32,
    /// The mode: how much of the routing is in force.
    pub mode: Mode,
    /// The share of sessions that may use replicas, in percent.
    pub replica_share: u8,
    /// The [classes](crate::Class) that have less than all sessions, each with its share in percent.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::by_name"))]
    pub class_replica_shares: Vec<(String, u8)>,
    /// The [window](crate::Window) in use, and how it came about.
    pub window: WindowStatus,
    /// The strain on the primary; `None` without a [breaker](crate::Breaker).
    pub breaker: Option<BreakerStatus>,
    /// The number of session tokens rejected since the router started, by reason; reasons that did not occur are
    /// left out.
    #[cfg_attr(feature = "serde", serde(serialize_with = "rejections"))]
    pub rejected_tokens: Vec<(Rejection, u64)>,
    /// The reads since the router was built, whatever became of their nodes.
    pub reads: ReadCounts,
    /// The number of reads that [`Session::reading`](crate::Session::reading) has run again elsewhere.
    pub retries: u64,
    /// The number of checkouts that failed since the router was built, by cause: the [step](crate::Step) that failed (`wait`, `connect`),
    /// or what no node could serve (`no_replica`, `no_primary`, `shed`). Causes that did not occur are left out.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::counts"))]
    pub failed_checkouts: Vec<(&'static str, u64)>,
    /// The number of statements that read handles refused since the router was built, by [finding](crate::Finding::code), or
    /// `lock_outside_transaction`. Findings that did not occur are left out.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::counts"))]
    pub refused_statements: Vec<(&'static str, u64)>,
    /// The number of sessions' commits since the router was built, after each of which the primary's position had to be learnt. Many
    /// may share one of the [questions](NodeStatus::questions).
    pub captures: u64,
    /// The number of times that another node became the primary since the router was built.
    pub role_changes: u64,
    /// The sources of node sets that [`Nodes::follow`](crate::Nodes) follows, in the order of their start.
    pub discoveries: Vec<DiscoveryStatus>,
    /// The configuration: its version, and its last change.
    pub configuration: ConfigurationStatus,
    /// The number of second reads that [`Session::hedging`](crate::Session::hedging) has run.
    #[cfg(feature = "hedge")]
    pub hedges: u64,
}

/// A router's knowledge of one node.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct NodeStatus {
    /// Its name, as configured.
    pub name: String,
    /// The role that it is configured for; `None` if none was stated. Whatever it is, the node serves as what it is.
    pub configured: Option<NodeRole>,
    /// Set if writes go to it.
    pub is_primary: bool,
    /// Its health: a node that is not up serves nothing.
    pub health: Health,
    /// The most that it lags; zero on the primary, `None` if unknown.
    #[cfg_attr(
        feature = "serde",
        serde(rename = "lag_seconds", serialize_with = "crate::serialize::seconds")
    )]
    pub lag: Option<Duration>,
    /// The bytes of the log that it lags behind the primary's last known position, on PostgreSQL; `None` if unknown.
    pub bytes_behind: Option<u64>,
    /// The transactions that it lags behind the primary's last known position, where those are numbered: MySQL, MariaDB, Galera. `None` if
    /// unknown.
    pub transactions_behind: Option<u64>,
    /// The position that it has replayed; on the primary, that of its own log.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::text"))]
    pub position: Option<Position>,
    /// The reason why it serves nothing, and what to do; `None` if it serves.
    pub problem: Option<String>,
    /// The cause of its lag, as it said when it was asked last: an applier that has stopped, with its error; a
    /// missing privilege to say more; on PostgreSQL, replay that is paused, a receiver that is not running. Or that its name leads to more than one server, as connections have shown lately;
    /// or to the primary's; or that it is not what it is configured as, as after a failover.
    /// `None` if nothing does, or the kind of server cannot tell.
    pub notice: Option<String>,
    /// The server that it replicates from, as it says; `None` of the primary, and where it does not say: on PostgreSQL to
    /// accounts without `pg_read_all_stats` (part of `pg_monitor`), on MySQL and MariaDB to those that may not ask for a
    /// replica's status.
    pub upstream: Option<Upstream>,
    /// The kind of its server; `None` if it was not met, or is of a kind without positions.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::text"))]
    pub kind: Option<ServerKind>,
    /// The version of its server; `None` if it was not met, or does not say.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::text"))]
    pub version: Option<ServerVersion>,
    /// The number of connections that its server gives to ordinary accounts; `None` if it was not met, or does not say.
    pub max_connections: Option<u32>,
    /// Handles that are out, whatever the database.
    pub handles: u32,
    /// The number of times that its connections were lent since it is a node, and what for, whatever the database. What did not occur is left out.
    pub loans: Vec<LoanCount>,
    /// The number of times that its server was asked for its role and position since it is a node, by its watcher and over callers' connections. A watcher
    /// that heard the answer of another router's does not count.
    pub questions: u64,
    /// The time that it is expected to take to answer: see [`Balance::Latency`](crate::Balance::Latency), without which it
    /// is not measured. `None` if unknown.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "latency_seconds",
            serialize_with = "crate::serialize::seconds"
        )
    )]
    pub latency: Option<Duration>,
    /// Its pools: for reads, for writes, and for reads that fall back to it as the primary.
    pub pools: Vec<PoolStatus>,
}

/// The server that a replica replicates from: the primary, or in a cascade another replica.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Upstream {
    /// The name of the node that has this address, by its URL or by what its server says; `None` if none of the router's has:
    /// addresses may differ from one network to another.
    pub node: Option<String>,
    /// Its address, as the replica has it.
    pub address: String,
}

/// The state of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PoolStatus {
    /// The purpose of its connections.
    pub pool: PoolKind,
    /// The most connections that it opens.
    pub max_size: u32,
    /// Connections that are open.
    pub open: u32,
    /// Connections that are open and not lent.
    pub idle: u32,
    /// The callers that wait for one.
    pub pending: u32,
    /// The number of loans that have ended, since the pool was made.
    pub loans: u64,
    /// The time that these took in all: so long were connections kept from others.
    #[cfg_attr(
        feature = "serde",
        serde(
            rename = "time_in_use_seconds",
            serialize_with = "crate::serialize::time_span"
        )
    )]
    pub time_in_use: Duration,
    /// The number of waits for a connection that were in vain. A caller may have gone elsewhere then.
    pub timeouts: u64,
}

/// The loans of a node's connections that have all of this in common.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct LoanCount {
    /// The pool that the reason is for.
    pub pool: PoolKind,
    /// The reason for the choice of the node.
    #[cfg_attr(feature = "serde", serde(serialize_with = "crate::serialize::reason"))]
    pub reason: Reason,
    /// The word of the level that was required, all who have a say in it considered: see [`Level::as_str`](crate::Level::as_str).
    pub level: &'static str,
    /// The [class](crate::Class), of several the function's, else the outermost; `None` of none. Of the first 32 that had reads, each has
    /// its name, and all others are `other`.
    pub class: Option<String>,
    /// Their number.
    pub count: u64,
}

/// The reads of a router since it was built: each is a connection that was lent to read with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ReadCounts {
    /// All of them.
    pub total: u64,
    /// Those that replicas served.
    pub off_primary: u64,
    /// Those that the primary served in place of replicas, none of which was up and within its limit of lag:
    /// [`Reason::Fallback`](crate::Reason).
    pub fallbacks: u64,
}

impl ReadCounts {
    /// Returns the share of reads that was kept off the primary, from 0 to 1; `None` of no reads.
    ///
    /// ```
    /// # #[cfg(feature = "sync-sqlite")]
    /// # fn example(router: diesel_routing::sync::sqlite::Router) {
    /// if let Some(share) = router.status().reads.share_off_primary() {
    ///     println!("{:.0} % of the reads were kept off the primary", share * 100.0);
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn share_off_primary(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a share")]
        let share = self.off_primary as f64 / self.total as f64;
        (self.total > 0).then_some(share)
    }
}

impl PoolStatus {
    /// Returns the state of a pool, as its library tells it: nothing was counted.
    pub(crate) fn of(pool: PoolKind, max_size: u32, open: u32, idle: u32) -> Self {
        Self {
            pool,
            max_size,
            open,
            idle,
            pending: 0,
            loans: 0,
            time_in_use: Duration::ZERO,
            timeouts: 0,
        }
    }

    /// Returns the state of a node's pools that nobody has needed yet.
    pub(crate) fn none_of(node: &Member) -> Vec<Self> {
        let pools = PoolKind::ALL.map(|pool| Self::of(pool, node.pool_size(pool), 0, 0));
        pools.into()
    }
}

impl Shared {
    /// Returns the present status, with the pools of each node.
    pub(crate) fn status(&self, pools: impl Fn(usize, &Member) -> Vec<PoolStatus>) -> Status {
        let cluster = self.snapshot();
        let now = self.now();
        let met = cluster
            .members
            .iter()
            .filter(|(_, member)| !member.is_joining());
        let nodes = met.filter_map(|(index, member)| {
            let node = cluster.nodes.get(index)?;
            let is_primary = cluster.is_led_by_node(index);
            let behind = cluster.behind(index);
            let counts = self.counts.of(index);
            let (kind, version) = self.server_of(member.serial);
            Some(NodeStatus {
                name: member.name.clone(),
                configured: member.role,
                is_primary,
                health: node.health,
                lag: if is_primary {
                    node.asked.map(|_| Duration::ZERO)
                } else {
                    node.lag(now)
                },
                bytes_behind: behind.and_then(Behind::bytes),
                transactions_behind: behind.and_then(Behind::transactions),
                position: node.position.clone(),
                problem: node.problem.as_deref().map(str::to_owned),
                notice: joined([
                    node.notice.as_deref(),
                    self.several(index),
                    self.differs(index).as_deref(),
                ]),
                upstream: self.upstream(index, &cluster),
                kind,
                version,
                max_connections: self.max_connections(member.serial),
                handles: self.out(index),
                loans: counts.map_or_else(Vec::new, |counts| self.loans(counts)),
                questions: counts.map_or(0, |counts| {
                    Asker::ALL.map(|by| counts.questions(by)).iter().sum()
                }),
                latency: self.latency(index),
                pools: pools(index, member),
            })
        });
        let rejected = Rejection::ALL.map(|reason| (reason, self.rejections.of(reason)));
        let occurred = |counts: &mut dyn Iterator<Item = (&'static str, u64)>| {
            counts.filter(|(_, count)| *count > 0).collect()
        };
        let slots = cluster.members.iter().map(|(slot, _)| slot);
        let counts = &self.counts;
        Status {
            name: self.label.to_string(),
            reads: counts.reads(slots),
            retries: counts.retries.get(),
            failed_checkouts: occurred(&mut counts.failures()),
            refused_statements: occurred(&mut self.checker.refusals.all()),
            captures: counts.captures.get(),
            role_changes: counts.role_changes.get(),
            nodes: nodes.collect(),
            uptime: self.built.elapsed(),
            expected_instances: self.expected_instances,
            mode: cluster.live.mode,
            replica_share: cluster.live.replica_share.percent(),
            class_replica_shares: cluster.live.class_shares(),
            window: cluster.window,
            breaker: self.breaker.is_on().then(|| self.breaker.status()),
            rejected_tokens: rejected
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .collect(),
            discoveries: self.discovery_status(),
            configuration: self.configuration.status(),
            #[cfg(feature = "hedge")]
            hedges: self.hedges.run(),
        }
    }
}

impl Shared {
    /// Returns how often a node's connections were lent, and what for.
    fn loans(&self, counts: &NodeCounts) -> Vec<LoanCount> {
        let classes = &self.counts.classes;
        let loans = counts.loans.all().map(|tally| LoanCount {
            pool: tally.reason.pool(),
            reason: tally.reason,
            level: Level::WORDS[tally.level],
            class: classes.name(tally.class).map(str::to_owned),
            count: tally.count,
        });
        loans.collect()
    }
}

/// Returns all that is to be noticed of a node.
fn joined(notices: [Option<&str>; 3]) -> Option<String> {
    let notices: Vec<_> = notices.into_iter().flatten().collect();
    (!notices.is_empty()).then(|| notices.join("; "))
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Down => "down",
            Self::Excluded => "excluded",
        })
    }
}

/// Serializes the numbers of rejected tokens, by reason.
#[cfg(feature = "serde")]
fn rejections<S: serde::Serializer>(
    rejected: &[(Rejection, u64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        rejected
            .iter()
            .map(|(reason, count)| (reason.as_str(), count)),
    )
}
