//! A router's knowledge of its nodes and pools, for metrics and people.

use std::fmt;
use std::time::Duration;

use super::{ConfigurationStatus, DiscoveryStatus, Shared};
use crate::cluster::{Health, Member};
use crate::error::Rejection;
use crate::position::{Position, ServerKind};
use crate::protection::{BreakerStatus, WindowStatus};
use crate::routing::Mode;
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
    /// How strained the primary is; `None` without a [breaker](crate::Breaker).
    pub breaker: Option<BreakerStatus>,
    /// The number of session tokens rejected since the router started, by reason; reasons that did not occur are
    /// left out.
    #[cfg_attr(feature = "serde", serde(serialize_with = "rejections"))]
    pub rejected_tokens: Vec<(Rejection, u64)>,
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
}

impl PoolStatus {
    /// The state of a node's pools that nobody has needed yet.
    pub(crate) fn none_of(node: &Member) -> Vec<Self> {
        let pools = PoolKind::ALL.map(|pool| Self {
            pool,
            max_size: node.pool_size(pool),
            open: 0,
            idle: 0,
            loans: 0,
            time_in_use: Duration::ZERO,
        });
        pools.into()
    }
}

impl Shared {
    /// The present status, with the pools of each node.
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
                latency: self.latency(index),
                pools: pools(index, member),
            })
        });
        let rejected = Rejection::ALL.map(|reason| (reason, self.rejections.of(reason)));
        Status {
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
