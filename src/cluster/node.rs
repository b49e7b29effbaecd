//! `Node`: a server as configured.

use std::time::Duration;

use diesel::ConnectionError;

use super::history::A_YEAR;
use crate::error::ConfigError;
use crate::server::{NodeRole, PoolKind};

/// A database server and the pools to it, as configured.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use diesel_routing::Node;
///
/// let replica = Node::new("replica-1", "postgres://app@10.0.0.2/app")
///     .read_pool_size(20)
///     .checkout_timeout(Duration::from_secs(1));
/// # let _ = replica;
/// ```
#[derive(Clone)]
pub struct Node {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) read_pool_size: u32,
    pub(crate) write_pool_size: u32,
    pub(crate) fallback_pool_size: u32,
    pub(crate) checkout_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) zone: Option<String>,
    pub(crate) weight: u32,
    /// The role that it is meant to have, if the router's builder was told one.
    pub(crate) role: Option<NodeRole>,
}

impl Node {
    /// Creates a node called `name`, reached at `url`.
    ///
    /// The name appears in errors, logs and routes: keep it short, unique, and without secrets. The URL is
    /// passed to Diesel's `establish`.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            // bb8's and r2d2's own default. The other defaults are chosen.
            read_pool_size: 10,
            write_pool_size: 10,
            fallback_pool_size: 5,
            checkout_timeout: Duration::from_secs(3),
            connect_timeout: Duration::from_secs(5),
            zone: None,
            weight: 1,
            role: None,
        }
    }

    /// Sets the number of connections in the pool for read handles. Defaults to 10.
    #[must_use]
    pub fn read_pool_size(mut self, size: u32) -> Self {
        self.read_pool_size = size;
        self
    }

    /// Sets the number of connections in the pool for `WriteConn`s. Every node has this pool, but only a primary
    /// uses it: a replica opens none of these connections before its promotion. Defaults to 10.
    #[must_use]
    pub fn write_pool_size(mut self, size: u32) -> Self {
        self.write_pool_size = size;
        self
    }

    /// Sets the number of connections in the pool for reads that fall back to this node, as the primary, because
    /// no replica is up and within the lag limit. Beyond that number, such reads fail after the checkout timeout:
    /// losing the replicas must not take the primary down. Defaults to 5.
    #[must_use]
    pub fn fallback_pool_size(mut self, size: u32) -> Self {
        self.fallback_pool_size = size;
        self
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
}

impl Node {
    /// Returns the maximum number of connections in the pool of this kind.
    pub(crate) fn pool_size(&self, pool: PoolKind) -> u32 {
        match pool {
            PoolKind::Read => self.read_pool_size,
            PoolKind::Write => self.write_pool_size,
            PoolKind::Fallback => self.fallback_pool_size,
        }
    }

    /// Removes the password from the error: drivers quote parts of a URL that they cannot parse.
    pub(crate) fn without_password(&self, error: ConnectionError) -> ConnectionError {
        let hide = |text: String| match self.password() {
            Some(password) => text.replace(password, "***"),
            None => text,
        };
        match error {
            ConnectionError::BadConnection(text) => ConnectionError::BadConnection(hide(text)),
            ConnectionError::InvalidConnectionUrl(text) => {
                ConnectionError::InvalidConnectionUrl(hide(text))
            }
            other => other,
        }
    }

    /// Returns what stands in the password's place, however malformed the rest of the URL is.
    fn password(&self) -> Option<&str> {
        let between = || {
            let (user_info, _) = self.url.rsplit_once('@')?;
            let user_info = user_info
                .split_once("://")
                .map_or(user_info, |(_, rest)| rest);
            user_info.split_once(':').map(|(_, password)| password)
        };
        let parameter = || {
            let (_, rest) = self.url.split_once("password=")?;
            rest.split([' ', '&']).next()
        };
        between()
            .or_else(parameter)
            .filter(|password| !password.is_empty())
    }
}

// The URL may hold a password.
impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node")
            .field("name", &self.name)
            .field("read_pool_size", &self.read_pool_size)
            .field("write_pool_size", &self.write_pool_size)
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
    nodes.sort_by_key(|node| match node.role {
        Some(NodeRole::TakesWrites) => 0,
        None => 1,
        Some(NodeRole::ReplaysWrites) => 2,
    });
    validate(&nodes)?;
    Ok(nodes)
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
        if node.weight == 0 {
            return Err(ConfigError::NoWeight {
                node: node.name.clone(),
            });
        }
        if let Some(&pool) = PoolKind::ALL
            .iter()
            .find(|&&pool| node.pool_size(pool) == 0)
        {
            return Err(ConfigError::EmptyPool {
                node: node.name.clone(),
                pool,
            });
        }
    }
    if let Some(twin) = others.iter().find(|node| node.url == primary.url) {
        return Err(ConfigError::ReplicaIsPrimary {
            replica: twin.name.clone(),
            primary: primary.name.clone(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> Node {
        Node::new(name, format!("db://{name}"))
    }

    fn primary(name: &str) -> Node {
        Node {
            role: Some(NodeRole::TakesWrites),
            ..node(name)
        }
    }

    fn replica(name: &str) -> Node {
        Node {
            role: Some(NodeRole::ReplaysWrites),
            ..node(name)
        }
    }

    fn names(nodes: Vec<Node>) -> Vec<String> {
        nodes.into_iter().map(|node| node.name).collect()
    }

    #[test]
    fn a_router_needs_a_primary() {
        let error = topology(vec![replica("a")], None).unwrap_err();
        assert_eq!(error, ConfigError::NoPrimary);
        let error = topology(vec![], None).unwrap_err();
        assert_eq!(error, ConfigError::NoPrimary);
    }

    #[test]
    fn the_primary_stands_first_and_a_node_that_may_be_it_before_the_replicas() {
        let nodes = vec![
            replica("a"),
            node("b"),
            primary("c"),
            node("d"),
            replica("e"),
        ];
        let ordered = topology(nodes, None).unwrap();
        assert_eq!(names(ordered), ["c", "b", "d", "a", "e"]);
        assert_eq!(
            names(topology(vec![replica("a"), node("b")], None).unwrap()),
            ["b", "a"]
        );
    }

    #[test]
    fn two_primaries_are_named_in_the_error() {
        let error = topology(vec![primary("a"), primary("b")], None).unwrap_err();
        assert!(error.to_string().contains("`a` and `b`"), "{error}");
    }

    #[test]
    fn no_replica_is_legal() {
        assert_eq!(names(topology(vec![primary("a")], None).unwrap()), ["a"]);
    }

    #[test]
    fn names_are_unique() {
        let error = topology(vec![primary("a"), replica("b"), node("b")], None).unwrap_err();
        assert_eq!(error, ConfigError::DuplicateName { name: "b".into() });
    }

    #[test]
    fn a_pool_of_size_zero_is_refused_with_the_node_and_the_pool() {
        let error = topology(vec![primary("a"), replica("b").read_pool_size(0)], None).unwrap_err();
        let pool = PoolKind::Read;
        assert_eq!(
            error,
            ConfigError::EmptyPool {
                node: "b".into(),
                pool
            }
        );
        let error = topology(vec![primary("a").write_pool_size(0)], None).unwrap_err();
        let pool = PoolKind::Write;
        assert_eq!(
            error,
            ConfigError::EmptyPool {
                node: "a".into(),
                pool
            }
        );
    }

    #[test]
    fn a_weight_of_zero_is_refused_with_the_node() {
        let error = topology(vec![primary("a"), replica("b").weight(0)], None).unwrap_err();
        assert_eq!(error, ConfigError::NoWeight { node: "b".into() });
    }

    #[test]
    fn a_replica_at_the_primarys_url_is_refused() {
        let twin = Node::new("b", "db://a");
        let error = topology(vec![primary("a"), twin], None).unwrap_err();
        let (replica, primary) = ("b".into(), "a".into());
        assert_eq!(error, ConfigError::ReplicaIsPrimary { replica, primary });
    }

    #[test]
    fn a_single_database_stands_for_both_and_has_no_others_beside_it() {
        let single = topology(vec![], Some(&node("a"))).unwrap();
        assert_eq!(names(single), ["a", "a-replica"]);
        for other in [primary("b"), replica("b"), node("b")] {
            let error = topology(vec![other], Some(&node("a"))).unwrap_err();
            assert_eq!(error, ConfigError::NotSingle { node: "b".into() });
        }
    }

    #[test]
    fn a_password_in_the_url_is_not_shown() {
        let node = Node::new("a", "postgres://app:hunter2@host/db");
        assert!(!format!("{node:?}").contains("hunter2"));
    }

    #[test]
    fn a_password_is_taken_out_of_what_a_driver_says() {
        for url in [
            "postgres://app:hunter2@host/db",
            "postgres//app:hunter2@host",
            "host=h password=hunter2 user=app",
            "postgres://app@host/db?password=hunter2&sslmode=disable",
        ] {
            let error = ConnectionError::BadConnection(format!("what is \"{url}\"?"));
            let shown = Node::new("a", url).without_password(error).to_string();
            assert!(
                !shown.contains("hunter2") && shown.contains("app"),
                "{shown}"
            );
        }
        let error = ConnectionError::BadConnection("no route to host".to_owned());
        let shown = Node::new("a", "postgres://app:@host/db").without_password(error);
        assert!(shown.to_string().contains("no route to host"));
    }
}
