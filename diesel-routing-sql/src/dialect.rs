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
    /// The rules by which tokens form a statement.
    pub(crate) fn parser(self) -> &'static dyn sqlparser_dialect::Dialect {
        match self {
            Self::Postgres => &PostgreSqlDialect {},
            Self::Mysql => &MySqlDialect {},
            Self::Sqlite => &SQLiteDialect {},
        }
    }
}
