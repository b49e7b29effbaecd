//! `DiscoveryError`: why a source has no nodes to tell.

use std::time::Duration;

/// A source's failure. The nodes that it told last stand; it is asked again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// It cannot be asked.
    #[error("{source_name} cannot be asked: {cause}")]
    Unreachable {
        /// The source, in a few words.
        source_name: String,
        /// The failure. Without passwords.
        cause: String,
    },

    /// It gave no answer in time.
    #[error("{source_name} has not answered within {timeout:?}")]
    TimedOut {
        /// The source, in a few words.
        source_name: String,
        /// The time that it had.
        timeout: Duration,
    },

    /// Its answer makes no sense.
    #[error("{source_name} gave an answer that cannot be read: {cause}")]
    Unreadable {
        /// The source, in a few words.
        source_name: String,
        /// The mistake, and its place.
        cause: String,
    },

    /// It knows no node: more likely a mistake than a cluster without servers.
    #[error("{source_name} knows no node: {remedy}")]
    Empty {
        /// The source, in a few words.
        source_name: String,
        /// The thing to look at.
        remedy: &'static str,
    },

    /// It knows more nodes than a cluster has.
    #[error(
        "{source_name} knows {found} nodes, and at most {limit} are believed: raise `at_most_nodes` if they are real"
    )]
    TooMany {
        /// The source, in a few words.
        source_name: String,
        /// The number of nodes.
        found: usize,
        /// The most that are believed.
        limit: usize,
    },

    /// Two nodes have one name.
    #[error(
        "{source_name} has two nodes called `{name}`: names tell nodes apart, so each needs its own"
    )]
    DuplicateName {
        /// The source, in a few words.
        source_name: String,
        /// The name.
        name: String,
    },
}
