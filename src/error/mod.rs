//! Errors: which node, which step, what to do.

use std::time::{Duration, Instant};

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::server::NodeRole;

mod config;
mod refused;
mod step;
mod words;

pub use config::ConfigError;
pub use refused::Refused;
pub use step::Step;
use step::remedy;
pub use words::may_retry_read;
use words::shares_connections;
pub(crate) use words::{error_chain, is_read_only};

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
    /// Returns the error of a node that gave no connection to a caller who asked for one at `since`.
    pub(crate) fn checkout(
        node: String,
        step: Step,
        since: Instant,
        source: impl Into<Source>,
    ) -> Self {
        Self::Checkout {
            node,
            step,
            waited: since.elapsed(),
            function: None,
            source: source.into(),
        }
    }

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
            Self::Checkout { node, source, .. }
                if shares_connections(&error_chain(source.as_ref())) =>
            {
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
