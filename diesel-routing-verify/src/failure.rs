//! What fails while a verification runs, by code.

use std::error::Error as StdError;

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_routing::Error;

/// The failure of one act.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// A stable name for its kind.
    pub(crate) code: String,
    /// All that was said.
    pub(crate) text: String,
    /// Set if a server refused a write or a lock because it, or the transaction, is read-only.
    pub(crate) is_read_only: bool,
}

impl Failure {
    /// Returns the failure of an answer that did not come in time.
    pub(crate) fn no_answer(limit: std::time::Duration) -> Self {
        Self {
            code: "no_answer".to_owned(),
            text: format!("no answer within {limit:?}"),
            is_read_only: false,
        }
    }

    /// Returns the failure for an error of a strategy, or of what it gave.
    pub(crate) fn of_strategy(error: &(dyn StdError + Send + Sync + 'static)) -> Self {
        match error.downcast_ref::<DieselError>() {
            Some(error) => Self::of_query(error, chain(error)),
            None => Self {
                code: "strategy".to_owned(),
                text: chain(error),
                is_read_only: false,
            },
        }
    }

    fn of_query(error: &DieselError, text: String) -> Self {
        let code = match error {
            DieselError::DatabaseError(kind, info) => database_code(kind, info.message()),
            DieselError::NotFound => "not_found".to_owned(),
            DieselError::BrokenTransactionManager => "broken_transaction".to_owned(),
            DieselError::RollbackErrorOnCommit { .. } => "rollback_failed".to_owned(),
            DieselError::SerializationError(_) | DieselError::DeserializationError(_) => {
                "unreadable_answer".to_owned()
            }
            _ => "query".to_owned(),
        };
        Self {
            is_read_only: is_read_only(error),
            code,
            text,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = chain(&error);
        if let Error::Query { source, .. } = &error {
            return Self::of_query(source, text);
        }
        Self {
            code: error.code().to_owned(),
            text,
            is_read_only: false,
        }
    }
}

impl From<DieselError> for Failure {
    fn from(error: DieselError) -> Self {
        let text = chain(&error);
        Self::of_query(&error, text)
    }
}

/// Returns the code of a server's error.
fn database_code(kind: &DatabaseErrorKind, message: &str) -> String {
    match kind {
        DatabaseErrorKind::Unknown if message.contains("read-only") => "read_only".to_owned(),
        DatabaseErrorKind::Unknown
            if message.contains("recovery") || message.contains("deadlock") =>
        {
            "conflict".to_owned()
        }
        DatabaseErrorKind::Unknown if message.contains("locked") => "locked".to_owned(),
        DatabaseErrorKind::Unknown => "database".to_owned(),
        kind => snake(&format!("{kind:?}")),
    }
}

/// Returns whether a read-only server or transaction refused what was run.
fn is_read_only(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _) => true,
        DieselError::DatabaseError(_, info) => {
            let message = info.message();
            message.contains("read-only") || message.contains("readonly")
        }
        _ => false,
    }
}

/// Returns an error with its causes, in one line.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a name in snake case.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_snake_case_and_a_read_only_server_is_recognised() {
        assert_eq!(snake("NoReplica"), "no_replica");
        let refused = DieselError::DatabaseError(
            DatabaseErrorKind::Unknown,
            Box::new("The MariaDB server is running with the --read-only option".to_owned()),
        );
        let failure = Failure::from(refused);
        assert_eq!(failure.code, "read_only");
        assert!(failure.is_read_only);
        let failure = Failure::from(Error::from(DieselError::NotFound));
        assert_eq!((&*failure.code, failure.is_read_only), ("not_found", false));
    }
}
