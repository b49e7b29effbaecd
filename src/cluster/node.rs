//! `Node`: a server as configured.

use std::sync::Arc;
use std::time::Duration;

use super::history::A_YEAR;
use super::pool_options::PoolOptions;
use crate::error::ConfigError;
use crate::routing::PeakEwma;
use crate::server::{NodeRole, PoolKind};

/// A database server and the pools to it, as configured.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use diesel_routing::Node;
///
/// let replica = Node::new("db-2", "postgres://app@10.0.0.2/app")
///     .read_pool_size(20)
///     .checkout_timeout(Duration::from_secs(1));
/// # let _ = replica;
/// ```
#[derive(Clone)]
pub struct Node {
    pub(crate) name: String,
    pub(crate) url: String,
    pools: [PoolOptions; 3],
    pub(crate) checkout_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) zone: Option<String>,
    pub(crate) weight: u32,
    pub(crate) tags: Vec<String>,
    pub(crate) only_tagged: bool,
    /// Set if it is a logical subscriber.
    pub(crate) is_logical: bool,
    /// The time that it takes to answer, where a router measures that.
    pub(crate) latency: Option<Arc<PeakEwma>>,
    /// The role that it is meant to have, if the router's builder was told one.
    pub(crate) role: Option<NodeRole>,
}

impl Node {
    /// Creates a node called `name`, reached at `url`.
    ///
    /// The name appears in errors, logs and routes: keep it short, unique, and without secrets. The URL is
    /// what [`connect_with`](crate::RouterBuilder::connect_with) opens connections to; [a pool](Self::pool) may have its
    /// own. The node's is also the watcher's.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            pools: PoolKind::ALL.map(|_| PoolOptions::new()),
            checkout_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(5),
            zone: None,
            weight: 1,
            tags: Vec::new(),
            only_tagged: false,
            is_logical: false,
            latency: None,
            role: None,
        }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its URL, with the password if that has one.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sets the number of connections in the pool for read handles. Defaults to 10.
    #[must_use]
    pub fn read_pool_size(self, size: u32) -> Self {
        self.pool(PoolKind::Read, PoolOptions::new().size(size))
    }

    /// Sets the number of connections in the pool for `WriteConn`s. Every node has this pool, but only a primary
    /// uses it: a replica opens none of these connections before its promotion. Defaults to 10.
    #[must_use]
    pub fn write_pool_size(self, size: u32) -> Self {
        self.pool(PoolKind::Write, PoolOptions::new().size(size))
    }

    /// Sets the number of connections in the pool for reads that fall back to this node, as the primary, because
    /// no replica is up and within the lag limit. Beyond that number, such reads fail after the checkout timeout:
    /// losing the replicas must not take the primary down. Defaults to 5.
    #[must_use]
    pub fn fallback_pool_size(self, size: u32) -> Self {
        self.pool(PoolKind::Fallback, PoolOptions::new().size(size))
    }

    /// Sets options of one of the node's pools: the account, the size, how long connections live. What they leave open
    /// stays as it is.
    ///
    /// # Example
    ///
    /// An account that may read, and one that writes, on each node: a replica's pool for writes is used once it is
    /// promoted.
    ///
    /// ```
    /// use diesel_routing::{Node, PoolKind, PoolOptions};
    ///
    /// let replica = Node::new("db-2", "postgres://reader@10.0.0.2/app")
    ///     .pool(PoolKind::Write, PoolOptions::new().url("postgres://writer@10.0.0.2/app"));
    /// # let _ = replica;
    /// ```
    #[must_use]
    pub fn pool(mut self, pool: PoolKind, options: PoolOptions) -> Self {
        let set = self.options_mut(pool);
        *set = std::mem::take(set).overridden_by(options);
        self
    }

    /// Sets options of all of the node's pools, as [`pool`](Self::pool) does of one.
    #[must_use]
    pub fn pools(self, options: &PoolOptions) -> Self {
        let set = |node: Self, pool| node.pool(pool, options.clone());
        PoolKind::ALL.into_iter().fold(self, set)
    }

    /// Sets how long a checkout that begins with this node takes of its caller, in all: the nodes it goes on to included.
    /// Defaults to 3 s.
    #[must_use]
    pub fn checkout_timeout(mut self, timeout: Duration) -> Self {
        self.checkout_timeout = timeout.min(A_YEAR);
        self
    }

    /// Sets how long opening one connection may take, async only: blocking drivers take their limit from the
    /// URL (`connect_timeout`). Defaults to 5 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.min(A_YEAR);
        self
    }

    /// Sets the node's location: a data centre, an availability zone. Routers with [a zone of their
    /// own](crate::RouterBuilder::zone) prefer the replicas in it. Defaults to none.
    ///
    #[doc = include_str!("examples/zone.md")]
    #[must_use]
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// Sets the node's share of reads under [`Balance::Weighted`](crate::Balance::Weighted), in proportion
    /// to the others'. Defaults to 1.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Adds a tag, by which reads may ask for this node while it is a replica: see [`Session::on`](crate::Session::on). A
    /// node may have several. It serves other reads as well, unless it is [`only_tagged`](Self::only_tagged).
    ///
    /// ```
    /// use diesel_routing::Node;
    ///
    /// let replica = Node::new("db-3", "postgres://app@10.0.0.3/app")
    ///     .tag("reporting")
    ///     .tag("search");
    /// # let _ = replica;
    /// ```
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Reserves the node, while it is a replica, for reads that ask for one of its [tags](Self::tag): others do not use it,
    /// whatever the state of the other replicas. For a replica whose work must not slow others down.
    ///
    /// If it becomes the primary, it serves what the primary does.
    #[must_use]
    pub fn only_tagged(mut self) -> Self {
        self.only_tagged = true;
        self
    }

    /// Makes it a logical subscriber of the cluster: a server with a log of its own that applies what the primary publishes
    /// (PostgreSQL, `CREATE SUBSCRIPTION`).
    ///
    /// It has what its publications hold and nothing else, so only reads that ask for one of its [tags](Self::tag) use it, of
    /// which it needs one: by the tag, the caller says that it has all tables that the read relies on. Of these reads it serves
    /// `eventual` and `bounded` ones; its lag is that of `pg_stat_subscription.latest_end_lsn` of all subscriptions in the URL's database
    /// behind the primary. It serves nothing while tables are being copied. It never becomes the primary.
    ///
    /// Session reads go elsewhere: what a session has seen on a subscriber may be more than that tells of itself.
    ///
    /// After a failover, it serves once its subscription follows the new primary. Let that happen by a name that leads to the
    /// primary alone: a subscriber does not tell whom it follows.
    ///
    /// ```
    /// use diesel_routing::Node;
    ///
    /// let warehouse = Node::new("warehouse", "postgres://app@10.0.1.9/reports")
    ///     .logical()
    ///     .tag("reporting");
    /// # let _ = warehouse;
    /// ```
    #[must_use]
    pub fn logical(mut self) -> Self {
        self.is_logical = true;
        self
    }
}

impl Node {
    /// Returns the maximum number of connections in the pool of this kind.
    pub(crate) fn pool_size(&self, pool: PoolKind) -> u32 {
        self.options(pool).size.unwrap_or(match pool {
            // bb8's and r2d2's own default. The other defaults are chosen.
            PoolKind::Read | PoolKind::Write => 10,
            PoolKind::Fallback => 5,
        })
    }

    /// Returns what a pool is made of, with the defaults of what is not set.
    #[cfg(feature = "config")]
    fn made_of(&self, pool: PoolKind) -> impl PartialEq {
        let options = self.options(pool);
        let url = self.url_of(Some(pool)).to_owned();
        let size = self.pool_size(pool);
        let min_idle = options.min_idle.unwrap_or(0).min(size);
        (url, size, min_idle, options.idle(), options.lifetime())
    }

    /// Returns the options of a pool.
    pub(crate) fn options(&self, pool: PoolKind) -> &PoolOptions {
        let [read, write, fallback] = &self.pools;
        match pool {
            PoolKind::Read => read,
            PoolKind::Write => write,
            PoolKind::Fallback => fallback,
        }
    }

    fn options_mut(&mut self, pool: PoolKind) -> &mut PoolOptions {
        let [read, write, fallback] = &mut self.pools;
        match pool {
            PoolKind::Read => read,
            PoolKind::Write => write,
            PoolKind::Fallback => fallback,
        }
    }
}

// The URL may hold a password.
impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("name", &self.name)
            .field("pools", &self.pools)
            .field("checkout_timeout", &self.checkout_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

/// Returns the nodes of a valid configuration: the one that is meant to be the primary first, then those of which
/// nothing is said, then the replicas.
pub(crate) fn topology(
    mut nodes: Vec<Node>,
    single: Option<&Node>,
) -> Result<Vec<Node>, ConfigError> {
    if let Some(node) = single {
        if let Some(other) = nodes.into_iter().next() {
            return Err(ConfigError::NotSingle { node: other.name });
        }
        let mut primary = node.clone();
        primary.role = Some(NodeRole::TakesWrites);
        let mut replica = primary.clone();
        replica.role = Some(NodeRole::ReplaysWrites);
        replica.name.push_str("-replica");
        validate(std::slice::from_ref(&primary))?;
        return Ok(vec![primary, replica]);
    }
    let subscribers = nodes.iter_mut().filter(|node| node.is_logical);
    for subscriber in subscribers {
        // One that is meant to be the primary is refused.
        subscriber.role.get_or_insert(NodeRole::ReplaysWrites);
    }
    nodes.sort_by_key(|node| match node.role {
        Some(NodeRole::TakesWrites) => 0,
        None => 1,
        Some(NodeRole::ReplaysWrites) => 2,
    });
    validate(&nodes)?;
    Ok(nodes.into_iter().map(fitted).collect())
}

/// Returns a valid node that joins those of a router, with this role.
pub(crate) fn newcomer(mut node: Node, role: Option<NodeRole>) -> Result<Node, ConfigError> {
    node.role = if node.is_logical {
        role.or(Some(NodeRole::ReplaysWrites))
    } else {
        role
    };
    check(&node)?;
    Ok(fitted(node))
}

/// The difference between a node and one that is to take its place.
#[cfg(feature = "config")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Difference {
    /// There is none.
    None,
    /// Settings that its connections need not know of, and what these pools are made of: possibly none.
    Settings(Vec<PoolKind>),
    /// Where it is, or what it is: everything.
    Node,
}

/// Returns the difference between a node and a valid one that is to take its place.
#[cfg(feature = "config")]
pub(crate) fn difference(present: &Node, node: &Node) -> Difference {
    let Node {
        name,
        url,
        pools: _,
        checkout_timeout,
        connect_timeout,
        zone,
        weight,
        tags,
        only_tagged,
        is_logical,
        // What was measured is no setting.
        latency: _,
        role,
    } = node;
    let is_there = (name, url, connect_timeout, is_logical)
        == (
            &present.name,
            &present.url,
            &present.connect_timeout,
            &present.is_logical,
        );
    if !is_there {
        return Difference::Node;
    }
    // A pool is made with the time for which its callers wait.
    let waits_as_before = *checkout_timeout == present.checkout_timeout;
    let is_kept = |&pool: &PoolKind| waits_as_before && node.made_of(pool) == present.made_of(pool);
    let renewed: Vec<_> = PoolKind::ALL
        .into_iter()
        .filter(|pool| !is_kept(pool))
        .collect();
    let is_same = renewed.is_empty()
        && (zone, weight, tags, only_tagged, role)
            == (
                &present.zone,
                &present.weight,
                &present.tags,
                &present.only_tagged,
                &present.role,
            );
    if is_same {
        Difference::None
    } else {
        Difference::Settings(renewed)
    }
}

/// Returns whether `node` would be the same as this one, in its role.
pub(crate) fn is_same(present: &Node, node: &Node) -> bool {
    let Node {
        name,
        url,
        pools,
        checkout_timeout,
        connect_timeout,
        zone,
        weight,
        tags,
        only_tagged,
        is_logical,
        // What was measured is no setting.
        latency: _,
        role: _,
    } = fitted(Node {
        role: present.role,
        ..node.clone()
    });
    name == present.name
        && url == present.url
        && pools == present.pools
        && (checkout_timeout, connect_timeout)
            == (present.checkout_timeout, present.connect_timeout)
        && zone == present.zone
        && weight == present.weight
        && tags == present.tags
        && only_tagged == present.only_tagged
        && is_logical == present.is_logical
}

fn fitted(mut node: Node) -> Node {
    // It has no more than its publications hold.
    node.only_tagged |= node.is_logical;
    match node.role {
        // A replica's server would refuse them.
        Some(NodeRole::ReplaysWrites) => node.pool(PoolKind::Write, PoolOptions::new().min_idle(0)),
        _ => node,
    }
}

/// Checks nodes in their order.
fn validate(nodes: &[Node]) -> Result<(), ConfigError> {
    let (primary, others) = match nodes.split_first() {
        Some((first, others)) if first.role != Some(NodeRole::ReplaysWrites) => (first, others),
        _ => return Err(ConfigError::NoPrimary),
    };
    if let Some(second) = others
        .iter()
        .find(|node| node.role == Some(NodeRole::TakesWrites))
    {
        return Err(ConfigError::TwoPrimaries {
            first: primary.name.clone(),
            second: second.name.clone(),
        });
    }
    let mut names = std::collections::HashSet::new();
    for node in nodes {
        if !names.insert(node.name.as_str()) {
            return Err(ConfigError::DuplicateName {
                name: node.name.clone(),
            });
        }
        check(node)?;
    }
    if let Some(twin) = others.iter().find(|node| node.url == primary.url) {
        return Err(ConfigError::ReplicaIsPrimary {
            replica: twin.name.clone(),
            primary: primary.name.clone(),
        });
    }
    Ok(())
}

/// Checks a node by itself.
fn check(node: &Node) -> Result<(), ConfigError> {
    if node.is_logical && node.role == Some(NodeRole::TakesWrites) {
        return Err(ConfigError::LogicalPrimary {
            node: node.name.clone(),
        });
    }
    if node.is_logical && node.tags.is_empty() {
        return Err(ConfigError::LogicalWithoutTag {
            node: node.name.clone(),
        });
    }
    if node.only_tagged && node.tags.is_empty() {
        return Err(ConfigError::NoTag {
            node: node.name.clone(),
        });
    }
    if node.weight == 0 {
        return Err(ConfigError::NoWeight {
            node: node.name.clone(),
        });
    }
    let empty = PoolKind::ALL
        .into_iter()
        .find(|&pool| node.pool_size(pool) == 0);
    match empty {
        Some(pool) => Err(ConfigError::EmptyPool {
            node: node.name.clone(),
            pool,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
