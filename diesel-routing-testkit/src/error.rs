use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// An error of a test cluster.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a step: a directory, a file or a thread.
    #[error("{node}: could not {step}")]
    #[non_exhaustive]
    Io {
        /// The node, for example `replica 0`; `cluster` for what all nodes share.
        node: String,
        /// The step that failed.
        step: &'static str,
        /// The operating system's error.
        source: Arc<io::Error>,
    },
    /// The database refused a step.
    #[error("{node}: could not {step}")]
    #[non_exhaustive]
    Database {
        /// The node, for example `replica 0`.
        node: String,
        /// The step that failed.
        step: &'static str,
        /// The database's error.
        source: Arc<dyn StdError + Send + Sync>,
    },
    /// The cluster was asked for something it cannot be.
    #[error("{node}: cannot {step}: {reason}")]
    #[non_exhaustive]
    Setup {
        /// The node, for example `primary`; `cluster` for what all nodes share.
        node: String,
        /// The step that failed.
        step: &'static str,
        /// The reason, and the remedy.
        reason: &'static str,
    },
    /// There is no replica of that number.
    #[error("there is no replica {index}: this cluster has {replicas}, numbered from 0")]
    #[non_exhaustive]
    NoSuchReplica {
        /// The number asked for.
        index: usize,
        /// The number of replicas.
        replicas: usize,
    },
    /// Replicas were still behind when the time was up.
    #[error("replicas {replicas:?} did not catch up within {timeout:?}: {hint}")]
    #[non_exhaustive]
    Behind {
        /// The numbers of the replicas that are behind.
        replicas: Vec<usize>,
        /// The time waited.
        timeout: Duration,
        /// The cause of the delay, and the remedy.
        hint: String,
    },
    /// Replication has ended by itself; no replica advances any more. Start another cluster.
    #[error("replication has stopped")]
    #[non_exhaustive]
    Stopped {
        /// The step that failed; `None` if the replication thread panicked.
        source: Option<Box<Self>>,
    },
}

impl Error {
    /// Returns whether the error says that replicas are behind: more time, or a shorter lag, would have helped.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Behind { .. })
    }
}
