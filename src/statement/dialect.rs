//! Differences between the databases' SQL.

use diesel::backend::{Backend, DieselReserveSpecialization};
use diesel_routing_sql::Dialect as Sql;

use crate::statement::isolation::Characteristics;

/// A Diesel backend whose SQL can be inspected.
pub trait Dialect:
    Backend<QueryBuilder: Default> + DieselReserveSpecialization + Default + 'static
{
    /// The language of its SQL.
    const SQL: Sql;

    /// Makes every later transaction of a database session read-only by default.
    const READ_ONLY: &'static str;

    /// Opens a read-only transaction with one consistent view.
    const BEGIN_SNAPSHOT: &'static str;

    /// Opens a transaction that may lock rows, in a session that is read-only by default.
    const BEGIN_LOCKING: &'static str;

    /// Returns the SQL that opens a transaction with these characteristics.
    #[doc(hidden)]
    fn begin(characteristics: &Characteristics) -> String;
}

#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
impl Dialect for diesel::pg::Pg {
    const SQL: Sql = Sql::Postgres;
    const READ_ONLY: &'static str = "SET default_transaction_read_only = on";
    const BEGIN_SNAPSHOT: &'static str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    const BEGIN_LOCKING: &'static str = "BEGIN READ WRITE";

    fn begin(characteristics: &Characteristics) -> String {
        characteristics.postgres()
    }
}

#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
impl Dialect for diesel::mysql::Mysql {
    const SQL: Sql = Sql::Mysql;
    const READ_ONLY: &'static str = "SET SESSION TRANSACTION READ ONLY";
    // The consistent snapshot exists under REPEATABLE READ only; under any other level the server
    // ignores the word. `SET TRANSACTION` holds for the next transaction alone.
    const BEGIN_SNAPSHOT: &'static str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
         START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
    const BEGIN_LOCKING: &'static str = "START TRANSACTION READ WRITE";

    fn begin(characteristics: &Characteristics) -> String {
        characteristics.mysql()
    }
}

#[cfg(feature = "sync-sqlite")]
impl Dialect for diesel::sqlite::Sqlite {
    const SQL: Sql = Sql::Sqlite;
    const READ_ONLY: &'static str = "PRAGMA query_only = ON";
    // Deferred: the view is fixed by the first read.
    const BEGIN_SNAPSHOT: &'static str = "BEGIN DEFERRED";
    const BEGIN_LOCKING: &'static str = "BEGIN DEFERRED";

    fn begin(_: &Characteristics) -> String {
        "BEGIN".to_owned()
    }
}
