//! Errors: which node, which step, what to do.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_routing_sql::Finding;

use crate::cluster::ServerVersion;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong between a caller and a node.
///
/// It converts from Diesel's error, so that one `?` serves checkouts and queries alike, also in
/// transaction closures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The router cannot be built as configured.
    #[error("the router's configuration is wrong: {0}")]
    Config(#[from] ConfigError),

    /// A node did not give a connection.
    #[error(
        "node `{node}` gave no connection{} after {waited:?}, in step {step}: {remedy}",
        function.map(|function| format!(" to `{function}`")).unwrap_or_default(),
        remedy = remedy(*step, source.as_ref())
    )]
    Checkout {
        /// The node's name, as configured.
        node: String,
        /// What was being done.
        step: Step,
        /// How long the caller waited.
        waited: Duration,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that it was for, if any.
        function: Option<&'static str>,
        /// What the pool or the server said.
        source: Source,
    },

    /// A node is not what it was configured as.
    #[error(
        "node `{node}` was configured as {expected}, but {}: point it at the right server, or change its role \
         in the router's builder",
        found.signs()
    )]
    WrongRole {
        /// The node's name, as configured.
        node: String,
        /// The role in the configuration.
        expected: NodeRole,
        /// The role that the server reports.
        found: NodeRole,
    },

    /// A statement failed.
    #[error("the statement failed")]
    Query(#[from] diesel::result::Error),
}

impl Error {
    /// Whether a *read* that failed so may be tried on another node: it was the node's fault. A write
    /// may not, since its outcome may be unknown.
    ///
    /// `Session::reading` does it by itself.
    #[must_use]
    pub fn may_retry_read(&self) -> bool {
        match self {
            Self::Checkout { step, .. } => step.is_the_nodes(),
            Self::WrongRole { .. } => true,
            Self::Query(error) => may_retry_read(error),
            Self::Config(_) => false,
        }
    }

    /// The same error, of a call of this function.
    pub(crate) fn of_function(mut self, path: &'static str) -> Self {
        if let Self::Checkout { function, .. } = &mut self {
            *function = Some(path);
        }
        self
    }

    /// The configuration's mistake, if that is what a node's failure shows.
    pub(crate) fn at_build(self) -> Self {
        match self {
            Self::Checkout { node, source, .. } if shares_connections(&told(source.as_ref())) => {
                ConfigError::SharedConnections { node }.into()
            }
            other => other,
        }
    }

    /// Whether the connection must be asked to know what happened: some servers' last words, such as
    /// "terminating connection due to administrator command", have no kind of their own in Diesel.
    pub(crate) fn may_be_a_lost_connection(&self) -> bool {
        matches!(
            self,
            Self::Query(
                DieselError::DatabaseError(DatabaseErrorKind::Unknown, _)
                    | DieselError::BrokenTransactionManager
                    | DieselError::RollbackErrorOnCommit { .. }
            )
        )
    }
}

/// Whether a *read* that failed so may be tried on another node: the connection was lost, or a replica
/// cancelled it to go on replaying. As [`Error::may_retry_read`], for Diesel's own error.
///
/// A server that shuts down says so in its own language; English words are known.
#[must_use]
pub fn may_retry_read(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(kind, info) => match kind {
            // On a replica: a conflict with recovery (SQLSTATE 40001).
            DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand => true,
            DatabaseErrorKind::Unknown => LAST_WORDS
                .iter()
                .any(|words| info.message().contains(words)),
            _ => false,
        },
        DieselError::BrokenTransactionManager => true,
        DieselError::RollbackErrorOnCommit { commit_error, .. } => may_retry_read(commit_error),
        _ => false,
    }
}

/// Whether the server refused a write because it is, or its transaction is, read-only.
///
/// MySQL and MariaDB say errors 1290 and 1836, for which Diesel has no kind; their English words are known.
pub(crate) fn is_read_only(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => true,
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            let words = info.message();
            [
                "read-only option",
                "read_only option",
                "Running in read-only mode",
            ]
            .iter()
            .any(|known| words.contains(known))
        }
        _ => false,
    }
}

/// What PostgreSQL says when it ends a connection or a query for reasons of its own: SQLSTATE 57P01,
/// 57P02, 57P03, and 40P01 and 40001 from a recovery conflict. And MySQL, MariaDB and their clients: errors
/// 2006, 2013, 1927, 1053, and from a Galera node without its cluster 1047.
const LAST_WORDS: [&str; 11] = [
    "terminating connection",
    "the database system is shutting down",
    "the database system is starting up",
    "the database system is in recovery mode",
    "due to conflict with recovery",
    "server closed the connection unexpectedly",
    "has gone away",
    "Lost connection to",
    "Connection was killed",
    "Server shutdown in progress",
    "WSREP has not yet prepared node",
];

/// An error with all its causes, in one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(": ");
        told.push_str(&error.to_string());
        cause = error.source();
    }
    told
}

/// A configuration that no router can be built from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No primary was given.
    #[error("there is no primary: give one with `primary(Node::new(name, url))`")]
    NoPrimary,

    /// More than one primary was given.
    #[error(
        "there are two primaries, `{first}` and `{second}`: keep one, and give the others with `replica(..)`"
    )]
    TwoPrimaries {
        /// The primary given first.
        first: String,
        /// The primary given next.
        second: String,
    },

    /// Two nodes have one name.
    #[error(
        "two nodes are called `{name}`: names tell nodes apart in errors and logs, so each needs its own"
    )]
    DuplicateName {
        /// The name.
        name: String,
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

    /// A replica belongs to another cluster: it can never have what the primary writes.
    #[error("replica `{replica}` does not belong to the cluster of primary `{primary}`: {why}")]
    OtherCluster {
        /// The replica's name.
        replica: String,
        /// The primary's name.
        primary: String,
        /// What differs, and what to do.
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

    /// The primary's positions prove nothing.
    #[error("the positions of primary `{primary}` prove nothing: {why}")]
    NoPositions {
        /// The primary's name.
        primary: String,
        /// What is wrong with it, and what to do.
        why: String,
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

    /// A server is older than what is supported.
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

    /// A router for a single database was given another node.
    #[error(
        "this router is for a single database, and `{node}` would be another: leave it out, or give nodes \
         with `primary(..)` and `replica(..)` alone"
    )]
    NotSingle {
        /// The other node's name.
        node: String,
    },

    /// A pool would have no connections.
    #[error("node `{node}` has a {pool} pool of size 0: give it at least 1 connection")]
    EmptyPool {
        /// The node's name.
        node: String,
        /// `read`, `write` or `fallback`.
        pool: &'static str,
    },

    /// A node would never be chosen.
    #[error("node `{node}` has weight 0: give it at least 1, or leave it out")]
    NoWeight {
        /// The node's name.
        node: String,
    },

    /// A function names a class that the router does not have.
    #[error(
        "`{function}` belongs to the class `{class}`, which the router does not have: add it with `class(\"{class}\", Class::new())`"
    )]
    NoSuchClass {
        /// The function.
        function: &'static str,
        /// The class.
        class: &'static str,
    },

    /// A session token was asked for, and there is nothing to sign it with.
    #[error(
        "there are no keys to sign session tokens with: give the router's builder some with `token_keys`"
    )]
    NoTokenKeys,

    /// The current session was asked for, outside any scope and without a default router.
    #[error(
        "no session is in scope, and there is no default router: run the code inside `session.scope(..)`, or \
         call `router.make_default()` once, so that what is outside any scope reads from the primary"
    )]
    NoCurrentSession,
}

/// What a node was doing for a caller when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Waiting for a free connection of the pool.
    Wait,
    /// Opening a connection.
    Connect,
    /// Making a new connection ready: its set-up hook, its role, read-only mode.
    SetUp,
    /// Checking a pooled connection before lending it.
    Recycle,
    /// The pool is closed.
    Closed,
}

impl Step {
    /// Whether it failed because of the node, not because of too many callers.
    fn is_the_nodes(self) -> bool {
        matches!(self, Self::Connect | Self::SetUp | Self::Recycle)
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Wait => {
                "every connection is in use or the server does not answer; look for connections held \
                 too long, or raise the pool's size or timeout"
            }
            Self::Connect => "check the URL, the credentials, and that the server runs",
            Self::SetUp => "the server refused the connection's set-up statements",
            Self::Recycle => "the pooled connection was lost or its node changed its role",
            Self::Closed => "the router was shut down; build a new one",
        }
    }
}

/// What to do, by the cause if it is a known one, else by the step. PostgreSQL's English words are known.
fn remedy(step: Step, source: &(dyn std::error::Error + 'static)) -> &'static str {
    let words = told(source);
    if words.contains("the database system is not accepting connections") {
        "it is a standby that takes no queries: set `hot_standby = on` on it and restart it, or leave it out"
    } else if shares_connections(&words) {
        "it is behind a pooler that shares server connections among clients: set the pooler to session \
         mode, or give the server's own URL"
    } else {
        step.remedy()
    }
}

/// Whether prepared statements are another client's, or gone: this happens where a pooler shares server
/// connections (SQLSTATE 42P05 and 26000).
fn shares_connections(words: &str) -> bool {
    // Diesel's name for one, whatever the server's language.
    words.contains("__diesel_stmt_")
        || words.contains("prepared statement \"")
            && ["already exists", "does not exist"]
                .iter()
                .any(|end| words.contains(end))
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Wait => "wait",
            Self::Connect => "connect",
            Self::SetUp => "set up",
            Self::Recycle => "recycle",
            Self::Closed => "closed",
        })
    }
}

/// What a server is in its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
// Not `Primary` and `Replica`: the compiler writes those roles without their path only while no
// other public item has such a name.
pub enum NodeRole {
    /// It takes writes.
    TakesWrites,
    /// It replays another node's writes.
    ReplaysWrites,
}

impl NodeRole {
    /// What a server in this role shows, and what it may be.
    fn signs(self) -> &'static str {
        match self {
            Self::TakesWrites => {
                "it takes writes (on PostgreSQL: it is not in recovery), so it is the primary, another \
                 primary, or a logical subscriber"
            }
            Self::ReplaysWrites => {
                "it only replays another's writes (on PostgreSQL: it is in recovery), so it is a replica"
            }
        }
    }
}

impl std::fmt::Display for NodeRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TakesWrites => "primary",
            Self::ReplaysWrites => "replica",
        })
    }
}

/// A statement that a handle did not run.
///
/// Diesel's methods return Diesel's error, so it arrives inside
/// [`QueryBuilderError`](diesel::result::Error::QueryBuilderError); get it back with
/// `error.downcast_ref::<Refused>()` on the box inside. The statement was not sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The statement check found something that a read handle must not run.
    #[error(
        "refused on a read handle: {finding}; run it on a `WriteConn` (from `session.write()`), or, if \
         it is harmless, allow it in the router's `StatementCheck`; the statement: {sql}"
    )]
    Statement {
        /// The statement as it would have been sent.
        sql: String,
        /// What was found in it.
        finding: Finding,
    },

    /// A row lock outside a transaction that may lock.
    #[error(
        "refused: a row lock lasts until its transaction ends, so outside one it protects nothing, and a \
         read-only transaction cannot take one; lock inside `ReadConn<Primary>::transaction`, or inside a \
         `WriteConn`'s transaction"
    )]
    LockOutsideTransaction,

    /// A write on a read handle.
    #[error("refused: a write needs a `WriteConn`, from `session.write()`")]
    Write,

    /// The connection inside the handle was lent for less than the handle promises.
    #[error(
        "refused: the connection in this handle (node `{node}`) was lent for less than the handle \
         promises; two handles were swapped (`std::mem::swap`), which handles do not survive"
    )]
    Swapped {
        /// The node of the connection.
        node: String,
    },

    /// An earlier statement on the connection was given up before the server had answered it, on MySQL or MariaDB.
    #[error(
        "refused: an earlier statement on this connection (node `{node}`) was given up half-way, as by a timeout \
         around it, and its answer would be taken for this one's; take another handle: the pool closes this \
         connection when the handle is dropped"
    )]
    GivenUp {
        /// The node of the connection.
        node: String,
    },
}

impl From<Refused> for diesel::result::Error {
    fn from(refused: Refused) -> Self {
        Self::QueryBuilderError(Box::new(refused))
    }
}
