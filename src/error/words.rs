//! Errors of servers and drivers that have no kind in Diesel, recognised by their English messages.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// Returns whether a *read* that failed with this error may be retried on another node: the connection was
/// lost, a replica cancelled the query to go on replaying, or the connection's prepared statements do not fit a schema that
/// has changed. Like
/// [`Error::may_retry_read`](crate::Error::may_retry_read), for Diesel's own error.
///
/// A server that shuts down says so in its own language; only English messages are recognised.
///
/// # Example
///
/// ```
/// use diesel::result::Error::NotFound;
///
/// // The row is not there: another node has none either.
/// assert!(!diesel_routing::may_retry_read(&NotFound));
/// ```
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
                .chain(&SPOILT)
                .any(|words| info.message().contains(words)),
            _ => false,
        },
        DieselError::BrokenTransactionManager => true,
        DieselError::RollbackErrorOnCommit { commit_error, .. } => may_retry_read(commit_error),
        _ => false,
    }
}

/// Returns whether what a connection has prepared, or knows of types, is of an earlier schema: nothing ran, and every later
/// statement of its kind on this connection may fail as well.
#[cold]
pub(crate) fn is_spoilt(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            SPOILT.iter().any(|words| info.message().contains(words))
        }
        DieselError::RollbackErrorOnCommit { commit_error, .. } => is_spoilt(commit_error),
        _ => false,
    }
}

/// Returns whether the server has no such table, column, function or type: it may lack a migration that the primary has.
pub(crate) fn lacks_schema(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) => {
            let words = info.message();
            MISSING
                .iter()
                .any(|(start, end)| words.starts_with(start) && words.ends_with(end))
        }
        // Diesel asks for the number of a type before it sends the statement.
        DieselError::SerializationError(why) => {
            why.to_string().starts_with("Failed to find a type oid for")
        }
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

/// Messages about statements that were prepared, or types that were looked up, before the schema changed: PostgreSQL's (SQLSTATE
/// 0A000, XX000 and 42704), which are about a connection's own plans and numbers of types; then MySQL's and MariaDB's (error 1615),
/// their C client's (error 2057), and SQLite's.
const SPOILT: [&str; 6] = [
    "cached plan must not change result type",
    "cache lookup failed for type",
    "type with OID ",
    "Prepared statement needs to be re-prepared",
    "The number of columns in the result set differs from the number of bound buffers",
    "database schema has changed",
];

/// The starts and ends of messages about what a schema lacks: PostgreSQL's (SQLSTATE 42P01, 42703, 42883, 42704 and 3F000), those
/// of MySQL and MariaDB (errors 1146, 1054 and 1305), and SQLite's.
const MISSING: [(&str, &str); 11] = [
    ("relation ", " does not exist"),
    ("column ", " does not exist"),
    ("function ", " does not exist"),
    ("type \"", " does not exist"),
    ("schema ", " does not exist"),
    ("Table '", "' doesn't exist"),
    ("Unknown column '", "'"),
    ("FUNCTION ", " does not exist"),
    ("no such table: ", ""),
    ("no such column: ", ""),
    ("no such function: ", ""),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> DieselError {
        DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()))
    }

    #[test]
    fn what_servers_say_after_ddl_spoils_the_connection_and_a_read_may_run_again() {
        for message in [
            "cached plan must not change result type",
            "cache lookup failed for type 16402",
            "type with OID 16402 does not exist",
            "Prepared statement needs to be re-prepared",
            "The number of columns in the result set differs from the number of bound buffers. You must reset the \
             statement, rebind the result set columns, and execute the statement again",
            "database schema has changed",
        ] {
            let error = said(message);
            assert!(is_spoilt(&error) && may_retry_read(&error), "{message}");
            assert!(!lacks_schema(&error), "{message}");
            let at_commit = DieselError::RollbackErrorOnCommit {
                rollback_error: Box::new(DieselError::BrokenTransactionManager),
                commit_error: Box::new(error),
            };
            assert!(
                is_spoilt(&at_commit) && may_retry_read(&at_commit),
                "{message}"
            );
        }
    }

    #[test]
    fn what_a_schema_lacks_is_told_apart_from_what_a_query_does_wrong() {
        for message in [
            "relation \"app.users\" does not exist",
            "column users.nick does not exist",
            "column \"nick\" does not exist",
            "function twice(integer) does not exist",
            "type \"mood\" does not exist",
            "schema \"tenant_7\" does not exist",
            "Table 'app.users' doesn't exist",
            "Unknown column 'users.nick' in 'field list'",
            "FUNCTION app.twice does not exist",
            "no such table: users",
            "no such column: users.nick",
            "no such function: twice",
        ] {
            let error = said(message);
            assert!(lacks_schema(&error), "{message}");
            assert!(!is_spoilt(&error) && !may_retry_read(&error), "{message}");
        }
        for message in [
            "division by zero",
            "prepared statement \"__diesel_stmt_0\" does not exist",
            "role \"app\" does not exist",
            "Table 'app.users' doesn't exist in engine",
            "operator does not exist: integer = text",
        ] {
            assert!(!lacks_schema(&said(message)), "{message}");
        }
        let unique = DieselError::DatabaseError(
            DatabaseErrorKind::UniqueViolation,
            Box::new("relation \"users\" does not exist".to_owned()),
        );
        assert!(!lacks_schema(&unique));
    }
}
