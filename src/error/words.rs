//! Errors of servers and drivers that have no kind in Diesel, recognised by their English messages.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Returns whether a *read* that failed with this error may be retried on another node: the connection was
/// lost, or a replica cancelled the query to go on replaying. Like
/// [`Error::may_retry_read`](crate::Error::may_retry_read), for Diesel's own error.
///
/// A server that shuts down says so in its own language; only English messages are recognised.
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

/// Returns whether a server refused a connection because it has no such database, or the account may not enter it.
pub(super) fn lacks_database(words: &str) -> bool {
    let is_postgres = words.contains("database \"") && words.contains("does not exist");
    is_postgres
        || words.contains("permission denied for database")
        || words.contains("Unknown database")
        || words.contains("to database '")
}

/// Returns whether the server refused a write because the server or its transaction is read-only.
///
/// MySQL and MariaDB report errors 1290 and 1836, for which Diesel has no kind; only English messages are recognised.
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

/// PostgreSQL's messages when it ends a connection or a query by itself: SQLSTATE 57P01, 57P02, 57P03,
/// and 40P01 and 40001 from a recovery conflict. Then those of MySQL, MariaDB and their clients: errors
/// 2006, 2013, 1927, 1053, and 1047 from a Galera node without its cluster.
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

/// Returns an error with all its causes, in one line; without those whose words are there already.
pub(crate) fn error_chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        cause = error.source();
    }
    words
}

/// Returns an error with its causes, of each the first line.
pub(super) fn brief(error: &dyn std::error::Error) -> String {
    let mut words = first_line(error);
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = first_line(error);
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        cause = error.source();
    }
    words
}

fn first_line(error: &dyn std::error::Error) -> String {
    let words = error.to_string();
    words
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}

/// Returns whether a prepared statement belongs to another client, or is gone, as behind a pooler that shares
/// server connections (SQLSTATE 42P05 and 26000).
pub(super) fn shares_connections(words: &str) -> bool {
    // Diesel's name for a prepared statement, whatever the server's language.
    words.contains("__diesel_stmt_")
        || words.contains("prepared statement \"")
            && ["already exists", "does not exist"]
                .iter()
                .any(|end| words.contains(end))
}

/// Returns whether PostgreSQL refused the account a function (SQLSTATE 42501, which Diesel has no kind for); only English
/// messages are recognised.
pub(super) fn is_refused_function(words: &str) -> bool {
    ["pg_", "aurora_"]
        .iter()
        .any(|function| words.contains(&format!("permission denied for function {function}")))
}

/// Returns whether an instance of Aurora PostgreSQL refused to tell a position: as its users report its words, of readers, and
/// of writers whose `wal_level` is not `logical`.
pub(super) fn is_refused_on_aurora(words: &str) -> bool {
    words.contains("is currently not supported for Aurora")
        || words.contains("wal_level must be set to 'logical'")
}

/// Returns whether a server lacks the functions of Aurora PostgreSQL (SQLSTATE 42883, which Diesel has no kind for); only
/// English messages are recognised.
pub(super) fn lacks_aurora_functions(words: &str) -> bool {
    words.contains("function aurora_") && words.contains("does not exist")
}
