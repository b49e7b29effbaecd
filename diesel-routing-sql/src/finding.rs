use crate::SideEffect;

/// Why a piece of SQL must not run on a replica.
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
    /// Nothing but blanks, comments or semicolons.
    #[error("there is no statement in this SQL")]
    Empty,

    /// Something follows the first statement's semicolon.
    #[error(
        "this SQL holds more than one statement: a read is exactly one, so that nothing can follow \
         it unseen"
    )]
    SeveralStatements,

    /// The SQL could not be read, so nothing is known about it.
    #[error("this SQL could not be parsed, so it is not known to be a read: {message}")]
    Unparsable {
        /// What the parser expected, and where (line and column count from 1).
        message: String,
    },

    /// Code in a comment that some server versions run.
    #[error(
        "`{comment}` is run by some MySQL and MariaDB versions and skipped by others, so what it does \
         is not known: write that code without the comment"
    )]
    ConditionalComment {
        /// How the comment begins, for example `/*!40001`.
        comment: String,
    },

    /// A locking clause, at any depth.
    #[error(
        "`{clause}` locks rows, and only locks on the primary protect anything: a replica refuses it, \
         or locks rows that nobody else sees and holds up replication"
    )]
    RowLock {
        /// The clause without its options, in upper case, for example `FOR NO KEY UPDATE`.
        clause: String,
    },

    /// A statement that locks tables.
    #[error(
        "`{what}` locks tables, and only locks on the primary protect anything: a replica refuses it, \
         or takes a lock that nobody else sees"
    )]
    TableLock {
        /// The statement's first words, in upper case.
        what: String,
    },

    /// Changes data or schema, or stores a result.
    #[error(
        "`{what}` writes, and writes belong on the primary: a replica refuses them or drifts away from \
         the primary"
    )]
    Write {
        /// The statement's first words, in upper case.
        what: String,
    },

    /// A call of a listed function.
    #[error("`{function}` {}", effect.why())]
    SideEffect {
        /// The function as it is called, without its schema, in lower case; or `NEXT VALUE FOR`.
        function: String,
        /// What the call does besides giving a value.
        effect: SideEffect,
    },

    /// A statement that is none of the kinds known to read only.
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
    /// Whether the statement has to be taken for one that changed data.
    ///
    /// `false` for row locks, table locks and advisory locks: they protect data and leave it as it is.
    /// `true` for everything else, the unknown included.
    #[must_use]
    pub fn is_write(&self) -> bool {
        match self {
            Self::Empty | Self::RowLock { .. } | Self::TableLock { .. } => false,
            Self::SideEffect { effect, .. } => effect.is_write(),
            Self::SeveralStatements
            | Self::Unparsable { .. }
            | Self::ConditionalComment { .. }
            | Self::Write { .. }
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
