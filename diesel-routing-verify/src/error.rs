//! `Error`: why nothing could be verified.

/// The reason why nothing could be verified. What a run finds is no error: see [`Report`](crate::Report).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A node gave no connection past the router.
    #[error(
        "node `{node}` cannot be asked: {why}. Check its URL and account, and that its server runs"
    )]
    Node {
        /// The node's name.
        node: String,
        /// What its server or its driver said.
        why: String,
    },

    /// A node does not say which sessions it has.
    #[error(
        "node `{node}` does not tell this account who is connected: {why}. Grant it `pg_monitor` (PostgreSQL) or `PROCESS` (MySQL, \
         MariaDB)"
    )]
    Activity {
        /// The node's name.
        node: String,
        /// What its server said.
        why: String,
    },

    /// The subject gave no connection that writes.
    #[error("nothing can be written through it: {why}. See that its primary runs and takes writes")]
    NoWrites {
        /// What it said.
        why: String,
    },

    /// The run's own schema, database or tables could not be made.
    #[error("the {noun} `{name}` for the run's rows could not be made: {why}. {remedy}")]
    Create {
        /// What was to be made, in words.
        noun: &'static str,
        /// Its name.
        name: String,
        /// What the server said.
        why: String,
        /// What to do.
        remedy: String,
    },

    /// What earlier runs have left behind could not be removed, or looked for.
    #[error("what earlier runs have left behind could not be {step}: {why}")]
    Leftovers {
        /// What was tried, in words.
        step: &'static str,
        /// What the server said.
        why: String,
    },

    /// The settings of the verification make no sense.
    #[error("the verification's settings are wrong: {0}")]
    Settings(String),
}

impl Error {
    /// Returns a stable code for it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Node { .. } => "verify_node",
            Self::Activity { .. } => "verify_activity",
            Self::NoWrites { .. } => "verify_no_writes",
            Self::Create { .. } => "verify_create",
            Self::Leftovers { .. } => "verify_leftovers",
            Self::Settings(_) => "verify_settings",
        }
    }
}
