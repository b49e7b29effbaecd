//! `ConfigError`: a mistake in a router's configuration.

use std::time::Duration;

use crate::server::{PoolKind, ServerVersion};

/// A configuration that no router can be built from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The configuration has no node that may be the primary.
    #[error(
        "there is no primary: give one with `primary(Node::new(name, url))`, or with `node(..)` if its role is to be \
         found out"
    )]
    NoPrimary,

    /// The configuration has more than one primary.
    #[error(
        "there are two primaries, `{first}` and `{second}`: keep one, and give the others with `replica(..)`"
    )]
    TwoPrimaries {
        /// The primary given first.
        first: String,
        /// The primary given next.
        second: String,
    },

    /// Two nodes have the same name.
    #[error(
        "two nodes are called `{name}`: names tell nodes apart in errors and logs, so each needs its own"
    )]
    DuplicateName {
        /// The name.
        name: String,
    },

    /// A node was to be removed or replaced that the router does not have.
    #[error("the router has no node `{name}`: its nodes are {nodes}")]
    UnknownNode {
        /// The name.
        name: String,
        /// The names of the nodes that it has.
        nodes: String,
    },

    /// The only node of a router was to be removed.
    #[error("`{node}` is the only node of its router: add another first, or `close()` the router")]
    LastNode {
        /// The node's name.
        node: String,
    },

    /// A replica is the primary under another name.
    #[error(
        "replica `{replica}` has the same database as primary `{primary}`: point it at a replica, or leave it out (a router without replicas reads from the primary)"
    )]
    ReplicaIsPrimary {
        /// The replica's name.
        replica: String,
        /// The primary's name.
        primary: String,
    },

    /// A node belongs to another cluster, so it can never receive what the primary writes.
    #[error("node `{replica}` does not belong to the cluster of `{primary}`: {why}")]
    OtherCluster {
        /// The node's name.
        replica: String,
        /// The name of the node that is meant to be the primary; if it does not answer, of another that does.
        primary: String,
        /// The difference, and the remedy.
        why: String,
    },

    /// Something between the router and a node shares server connections among clients.
    #[error(
        "node `{node}` is behind a pooler that shares server connections among clients (PgBouncer in \
         transaction or statement mode, say), where read-only mode and other settings leak to strangers: set \
         the pooler to session mode, or give the server's own URL"
    )]
    SharedConnections {
        /// The node's name.
        node: String,
    },

    /// The primary's positions cannot prove that a replica has a write.
    #[error("the positions of primary `{primary}` prove nothing: {why}")]
    NoPositions {
        /// The primary's name.
        primary: String,
        /// The problem with them, and the remedy.
        why: String,
    },

    /// Something was asked for that positions alone can tell, and the router has none.
    #[error(
        "nothing shows what a replica has: this router does without positions (`window_only()`, `aurora()`), or its servers have \
         none (SQLite). Compare the servers themselves before replicas are used again"
    )]
    WithoutPositions,

    /// The account may not ask a node for its position.
    #[error(
        "the account may not ask node `{node}` for its position ({why}): `GRANT EXECUTE ON FUNCTION` that function to it, or \
         do without positions (`window_only()`)"
    )]
    MayNotAsk {
        /// The node's name.
        node: String,
        /// The server's words, which name the function.
        why: String,
    },

    /// A node is an instance of Aurora PostgreSQL, which has no positions.
    #[error(
        "node `{node}` is an instance of Aurora PostgreSQL, which has no positions ({why}): ask for what it has with \
         `aurora()`, or do without with `window_only()`"
    )]
    IsAurora {
        /// The node's name.
        node: String,
        /// The server's words.
        why: String,
    },

    /// A node that is asked as an instance of Aurora PostgreSQL is another server.
    #[error(
        "node `{node}` does not answer as an instance of Aurora PostgreSQL ({why}): leave out `aurora()`, or give the \
         instance's URL"
    )]
    NotAurora {
        /// The node's name.
        node: String,
        /// The server's words.
        why: String,
    },

    /// A node's URL leads to a database that the router's connections, an enum, have no variant for.
    #[error("the URL of node `{node}` has {scheme}: correct it, or add a variant to the enum")]
    UnknownDatabase {
        /// The node's name.
        node: String,
        /// The scheme of its URL, or that it has none, and the known ones.
        scheme: String,
    },

    /// The nodes of a router have databases of different kinds.
    #[error(
        "the nodes of a router must have one kind of database, and these have several: {nodes}. Make a router for each kind"
    )]
    MixedDatabases {
        /// The nodes' names, and their kinds.
        nodes: String,
    },

    /// Nothing is said of a node's role, and nobody finds it out.
    #[error(
        "nothing says what node `{node}` is, and this router does not ask for roles (it has `window_only()`, or its servers \
         cannot tell): give the node with `primary(..)` or `replica(..)`"
    )]
    NoRole {
        /// The node's name.
        node: String,
    },

    /// Two servers have one id: their writes cannot be told apart, and replication between them stops.
    #[error(
        "nodes `{first}` and `{second}` have the same server id, {id}: give each its own `server_id`, in its \
         configuration, and restart it"
    )]
    SameServerId {
        /// The node given first.
        first: String,
        /// The node given next.
        second: String,
        /// The id.
        id: u64,
    },

    /// A server is older than the oldest supported version.
    #[error(
        "node `{node}` is version {found}, and {oldest} is the oldest that is supported: upgrade the server"
    )]
    TooOld {
        /// The node's name.
        node: String,
        /// The server's version.
        found: ServerVersion,
        /// The oldest supported version.
        oldest: ServerVersion,
    },

    /// A router for a single database was given a second node.
    #[error(
        "this router is for a single database, and `{node}` would be another: leave it out, or give nodes \
         with `primary(..)` and `replica(..)` alone"
    )]
    NotSingle {
        /// The other node's name.
        node: String,
    },

    /// A pool has size 0.
    #[error("node `{node}` has a {pool} pool of size 0: give it at least 1 connection")]
    EmptyPool {
        /// The node's name.
        node: String,
        /// The pool.
        pool: PoolKind,
    },

    /// A node has weight 0, so it would never be chosen.
    #[error("node `{node}` has weight 0: give it at least 1, or leave it out")]
    NoWeight {
        /// The node's name.
        node: String,
    },

    /// The share of the statements that a [`QueryLog`](crate::QueryLog) logs is invalid.
    #[error(
        "`QueryLog::sample({share})` is an invalid share of statements: give a number from 0 to 1"
    )]
    SampleShare {
        /// The number.
        share: String,
    },

    /// The share of reads that may run twice is no share.
    #[error("`hedge_budget({share})` is no share of reads: give a number from 0 to 1")]
    HedgeBudget {
        /// The number that was given.
        share: String,
    },

    /// A node is reserved for reads that ask for one of its tags, and has none, so it would never be chosen.
    #[error(
        "node `{node}` serves only reads that ask for one of its tags, and has none: give it one with `tag(\"..\")`, or leave \
         out `only_tagged()`"
    )]
    NoTag {
        /// The node's name.
        node: String,
    },

    /// The primary's share of reads is not a share.
    #[error("the primary's share of reads is {share}: give a number from 0.0 (none) to 1.0 (all)")]
    PrimaryShare {
        /// The number, as text.
        share: String,
    },

    /// A read asks for replicas with a tag that no node has.
    #[error(
        "{} replicas tagged `{tag}`, and no node has that tag{}: give it to a node with `tag(\"{tag}\")`, or ask for one that \
         there is",
        function.map_or_else(|| "a read asks for".to_owned(), |function| format!("`{function}` asks for")),
        there_are(known)
    )]
    NoSuchTag {
        /// The tag.
        tag: String,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for it, if any.
        function: Option<&'static str>,
        /// The tags that there are.
        known: Vec<String>,
    },

    /// A [`Breaker`](crate::Breaker) whose thresholds make no sense.
    #[error(
        "the breaker's thresholds of `{signal}` are {strained} and {open}: the first must be above 0, and not above the second"
    )]
    Breaker {
        /// The signal.
        signal: &'static str,
        /// The threshold from which on the primary is strained.
        strained: String,
        /// The threshold from which on it serves only writes and strong reads.
        open: String,
    },

    /// A table cannot have the name that a heartbeat was given.
    #[error(
        "`{}` cannot be the name of a heartbeat table: use letters, digits, `_`, and a `.` after the schema's name",
        table.escape_debug()
    )]
    HeartbeatTable {
        /// The name.
        table: String,
    },

    /// A [`Window`](crate::Window) that makes no sense.
    #[error("the window's `{setting}` is {value}: it must be {legal}")]
    Window {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
        /// The legal values.
        legal: &'static str,
    },

    /// The router does not have a class, of a read or to be changed.
    #[error(
        "the router has no class `{class}`{}{}: add it to its builder with `class(\"{class}\", Class::new())`",
        function.map_or_else(String::new, |function| format!(", of which `{function}` is")),
        there_are(known)
    )]
    NoSuchClass {
        /// The class.
        class: String,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that was called, if any.
        function: Option<&'static str>,
        /// The classes that there are.
        known: Vec<String>,
    },

    /// A limit on lag is so small that no replica could be known to keep it.
    #[error(
        "{} replicas to lag by {limit:?} at most, and nodes are asked every {interval:?}: what is known of a replica's lag is that \
         old before the next answer, so the limit must be {least:?} or more, or `watch_interval` less",
        class.as_ref().map_or_else(|| "the router requires".to_owned(), |class| format!("the class `{class}` requires"))
    )]
    LagNotMeasurable {
        /// The class; `None` for the router's own limit.
        class: Option<String>,
        /// The limit.
        limit: Duration,
        /// The least limit with this interval.
        least: Duration,
        /// The router's [watch interval](crate::RouterBuilder::watch_interval).
        interval: Duration,
    },

    /// The share of sessions that may use replicas is not a share.
    #[error(
        "the share of sessions that may use replicas is {percent} %{}: give a number from 0 (none) to 100 (all)",
        class.as_ref().map_or_else(String::new, |class| format!(" for the class `{class}`"))
    )]
    ReplicaShare {
        /// The number.
        percent: u8,
        /// The class; `None` for the router's own share.
        class: Option<String>,
    },

    /// A logical subscriber is configured as the primary.
    #[error(
        "node `{node}` is a logical subscriber, and configured as the primary: it applies what another server publishes, so give \
         that server as the primary, and this one to `replica(..)`"
    )]
    LogicalPrimary {
        /// The node's name.
        node: String,
    },

    /// A logical subscriber has no tag, so no read would ever use it.
    #[error(
        "node `{node}` is a logical subscriber and has no tag, so no read would use it: it has only what its publications hold; \
         give it a tag with `Node::tag`, by which reads ask for it that need nothing else"
    )]
    LogicalWithoutTag {
        /// The node's name.
        node: String,
    },

    /// A logical subscriber on a kind of server whose subscribers' lag cannot be asked for.
    #[error(
        "node `{node}` is configured as a logical subscriber, and the router knows those of PostgreSQL alone, of a cluster with \
         positions: leave `logical()` out if it is a replica"
    )]
    LogicalElsewhere {
        /// The node's name.
        node: String,
    },

    /// A class says what its reads do about other regions, and the router has none of its own.
    #[error(
        "the class `{class}` says what its reads do about nodes in other regions, and the router does not know its own: tell it \
         with `zone(..)`, and each node's with `Node::zone`"
    )]
    NoRegion {
        /// The class.
        class: String,
    },

    /// A router was asked for another database of its servers, and they have one each.
    #[error(
        "there is no router for database `{database}`: of SQLite, a database is a file, so build a router for each"
    )]
    OneDatabase {
        /// The name that was asked for.
        database: String,
    },

    /// No database can have the name that a router was asked for.
    #[error("`{}` cannot be the name of a database: {why}", database.escape_debug())]
    DatabaseName {
        /// The name.
        database: String,
        /// The reason.
        why: &'static str,
    },

    /// A node's URL does not tell where another database's name would stand.
    #[error(
        "the URL of node `{node}` cannot be made to lead to database `{database}`: give a URL with `://` or \
         `keyword=value` pairs, and percent-encode `@`, `:`, `/`, `?` and `#` in a URL's user name, password and parameters"
    )]
    DatabaseInUrl {
        /// The node's name.
        node: String,
        /// The database.
        database: String,
    },

    /// A key of a configuration is unknown, or its value is wrong.
    #[error("invalid configuration: `{key}`: {problem}")]
    Key {
        /// The key, such as `classes.payments.max_lag`.
        key: String,
        /// The problem, with the value and what is legal.
        problem: String,
    },

    /// A configuration is malformed, or its file cannot be read.
    #[error("the configuration cannot be read: {problem}")]
    Unreadable {
        /// The problem, with the line if there is one.
        problem: String,
    },

    /// A configuration changes what a running router cannot change.
    #[error(
        "the configuration changes {}, which a running router cannot: start the process anew with it, or leave that as it is",
        quoted(keys)
    )]
    NeedsRestart {
        /// The keys.
        keys: Vec<String>,
    },

    /// A setting cannot travel with a session.
    #[error("`{}` cannot travel with a session: {why}", name.escape_debug())]
    Setting {
        /// The setting's name.
        name: String,
        /// The reason.
        why: &'static str,
    },

    /// A session token was requested, and there is no key to sign it with.
    #[error(
        "there are no keys to sign session tokens with: give the router's builder some with `token_keys`"
    )]
    NoTokenKeys,

    /// The current session was requested outside any scope and without a default router.
    #[error(
        "no session is in scope, and there is no default router: run the code inside `session.scope(..)`, or \
         call `router.make_default()` once, so that what is outside any scope reads from the primary"
    )]
    NoCurrentSession,
}

impl ConfigError {
    /// Returns the path of the function with [`#[consistency(..)]`](macro@crate::consistency) that was called.
    pub(super) fn function(&self) -> Option<&'static str> {
        match self {
            Self::NoSuchTag { function, .. } | Self::NoSuchClass { function, .. } => *function,
            _ => None,
        }
    }
}

#[cfg(feature = "config")]
impl ConfigError {
    pub(crate) fn setting(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Key {
            key: key.into(),
            problem: problem.into(),
        }
    }
}

/// Returns names in words.
fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Returns the names that there are, in words.
fn there_are(known: &[String]) -> String {
    if known.is_empty() {
        return String::new();
    }
    format!(" (there is {})", quoted(known))
}
