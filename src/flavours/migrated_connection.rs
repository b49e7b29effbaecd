//! The connections that migrations run on.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

/// Implements `MigratedConnection`, with the SQL of the server's lock; `None` where there is none, as on SQLite.
#[allow(unused_macros, reason = "where no backend is compiled in")]
macro_rules! migrated {
    ($conn:ty, $lock:expr) => {
        const _: () = {
            use diesel::QueryResult;

            use super::hooks::{RawQueryDsl, SimpleConnection};
            use super::{WriteConn, flavoured};
            use crate::backend::migrations::{
                LockAnswer, LockSql, VERSIONS, Version, busy_timeout,
            };
            use crate::engine::{MigrationLock, MigrationSteps};

            const LOCK: Option<LockSql> = $lock;

            #[flavoured]
            impl super::MigratedConnection for $conn {
                async fn lock_migrations(
                    &mut self,
                    limit: std::time::Duration,
                ) -> QueryResult<MigrationLock> {
                    let Some(lock) = LOCK else {
                        self.batch_execute(&busy_timeout(limit)).await?;
                        return Ok(MigrationLock::Taken);
                    };
                    let take = diesel::sql_query(lock.take);
                    let answer: LockAnswer = RawQueryDsl::get_result(take, self).await?;
                    Ok(answer.into())
                }

                async fn unlock_migrations(&mut self) -> QueryResult<()> {
                    match LOCK {
                        Some(lock) => self.batch_execute(lock.release).await,
                        None => Ok(()),
                    }
                }

                async fn migration_versions(&mut self) -> QueryResult<Vec<String>> {
                    let query = diesel::sql_query(VERSIONS);
                    let versions: Vec<Version> = RawQueryDsl::load(query, self).await?;
                    Ok(versions.into_iter().map(|row| row.version).collect())
                }

                fn in_harness<T>(
                    conn: WriteConn<Self>,
                    job: impl FnOnce(&mut dyn MigrationSteps<Self::Backend>) -> T,
                ) -> (WriteConn<Self>, T) {
                    super::migrating::with_harness!(conn, job)
                }
            }
        };
    };
}
#[allow(unused_imports, reason = "where no backend is compiled in")]
pub(super) use migrated;
