//! Differences between the databases' SQL.

use diesel::backend::{Backend, DieselReserveSpecialization};
use diesel_routing_sql::Dialect as Sql;

use crate::statement::isolation::Characteristics;

/// A Diesel backend whose SQL can be inspected.
///
/// Most have one language. That of `#[derive(diesel::MultiConnection)]` has one for each variant, and its value says which it is:
/// [`#[derive(RoutedConnection)]`](derive@crate::RoutedConnection) implements this trait for it.
pub trait Dialect: Backend + DieselReserveSpecialization + 'static {
    /// The language of its SQL; of an enum of connections, that of its first variant.
    const SQL: Sql;

    /// The languages that its values may have. Defaults to the only one.
    const LANGUAGES: &'static [Sql] = &[Self::SQL];

    /// Returns the backend of servers of a language: the only one, where there is one.
    fn of(language: Sql) -> Self;

    /// Returns the language of its SQL.
    #[inline]
    fn sql(&self) -> Sql {
        Self::SQL
    }

    /// Returns an empty builder of its SQL.
    fn query_builder(&self) -> Self::QueryBuilder;

    /// Returns the SQL that makes every later transaction of a database session read-only by default.
    fn read_only(&self) -> &'static str;

    /// Returns the SQL that opens a read-only transaction with one consistent view.
    fn begin_snapshot(&self) -> &'static str;

    /// Returns the SQL that opens a transaction that may lock rows, in a session that is read-only by default.
    fn begin_locking(&self) -> &'static str;

    /// Returns the SQL that opens a transaction with these characteristics.
    #[doc(hidden)]
    fn begin(&self, characteristics: &Characteristics) -> String;
}

/// What is the same for all backends of one language: its values say nothing that its type does not.
#[allow(unused_macros, reason = "where no backend is compiled in")]
macro_rules! only {
    ($language:expr) => {
        const SQL: Sql = $language;

        #[inline]
        fn of(_: Sql) -> Self {
            Self::default()
        }

        #[inline]
        fn query_builder(&self) -> Self::QueryBuilder {
            Default::default()
        }
    };
}

#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
impl Dialect for diesel::pg::Pg {
    only!(Sql::Postgres);

    fn read_only(&self) -> &'static str {
        "SET default_transaction_read_only = on"
    }

    fn begin_snapshot(&self) -> &'static str {
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    }

    fn begin_locking(&self) -> &'static str {
        "BEGIN READ WRITE"
    }

    fn begin(&self, characteristics: &Characteristics) -> String {
        characteristics.postgres()
    }
}

#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
impl Dialect for diesel::mysql::Mysql {
    only!(Sql::Mysql);

    fn read_only(&self) -> &'static str {
        "SET SESSION TRANSACTION READ ONLY"
    }

    // The consistent snapshot exists under REPEATABLE READ only; under any other level the server
    // ignores the word. `SET TRANSACTION` holds for the next transaction alone.
    fn begin_snapshot(&self) -> &'static str {
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
         START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
    }

    fn begin_locking(&self) -> &'static str {
        "START TRANSACTION READ WRITE"
    }

    fn begin(&self, characteristics: &Characteristics) -> String {
        characteristics.mysql()
    }
}

#[cfg(feature = "sync-sqlite")]
impl Dialect for diesel::sqlite::Sqlite {
    only!(Sql::Sqlite);

    fn read_only(&self) -> &'static str {
        "PRAGMA query_only = ON"
    }

    // Deferred: the view is fixed by the first read.
    fn begin_snapshot(&self) -> &'static str {
        "BEGIN DEFERRED"
    }

    fn begin_locking(&self) -> &'static str {
        "BEGIN DEFERRED"
    }

    fn begin(&self, _: &Characteristics) -> String {
        "BEGIN".to_owned()
    }
}
