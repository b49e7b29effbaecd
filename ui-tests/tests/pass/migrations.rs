//! Migrations run on a `WriteConn` as on any connection.

use diesel_migrations::{FileBasedMigrations, MigrationHarness};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn migrate_postgres(conn: &mut diesel_routing::sync::pg::WriteConn) -> Result<(), Failure> {
    conn.run_pending_migrations(FileBasedMigrations::find_migrations_directory()?)?;
    Ok(())
}

fn migrate_mysql(conn: &mut diesel_routing::sync::mysql::WriteConn) -> Result<(), Failure> {
    conn.revert_last_migration(FileBasedMigrations::find_migrations_directory()?)?;
    Ok(())
}

fn migrate_sqlite(conn: &mut diesel_routing::sync::sqlite::WriteConn) -> Result<bool, Failure> {
    conn.has_pending_migration(FileBasedMigrations::find_migrations_directory()?)
}

fn migrate_async_postgres(conn: diesel_routing::pg::WriteConn) -> Result<(), Failure> {
    let mut blocking =
        diesel_async::async_connection_wrapper::AsyncConnectionWrapper::<_>::from(conn);
    blocking.run_pending_migrations(FileBasedMigrations::find_migrations_directory()?)?;
    Ok(())
}
