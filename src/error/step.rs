//! `Step`: the step that failed, and its remedy.

use super::tls;
use super::words::{error_chain, lacks_database, shares_connections};

/// The words for a node that does not answer while a caller waits for it.
pub(crate) const SILENT: &str = "it does not answer its watcher any more";

/// A step of handing out a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Waiting for a free connection of the pool.
    Wait,
    /// Opening a connection.
    Connect,
    /// Making a new connection ready: its set-up hook, its role, read-only mode.
    SetUp,
    /// Taking a pooled connection up again.
    Recycle,
    /// Asking the server of a pooled connection what it is and has, before handing the connection out; or waiting for it
    /// while it does not answer its watcher either.
    Ask,
    /// Giving a connection the settings of its session: the server refused them.
    Settings,
    /// The pool is closed.
    Closed,
    /// The node was removed, or replaced, while the caller waited for it.
    Removed,
    /// Lending the one connection of a test, a [`TestRouter`](crate::sync::TestRouter)'s (feature `test-util`): another handle is
    /// out, or its transaction has ended.
    Test,
}

impl Step {
    /// Returns whether a failure in this step is the node's, not a sign of too many callers.
    pub(super) fn is_the_nodes(self) -> bool {
        matches!(
            self,
            Self::Connect | Self::SetUp | Self::Recycle | Self::Ask | Self::Removed
        )
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
            Self::Ask => {
                "the connection was lost, the node hangs, or its name leads to another server than it should: look at \
                 the node, at the network between, and at what the name leads to"
            }
            Self::Settings => {
                "the server refused a setting that travels with the session: check its name and value, and that the account \
                 may set it"
            }
            Self::Closed => {
                "the router was closed; build a new one, or ask another for its database"
            }
            Self::Removed => "ask again: another node may serve",
            Self::Test => "see to the handles of the test",
        }
    }
}

/// Returns the remedy: by the cause if it is a known one, else by the step. PostgreSQL's English messages are known.
pub(super) fn remedy(step: Step, source: &(dyn std::error::Error + 'static)) -> &'static str {
    #[cfg(feature = "test-util")]
    if let Some(failure) = source.downcast_ref::<super::TestFailure>() {
        return failure.remedy();
    }
    let words = error_chain(source);
    if words.contains("the database system is not accepting connections") {
        "the standby does not accept queries: set `hot_standby = on` on it and restart it, or leave it out"
    } else if shares_connections(&words) {
        "it is behind a pooler that shares server connections among clients: set the pooler to session \
         mode, or give the server's own URL"
    } else if lacks_database(&words) {
        "create the database, or see to its name and the account's rights; a replica has a new one once it has replayed that"
    } else if let Some(remedy) = tls::remedy(&words) {
        remedy
    } else {
        step.remedy()
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Wait => "wait",
            Self::Connect => "connect",
            Self::SetUp => "set up",
            Self::Recycle => "recycle",
            Self::Ask => "ask",
            Self::Settings => "settings",
            Self::Closed => "closed",
            Self::Removed => "removed",
            Self::Test => "test",
        })
    }
}
