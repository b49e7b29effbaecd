//! `Failure`: what logs and spans may have of an error.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::Refused;

/// The parts of an error that logs and spans may have.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// Its class, one of few words.
    pub(super) class: &'static str,
    /// Its SQLSTATE, where Diesel's kind of error tells it.
    pub(super) status: Option<&'static str>,
    pub(super) words: String,
}

impl Failure {
    /// Returns what may be told of `error`; all of its words if `with_values`.
    pub(super) fn of(error: &DieselError, system: &str, with_values: bool) -> Self {
        if let Some(refused) = refusal(error) {
            return Self {
                class: "refused",
                status: None,
                words: match refused {
                    // The whole has the SQL in it.
                    Refused::Statement { finding, .. } => finding.to_string(),
                    refused => refused.to_string(),
                },
            };
        }
        let (class, status) = class(error);
        let words = error.to_string();
        Self {
            class,
            status: status.filter(|_| system == "postgresql"),
            words: match (with_values, error) {
                (true, _) => words,
                (false, DieselError::DatabaseError(_, info)) => match info.constraint_name() {
                    Some(constraint) => format!("{} (constraint `{constraint}`)", masked(&words)),
                    None => masked(&words),
                },
                (false, _) => masked(&words),
            },
        }
    }

    /// Returns that of an error of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self {
            class: "_OTHER",
            status: None,
            words: "the statement failed with an error of the application's".to_owned(),
        }
    }
}

fn refusal(error: &DieselError) -> Option<&Refused> {
    match error {
        DieselError::QueryBuilderError(inner) => inner.downcast_ref(),
        _ => None,
    }
}

/// Returns a message with `?` in place of all that stands in quotes: servers quote values.
fn masked(message: &str) -> String {
    let is_quote = |c: char| {
        matches!(
            c,
            '\'' | '"' | '`' | '\u{ab}' | '\u{bb}' | '\u{201c}' | '\u{201d}' | '\u{201e}'
        )
    };
    // From the first to the last: there may be quotes in a value.
    let ends = (message.find(is_quote), message.rfind(is_quote));
    let (Some(first), Some(last)) = ends else {
        return message.to_owned();
    };
    let quote = message.get(last..).and_then(|rest| rest.chars().next());
    let behind = last + quote.map_or(0, char::len_utf8);
    let (before, behind) = (message.get(..first), message.get(behind..));
    format!(
        "{}?{}",
        before.unwrap_or_default(),
        behind.unwrap_or_default()
    )
}

/// Returns the class of an error, and the SQLSTATE of those that PostgreSQL's Diesel knows by it.
fn class(error: &DieselError) -> (&'static str, Option<&'static str>) {
    match error {
        DieselError::DatabaseError(kind, _) => match kind {
            DatabaseErrorKind::UniqueViolation => ("unique_violation", Some("23505")),
            DatabaseErrorKind::ForeignKeyViolation => ("foreign_key_violation", Some("23503")),
            DatabaseErrorKind::NotNullViolation => ("not_null_violation", Some("23502")),
            DatabaseErrorKind::CheckViolation => ("check_violation", Some("23514")),
            DatabaseErrorKind::RestrictViolation => ("restrict_violation", Some("23001")),
            DatabaseErrorKind::ExclusionViolation => ("exclusion_violation", Some("23P01")),
            DatabaseErrorKind::SerializationFailure => ("serialization_failure", Some("40001")),
            DatabaseErrorKind::ReadOnlyTransaction => ("read_only_transaction", Some("25006")),
            DatabaseErrorKind::ClosedConnection => ("closed_connection", None),
            DatabaseErrorKind::UnableToSendCommand => ("unable_to_send_command", None),
            _ => ("database_error", None),
        },
        DieselError::QueryBuilderError(_) => ("query_builder_error", None),
        DieselError::SerializationError(_) => ("serialization_error", None),
        DieselError::DeserializationError(_) => ("deserialization_error", None),
        DieselError::RollbackErrorOnCommit { .. } => ("rollback_error", None),
        DieselError::BrokenTransactionManager => ("broken_transaction", None),
        DieselError::AlreadyInTransaction | DieselError::NotInTransaction => {
            ("transaction_state", None)
        }
        _ => ("_OTHER", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_quote_is_left_out() {
        for (message, expected) in [
            (
                "Duplicate entry 'O'Brien' for key 'users.name'",
                "Duplicate entry ?",
            ),
            (
                "invalid input syntax for type integer: \"x\"",
                "invalid input syntax for type integer: ?",
            ),
            (
                "null value in column \"a\" violates it",
                "null value in column ? violates it",
            ),
            (
                "canceling statement due to user request",
                "canceling statement due to user request",
            ),
            ("ung\u{fc}ltig: \u{bb}x\u{ab}", "ung\u{fc}ltig: ?"),
        ] {
            assert_eq!(masked(message), expected);
        }
    }

    #[test]
    fn a_status_is_told_where_it_is_certain() {
        let error = DieselError::DatabaseError(
            DatabaseErrorKind::UniqueViolation,
            Box::new("duplicate key \"a\"".to_owned()),
        );
        let told = |system, values| Failure::of(&error, system, values);
        assert_eq!(told("postgresql", false).status, Some("23505"));
        assert_eq!(told("mysql", false).status, None);
        assert_eq!(told("mysql", false).class, "unique_violation");
        assert_eq!(told("mysql", false).words, "duplicate key ?");
        assert_eq!(told("mysql", true).words, "duplicate key \"a\"");
    }

    #[test]
    fn a_refusal_is_told_without_the_statement() {
        let finding = diesel_routing_sql::Finding::Empty;
        let sql = "'secret'".to_owned();
        let error = Refused::Statement { sql, finding }.into();
        let told = Failure::of(&error, "sqlite", false);
        assert_eq!(told.class, "refused");
        assert!(!told.words.contains("secret"), "{}", told.words);
    }
}
