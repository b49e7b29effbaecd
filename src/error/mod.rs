//! Errors: they name the node, the step and the remedy.

use std::time::{Duration, Instant};

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::server::NodeRole;

#[macro_use]
mod code;
mod about;
mod config;
mod config_codes;
#[cfg(feature = "edge")]
mod edge;
mod from;
mod key;
mod migration;
mod not_read_only;
mod optional;
mod origin;
mod position;
mod read_error;
mod refused;
mod rejection;
mod step;
#[cfg(feature = "test-util")]
mod test_failure;
#[cfg(test)]
mod tests;
mod tls;
mod words;

pub use config::ConfigError;
#[cfg(feature = "edge")]
pub use edge::{EdgeError, StoreError};
pub use key::KeyError;
pub use migration::{MigrationError, MigrationRemains};
pub use not_read_only::NotReadOnly;
pub use optional::{OptionalExt, is_not_found};
pub use origin::Origin;
pub use position::PositionError;
pub use read_error::ReadError;
pub use refused::Refused;
pub use rejection::Rejection;
pub(crate) use step::SILENT;
pub use step::Step;
use step::remedy;
#[cfg(feature = "test-util")]
pub(crate) use test_failure::TestFailure;
pub use words::may_retry_read;
use words::{
    brief, is_refused_function, is_refused_on_aurora, lacks_aurora_functions, shares_connections,
};
pub(crate) use words::{error_chain, is_read_only, is_spoilt, lacks_schema};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A failure between a caller and a node.
///
/// It converts from Diesel's error, so that one `?` serves checkouts and queries alike, also in
/// transaction closures; and from every other error of this crate.
///
/// Each error has a stable [`code`](Self::code), and tells what is known of it: [`node`](Self::node), [`step`](Self::step),
/// [`reason`](Self::reason), [`function`](Self::function). Its [`source`](std::error::Error::source) is whole; `Display` has the first
/// line of it.
///
/// # Example
///
/// ```no_run
/// # fn example(error: diesel_routing::Error) {
/// // For the log: what failed, where, in which of our functions, and why that node had been chosen.
/// println!("{error}");
/// println!("{} {:?} {:?} {:?}", error.code(), error.node(), error.function(), error.reason());
/// // For the caller.
/// if let Some(refused) = error.refused() {
///     println!("a mistake of ours: {} on {:?}", refused.code(), refused.node());
/// } else if error.may_retry_read() || error.may_retry_later() {
///     println!("503, retry after {:?}", error.retry_after());
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The router cannot be built as configured.
    #[error("the router's configuration is wrong: {0}")]
    Config(#[from] ConfigError),

    /// A node did not give a connection.
    #[error(
        "node `{node}` gave no connection{}{} after {waited:?}, in step {step} ({cause}): {remedy}",
        of_database(database.as_deref()),
        function.map(|function| format!(" to `{function}`")).unwrap_or_default(),
        cause = brief(source.as_ref()),
        remedy = remedy(*step, source.as_ref())
    )]
    Checkout {
        /// The node's name, as configured.
        node: String,
        /// The database, of a router [for one](crate::Router::for_database).
        database: Option<Box<str>>,
        /// The step that failed.
        step: Step,
        /// The time that the caller waited.
        waited: Duration,
        /// The reason for its choice: the name of a [`Reason`](crate::Reason); `None` while the router was built, and the like.
        reason: Option<&'static str>,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for it, if any.
        function: Option<&'static str>,
        /// The pool's or the server's error.
        source: Source,
    },

    /// No replica served a read, and the connections of the primary that are set aside for such reads are in use.
    #[error(
        "no replica serves{} and the primary's budget for reads without one is used up: the {budget} connections of \
         node `{node}`'s fallback pool{} were in use for {waited:?}; the replicas: {replicas}. See to the replicas, or \
         raise the budget (`Node::fallback_pool_size`) if the primary can take more",
        function.map(|function| format!(" `{function}`,")).unwrap_or_else(|| ",".to_owned()),
        of_database(database.as_deref())
    )]
    NoReplica {
        /// The primary's name, as configured.
        node: Box<str>,
        /// The database, of a router [for one](crate::Router::for_database).
        database: Option<Box<str>>,
        /// The size of its fallback pool.
        budget: u32,
        /// The time that the caller waited.
        waited: Duration,
        /// The state of each replica, in words.
        replicas: Box<str>,
        /// The reason for the primary's choice: the name of a [`Reason`](crate::Reason).
        reason: Option<&'static str>,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for it, if any.
        function: Option<&'static str>,
        /// The pool's error.
        source: Source,
    },

    /// No replica with the tag that a read is [limited to](crate::Tag::or_fail) may serve it.
    #[error(
        "no replica tagged `{tag}` may serve{} ({reason}), and it may not go elsewhere: {replicas}. See to these replicas, or \
         let the read fall back: `Tag::or_any_replica` or `Tag::or_primary`",
        function.map_or_else(|| " this read".to_owned(), |function| format!(" `{function}`"))
    )]
    NoTaggedReplica {
        /// The tag.
        tag: String,
        /// The reason for which it would have gone to the primary: the name of a [`Reason`](crate::Reason).
        reason: &'static str,
        /// The state of each node with the tag, in words.
        replicas: String,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for it, if any.
        function: Option<&'static str>,
    },

    /// No node in the router's own region may serve a read of a class that [refuses](crate::RegionPolicy::Refuse) others.
    #[error(
        "{} goes to node `{node}`{} ({reason}), and its class refuses other regions: see to the replicas of this one, or let the          class pay for the way (`RegionPolicy::Pay`)",
        function.map_or_else(|| "the read".to_owned(), |function| format!("`{function}`")),
        region.as_ref().map_or_else(|| ", whose region is unknown".to_owned(), |region| format!(" in region `{region}`"))
    )]
    OtherRegion {
        /// The name of the node that could serve it, as configured.
        node: String,
        /// That node's [zone](crate::Node::zone).
        region: Option<String>,
        /// The reason for which it would have gone there: the name of a [`Reason`](crate::Reason).
        reason: &'static str,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for it, if any.
        function: Option<&'static str>,
    },

    /// No replica may serve a read of a class that [stays off the primary](crate::Fallback::Refuse) then. Nothing was run: the
    /// same call may succeed a moment later.
    #[error(
        "no replica may serve {} ({reason}), and its class `{class}` does not fall back to the primary: {replicas}. Try again once \
         a replica has caught up, see to the replicas, or let the class fall back (`Fallback::Wait`, `Fallback::ToPrimary`)",
        function.map_or_else(|| "this read".to_owned(), |function| format!("`{function}`"))
    )]
    NoReplicaOfClass {
        /// The class.
        class: String,
        /// The reason for which it would have gone to the primary: the name of a [`Reason`](crate::Reason).
        reason: &'static str,
        /// The state of each replica, in words.
        replicas: String,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for it, if any.
        function: Option<&'static str>,
    },

    /// A node has another role than its configured one.
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

    /// The primary is strained, and a [`Breaker`](crate::Breaker) protects it from a read that no replica serves. Try again
    /// [later](Self::retry_after).
    #[error(
        "{} would go to the primary, node `{node}` ({reason}), which is protected while it is {strain}: try again in \
         {retry_after:?}; see to the primary and to the replicas, or raise the priority of the read's class",
        function.map_or_else(|| "the read".to_owned(), |function| format!("`{function}`"))
    )]
    Shed {
        /// The primary's name, as configured.
        node: String,
        /// The strain on it: the name of a [`Strain`](crate::Strain).
        strain: &'static str,
        /// The reason for which the read would have gone there: the name of a [`Reason`](crate::Reason).
        reason: &'static str,
        /// The read's [class](crate::Class), if it has one.
        class: Option<Box<str>>,
        /// The least time until the primary counts as less strained.
        retry_after: Duration,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for it, if any.
        function: Option<&'static str>,
    },

    /// No node takes writes, so nothing that needs the primary can be served. Reads that a replica may serve are.
    #[error(
        "no node takes writes{}: {nodes}. Start the primary, or promote a replica: it is found as soon as it takes writes",
        function.map(|function| format!(", as `{function}` needs")).unwrap_or_default()
    )]
    NoPrimary {
        /// The state of each node, in words.
        nodes: String,
        /// The function with [`#[consistency(..)]`](macro@crate::consistency) that asked for it, if any.
        function: Option<&'static str>,
        /// The error of the node that is meant to be the primary.
        source: Source,
    },

    /// No node answered while the router was built.
    #[error("none of the router's nodes can be used: {}", all(failures))]
    NoNode {
        /// The error of each node, in the order of [`Status::nodes`](crate::Status::nodes).
        failures: Vec<Self>,
    },

    /// A session was told to require something that is no position of the cluster.
    #[error("the position cannot be required: {0}")]
    Position(#[from] PositionError),

    /// A secret cannot be a key for session tokens.
    #[error("the keys of session tokens are wrong: {0}")]
    Key(#[from] KeyError),

    /// A session token was rejected, where somebody asked for that: otherwise it is ignored.
    #[error("the session token cannot be used: {0}")]
    Token(#[from] Rejection),

    /// Migrations did not run, or not to their end.
    #[error("{0}")]
    Migration(#[source] Box<MigrationError>),

    /// An edge cannot be built as configured.
    #[cfg(feature = "edge")]
    #[error("the edge's configuration is wrong: {0}")]
    Edge(#[from] EdgeError),

    /// A store of sessions failed.
    #[cfg(feature = "edge")]
    #[error(transparent)]
    Store(#[from] StoreError),

    /// A source of nodes cannot tell them: an error of the crate `diesel-routing-discovery`.
    #[error("the nodes are unknown: {source}")]
    Discovery {
        /// Its [`code`](Self::code).
        code: &'static str,
        /// Its error.
        source: Source,
    },

    /// A statement failed, or found no record, or was refused before it was sent: see [`is_not_found`](Self::is_not_found) and
    /// [`refused`](Self::refused).
    #[error("{}", about::statement(source, origin.as_deref()))]
    Query {
        /// Diesel's error.
        source: DieselError,
        /// The place where it ran, if that is known.
        origin: Option<Box<Origin>>,
    },
}

impl Error {
    /// Returns the error of a node that gave no connection to a caller who asked for one at `since`.
    pub(crate) fn checkout(
        node: String,
        step: Step,
        since: Instant,
        source: impl Into<Source>,
    ) -> Self {
        Self::Checkout {
            node,
            database: None,
            step,
            waited: since.elapsed(),
            reason: None,
            function: None,
            source: source.into(),
        }
    }

    /// Returns the error of a node that was removed.
    pub(crate) fn removed(node: &str, since: Instant) -> Self {
        let why = "the node was removed from the router";
        Self::checkout(node.to_owned(), Step::Removed, since, why)
    }

    /// Returns whether the node was removed.
    pub(crate) fn is_removed(&self) -> bool {
        matches!(
            self,
            Self::Checkout {
                step: Step::Removed,
                ..
            }
        )
    }

    /// Returns whether a pool gave no connection in time: its node may be well.
    pub(crate) fn is_wait(&self) -> bool {
        matches!(
            self,
            Self::Checkout {
                step: Step::Wait,
                ..
            }
        )
    }

    /// Returns the same error, attributed to a call of this function.
    pub(crate) fn of_function(mut self, path: &'static str) -> Self {
        if let Self::Checkout { function, .. }
        | Self::NoReplica { function, .. }
        | Self::NoTaggedReplica { function, .. }
        | Self::NoReplicaOfClass { function, .. }
        | Self::OtherRegion { function, .. }
        | Self::Shed { function, .. }
        | Self::NoPrimary { function, .. } = &mut self
        {
            *function = Some(path);
        }
        self
    }

    /// Returns the same error, of a router for this database.
    pub(crate) fn of_database(mut self, name: Option<&str>) -> Self {
        if let Self::Checkout { database, .. } | Self::NoReplica { database, .. } = &mut self {
            *database = name.map(Box::from);
        }
        self
    }

    /// Turns the failure to get a connection from a fallback pool of this size into the refusal that it is.
    pub(crate) fn of_fallback(self, budget: u32, replicas: String) -> Self {
        match self {
            Self::Checkout {
                node,
                database,
                step: Step::Wait,
                waited,
                reason,
                function,
                source,
            } => Self::NoReplica {
                node: node.into(),
                database,
                budget,
                waited,
                replicas: replicas.into(),
                reason,
                function,
                source,
            },
            other => other,
        }
    }

    /// Sets the time that was waited for a connection.
    pub(crate) fn having_waited(mut self, time: Duration) -> Self {
        if let Self::Checkout { waited, .. } | Self::NoReplica { waited, .. } = &mut self {
            *waited = time;
        }
        self
    }

    /// Turns a node's failure into the configuration error it shows, if it shows one.
    pub(crate) fn at_build(self) -> Self {
        match self {
            Self::Checkout {
                ref node,
                ref source,
                ..
            } => {
                let (node, words) = (node.clone(), error_chain(source.as_ref()));
                if shares_connections(&words) {
                    ConfigError::SharedConnections { node }.into()
                } else if is_refused_function(&words) {
                    ConfigError::MayNotAsk { node, why: words }.into()
                } else if is_refused_on_aurora(&words) {
                    ConfigError::IsAurora { node, why: words }.into()
                } else if lacks_aurora_functions(&words) {
                    ConfigError::NotAurora { node, why: words }.into()
                } else {
                    self
                }
            }
            other => other,
        }
    }

    /// Returns whether the connection must be checked to find out what happened.
    pub(crate) fn may_be_a_lost_connection(&self) -> bool {
        matches!(self, Self::Query { source, .. } if may_be_a_lost_connection(source))
    }

    /// Returns the same error, of a node that was chosen for this reason.
    pub(crate) fn of_reason(mut self, name: &'static str) -> Self {
        if let Self::Checkout { reason, .. } | Self::NoReplica { reason, .. } = &mut self {
            *reason = Some(name);
        }
        self
    }

    /// Sets where the statement ran, if that is not known yet.
    pub(crate) fn failed_on(&mut self, place: impl FnOnce() -> Origin) {
        if let Self::Query { origin, .. } = self {
            origin.get_or_insert_with(|| Box::new(place()));
        }
    }
}

/// Returns whether the connection must be checked to find out what happened: some servers' last messages, such as "terminating
/// connection due to administrator command", have no kind in Diesel.
pub(crate) fn may_be_a_lost_connection(error: &DieselError) -> bool {
    matches!(
        error,
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, _)
            | DieselError::BrokenTransactionManager
            | DieselError::RollbackErrorOnCommit { .. }
    )
}

/// Returns the words for the database that a connection was to be of.
fn of_database(database: Option<&str>) -> String {
    database.map_or_else(String::new, |database| format!(" of database `{database}`"))
}

/// Returns each error with its causes, in one line.
fn all(failures: &[Error]) -> String {
    let failures: Vec<_> = failures.iter().map(|error| error_chain(error)).collect();
    failures.join("; ")
}
