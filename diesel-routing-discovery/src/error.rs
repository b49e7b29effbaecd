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

/// Gives each error a stable name, and lists the names. A variant without one does not compile.
macro_rules! codes {
    ($($variant:ident => $code:literal,)+) => {
        impl DiscoveryError {
            /// The names that [`code`](Self::code) returns.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// Returns a stable name, for logs, metrics and alerts.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $code,)+
                }
            }
        }
    };
}

codes! {
    Unreachable => "discovery_unreachable",
    TimedOut => "discovery_timed_out",
    Unreadable => "discovery_unreadable",
    Empty => "discovery_empty",
    TooMany => "discovery_too_many",
    DuplicateName => "discovery_duplicate_name",
}

impl From<DiscoveryError> for diesel_routing::Error {
    fn from(error: DiscoveryError) -> Self {
        Self::Discovery {
            code: error.code(),
            source: error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_mark_makes_it_an_error_of_the_router() {
        fn ask() -> Result<(), diesel_routing::Error> {
            let source_name = "the file".to_owned();
            let remedy = "write some into it";
            Err(DiscoveryError::Empty {
                source_name,
                remedy,
            })?
        }
        let error = ask().unwrap_err();
        assert_eq!(error.code(), "discovery_empty");
        assert!(
            error.to_string().contains("the file knows no node"),
            "{error}"
        );
    }

    #[test]
    fn every_code_is_in_the_docs() {
        let docs = include_str!("../../docs/errors.md");
        for code in DiscoveryError::CODES {
            assert!(docs.contains(&format!("| `{code}` |")), "{code}");
        }
    }
}
