//! `EdgeError`, `StoreError`: mistakes in an edge's configuration, and stores that fail.

use super::Rejection;

/// An invalid configuration of an edge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EdgeError {
    /// The router has no keys to sign tokens with.
    #[error(
        "the router has no keys to sign session tokens with: give its builder some with `token_keys`, or \
         keep states in a store with `Edge::stored`"
    )]
    NoTokenKeys,

    /// Browsers would refuse the cookie.
    #[error("browsers refuse the cookie `{name}`: {why}")]
    Cookie {
        /// Its name.
        name: String,
        /// The reason, and the remedy.
        why: &'static str,
    },

    /// A rule names a class that the router does not have.
    #[error(
        "the rule for `{path}` names the class `{class}`, which the router does not have: add it with \
         `RouterBuilder::class`"
    )]
    NoSuchClass {
        /// The path.
        path: String,
        /// The class.
        class: String,
    },

    /// A rule's path is not a valid pattern.
    #[error("invalid rule for `{path}`: {why}; write `/admin`, or `/users/{{id}}/orders`")]
    Rule {
        /// The path.
        path: String,
        /// The reason.
        why: String,
    },
}

codes! {
    EdgeError {
        NoTokenKeys => "edge_no_token_keys",
        Cookie => "edge_cookie",
        NoSuchClass => "edge_no_such_class",
        Rule => "edge_rule",
    }
}

/// An error returned by a [`TokenStore`](crate::edge::TokenStore).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store failed.
    #[error("the session store failed: check that it runs and can be reached")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// The value under the key is not a state.
    #[error(
        "the session store has something else under a session's key: give sessions a prefix, or a database, of \
         their own"
    )]
    Garbage(#[source] Rejection),

    /// Other requests changed the state at every attempt.
    #[error("too many requests of one session write at the same time: its state was not saved")]
    Contended,
}

impl StoreError {
    /// Creates the error of a store that failed because of `source`.
    pub fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(source.into())
    }
}

codes! {
    StoreError {
        Failed => "store_failed",
        Garbage => "store_garbage",
        Contended => "store_contended",
    }
}
