//! The lock for migrations, and the versions that have run.

use std::time::Duration;

use diesel::sql_types::{BigInt, Nullable, Text};

use crate::engine::MigrationLock;

/// The SQL of a lock that ends with its connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LockSql {
    /// Takes it if it is free, without waiting, and says who has it.
    pub(crate) take: &'static str,
    pub(crate) release: &'static str,
}

/// PostgreSQL's is one for each database. A blocking `pg_advisory_lock` would wait inside a statement, whose snapshot
/// `CREATE INDEX CONCURRENTLY` of the lock's owner waits for: both would wait for each other.
///
/// The number is "dieselmg" in ASCII.
#[cfg(any(feature = "postgres", feature = "sync-postgres"))]
pub(crate) const POSTGRES: LockSql = LockSql {
    take: "SELECT pg_catalog.pg_try_advisory_lock(7235425822644661607)::int::bigint AS taken, \
        (SELECT concat_ws(', ', 'process ' || held.pid::text, 'application ' || nullif(who.application_name, ''), \
            'from ' || host(who.client_addr), 'connected since ' || who.backend_start::timestamptz(0)::text) \
         FROM pg_catalog.pg_locks AS held LEFT JOIN pg_catalog.pg_stat_activity AS who ON who.pid = held.pid \
         WHERE held.locktype = 'advisory' AND held.granted AND held.classid = 1684628851 AND held.objid = 1701604711 \
            AND held.objsubid = 1 AND held.database = \
            (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) LIMIT 1) AS holder",
    release: "SELECT pg_catalog.pg_advisory_unlock(7235425822644661607)",
};

/// The names of locks are the server's, and have 64 characters at most: here they are one for each database.
#[cfg(any(feature = "mysql", feature = "sync-mysql"))]
pub(crate) const MYSQL: LockSql = LockSql {
    take: "SELECT CAST(GET_LOCK(CONCAT('diesel_migrations_', SHA1(COALESCE(DATABASE(), ''))), 0) AS SIGNED) AS taken, \
        COALESCE((SELECT CONCAT('connection ', list.ID, ' of ', list.USER, ' from ', list.HOST) \
            FROM information_schema.PROCESSLIST AS list \
            WHERE list.ID = IS_USED_LOCK(CONCAT('diesel_migrations_', SHA1(COALESCE(DATABASE(), '')))) LIMIT 1), \
            CONCAT('connection ', IS_USED_LOCK(CONCAT('diesel_migrations_', SHA1(COALESCE(DATABASE(), '')))))) AS holder",
    release: "DO RELEASE_LOCK(CONCAT('diesel_migrations_', SHA1(COALESCE(DATABASE(), ''))))",
};

/// Returns the SQL by which statements on SQLite wait for another connection's transaction: its own lock is all that there is.
pub(crate) fn busy_timeout(limit: Duration) -> String {
    let limit = limit.as_millis().min(i32::MAX as u128);
    format!("PRAGMA busy_timeout = {limit}")
}

/// The versions that have run, the last one first. Without Diesel's own statement, which creates the table.
pub(crate) const VERSIONS: &str =
    "SELECT version FROM __diesel_schema_migrations ORDER BY version DESC";

/// The answer to [`LockSql::take`].
#[derive(diesel::QueryableByName)]
pub(crate) struct LockAnswer {
    #[diesel(sql_type = Nullable<BigInt>)]
    taken: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    holder: Option<String>,
}

impl From<LockAnswer> for MigrationLock {
    fn from(answer: LockAnswer) -> Self {
        match answer.taken {
            Some(1) => Self::Taken,
            _ => Self::Held(
                answer
                    .holder
                    .unwrap_or_else(|| "the server does not tell by whom".to_owned()),
            ),
        }
    }
}

/// One row of [`VERSIONS`].
#[derive(diesel::QueryableByName)]
pub(crate) struct Version {
    #[diesel(sql_type = Text)]
    pub(crate) version: String,
}
