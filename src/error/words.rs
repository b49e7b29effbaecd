//! What servers and drivers say when they fail, where Diesel has no kind for it: their English words.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

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
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}

/// Whether prepared statements are another client's, or gone: this happens where a pooler shares server
/// connections (SQLSTATE 42P05 and 26000).
pub(super) fn shares_connections(words: &str) -> bool {
    // Diesel's name for one, whatever the server's language.
    words.contains("__diesel_stmt_")
        || words.contains("prepared statement \"")
            && ["already exists", "does not exist"]
                .iter()
                .any(|end| words.contains(end))
}
