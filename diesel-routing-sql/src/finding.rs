//! `Finding`: the reason why SQL must not run on a replica.

use crate::SideEffect;

/// The reason why a piece of SQL must not run on a replica.
///
/// `Display` states the rule first, then why a replica must not run it.
///
/// ```
/// use diesel_routing_sql::{Dialect, Functions, inspect};
///
/// let functions = Functions::builtin(Dialect::Mysql);
/// let finding = inspect("SELECT a FROM t LOCK IN SHARE MODE", Dialect::Mysql, &functions).unwrap_err();
/// assert!(finding.to_string().starts_with("`LOCK IN SHARE MODE` locks rows"));
/// assert!(!finding.is_write());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// The SQL has nothing but blanks, comments or semicolons.
    #[error("there is no statement in this SQL")]
    Empty,

    /// The first statement's semicolon is followed by something else.
    #[error(
        "this SQL holds more than one statement: a read is exactly one, so that nothing can follow \
         it unseen"
    )]
    SeveralStatements,

    /// The SQL could not be parsed, so its effect is unknown.
    #[error("this SQL could not be parsed, so it is not known to be a read: {message}")]
    Unparsable {
        /// The parser's expectation, and its position (line and column count from 1).
        message: String,
    },

    /// A comment has code that some server versions run.
    #[error(
        "`{comment}` is run by some MySQL and MariaDB versions and skipped by others, so what it does \
         is not known: write that code without the comment"
    )]
    ConditionalComment {
        /// The comment's beginning, for example `/*!40001`.
        comment: String,
    },

    /// The SQL has a locking clause, at some depth.
    #[error(
        "`{clause}` locks rows, and only locks on the primary protect anything: a replica refuses it, \
         or locks rows that nobody else sees and holds up replication"
    )]
    RowLock {
        /// The clause without its options, in upper case, for example `FOR NO KEY UPDATE`.
        clause: String,
    },

    /// The statement locks tables.
    #[error(
        "`{what}` locks tables, and only locks on the primary protect anything: a replica refuses it, \
         or takes a lock that nobody else sees"
    )]
    TableLock {
        /// The statement's first words, in upper case.
        what: String,
    },

    /// The statement changes data or schema, or stores a result.
    #[error(
        "`{what}` writes, and writes belong on the primary: a replica refuses them or drifts away from \
         the primary"
    )]
    Write {
        /// The statement's first words, in upper case.
        what: String,
    },

    /// The SQL calls a listed function.
    #[error("`{function}` {}", effect.why())]
    SideEffect {
        /// The function's name in the call, without its schema, in lower case; or `NEXT VALUE FOR`.
        function: String,
        /// The side effect of the call.
        effect: SideEffect,
    },

    /// The SQL calls a function that is not known to change nothing. Only [`inspect_calls`](crate::inspect_calls) finds this.
    #[error("`{function}` is not known to change nothing")]
    UnknownCall {
        /// The function's name in the call, without its schema, in lower case.
        function: String,
    },

    /// The statement is not of a kind known to only read.
    #[error(
        "`{what}` is not a read: only SELECT, VALUES, WITH .. SELECT, TABLE, EXPLAIN, SHOW and \
         PRAGMA queries are"
    )]
    NotARead {
        /// The statement's first words, in upper case.
        what: String,
    },
}

impl Finding {
    /// Returns whether the statement has to be treated as one that changed data.
    ///
    /// `false` for row locks, table locks and advisory locks: they protect data and leave it as it is.
    /// `true` for everything else, including unknown statements.
    #[must_use]
    pub fn is_write(&self) -> bool {
        match self {
            Self::Empty | Self::RowLock { .. } | Self::TableLock { .. } => false,
            Self::SideEffect { effect, .. } => effect.is_write(),
            Self::SeveralStatements
            | Self::Unparsable { .. }
            | Self::ConditionalComment { .. }
            | Self::Write { .. }
            | Self::UnknownCall { .. }
            | Self::NotARead { .. } => true,
        }
    }

    pub(crate) fn write(what: impl Into<String>) -> Self {
        Self::Write { what: what.into() }
    }

    pub(crate) fn not_a_read(what: impl Into<String>) -> Self {
        Self::NotARead { what: what.into() }
    }
}

/// Gives each finding a stable name, and lists the names. A variant without one does not compile.
macro_rules! codes {
    ($($variant:ident => $code:literal,)+) => {
        impl Finding {
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
    Empty => "sql_empty",
    SeveralStatements => "sql_several_statements",
    Unparsable => "sql_unparsable",
    ConditionalComment => "sql_conditional_comment",
    RowLock => "sql_row_lock",
    TableLock => "sql_table_lock",
    Write => "sql_write",
    SideEffect => "sql_side_effect",
    UnknownCall => "sql_unknown_call",
    NotARead => "sql_not_a_read",
}
