//! `Dialect`: the SQL of PostgreSQL, MySQL and MariaDB, or SQLite.

use std::any::TypeId;

use sqlparser::dialect::{
    self as sqlparser_dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect,
};

/// A dialect of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    /// Returns the rules for splitting text into tokens.
    pub(crate) fn lexer(self) -> &'static dyn sqlparser_dialect::Dialect {
        match self {
            Self::Mysql => &MysqlLexer,
            other => other.parser(),
        }
    }

    /// Returns the rules for parsing tokens.
    pub(crate) fn parser(self) -> &'static dyn sqlparser_dialect::Dialect {
        match self {
            Self::Postgres => &PostgreSqlDialect {},
            Self::Mysql => &MySqlDialect {},
            Self::Sqlite => &SQLiteDialect {},
        }
    }
}

/// `MySqlDialect`, except that conditional comments stay comments.
///
/// sqlparser unpacks `/*! .. */` into tokens. It depends on a server's version whether it does so too, so
/// the scan has to see the comment itself.
#[derive(Debug)]
struct MysqlLexer;

impl sqlparser_dialect::Dialect for MysqlLexer {
    fn dialect(&self) -> TypeId {
        TypeId::of::<MySqlDialect>()
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        MySqlDialect {}.is_identifier_start(ch)
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        MySqlDialect {}.is_identifier_part(ch)
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        MySqlDialect {}.is_delimited_identifier_start(ch)
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        MySqlDialect {}.supports_string_literal_backslash_escape()
    }

    fn ignores_wildcard_escapes(&self) -> bool {
        MySqlDialect {}.ignores_wildcard_escapes()
    }

    fn supports_numeric_prefix(&self) -> bool {
        MySqlDialect {}.supports_numeric_prefix()
    }

    fn requires_single_line_comment_whitespace(&self) -> bool {
        MySqlDialect {}.requires_single_line_comment_whitespace()
    }

    fn supports_multiline_comment_hints(&self) -> bool {
        false
    }
}
