//! Opening and closing transactions on a loan. Under a test, the application's are savepoints of the test's own.
//!
//! Part of both flavours: `asynchronous` has it as written, `sync` without `async` and `.await`.

use diesel::QueryResult;
#[cfg(feature = "test-util")]
use diesel_routing_sql::Dialect as Sql;

use super::connection::depth;
use super::hooks::TransactionManager;
use super::{RoutedConnection, flavoured};
use crate::engine::Pooled;
#[cfg(feature = "test-util")]
use crate::statement::Dialect;

/// Returns the number of transactions that are open for the loan: a test's, around it, does not count.
pub(super) fn depth_of<C: RoutedConnection>(pooled: &mut Pooled<C>) -> u32 {
    depth(&mut pooled.conn).saturating_sub(pooled.outer())
}

/// Opens a transaction with `sql`, outside any other.
#[flavoured]
pub(super) async fn begin_with<C: RoutedConnection>(
    pooled: &mut Pooled<C>,
    sql: &str,
) -> QueryResult<()> {
    #[cfg(feature = "test-util")]
    if pooled.inside.is_some() {
        return begin_inside(pooled, sql).await;
    }
    pooled.conn.begin_with(sql).await
}

/// Opens a transaction, or a savepoint inside one.
#[flavoured]
pub(super) async fn begin<C: RoutedConnection>(pooled: &mut Pooled<C>) -> QueryResult<()> {
    #[cfg(feature = "test-util")]
    super::test_pool::before_statement(pooled);
    C::TransactionManager::begin_transaction(&mut pooled.conn).await
}

/// Commits a transaction, or releases a savepoint.
#[flavoured]
pub(super) async fn commit<C: RoutedConnection>(pooled: &mut Pooled<C>) -> QueryResult<()> {
    #[cfg(feature = "test-util")]
    if pooled.inside.is_some() {
        return commit_inside(pooled).await;
    }
    C::TransactionManager::commit_transaction(&mut pooled.conn).await
}

/// Rolls a transaction back, or to its savepoint.
#[flavoured]
pub(super) async fn roll_back<C: RoutedConnection>(pooled: &mut Pooled<C>) -> QueryResult<()> {
    C::TransactionManager::rollback_transaction(&mut pooled.conn).await?;
    #[cfg(feature = "test-util")]
    closed_inside(pooled).await?;
    Ok(())
}

/// Opens what is a transaction to the application, in a test's. Its isolation is that of the test's.
#[cfg(feature = "test-util")]
#[flavoured]
async fn begin_inside<C: RoutedConnection>(pooled: &mut Pooled<C>, sql: &str) -> QueryResult<()> {
    if depth_of(pooled) > 0 {
        return Err(diesel::result::Error::AlreadyInTransaction);
    }
    let is_postgres = pooled.conn.dialect().sql() == Sql::Postgres;
    let locks = is_postgres && sql == pooled.conn.dialect().begin_locking();
    let is_read_only = pooled.inside.is_some_and(|inside| inside.is_read_only);
    super::test_pool::before_statement(pooled);
    if locks && is_read_only {
        // Inside a savepoint that is read-only, nothing may be otherwise: it begins anew.
        let sql = crate::testing::may_lock();
        pooled.conn.batch_execute(&sql).await?;
        if let Some(inside) = &mut pooled.inside {
            inside.may_write = true;
        }
    }
    C::TransactionManager::begin_transaction(&mut pooled.conn).await?;
    if is_postgres && sql.contains("READ ONLY") {
        pooled.conn.batch_execute(crate::testing::READ_ONLY).await?;
    }
    Ok(())
}

/// Closes what is a transaction to the application, in a test's.
#[cfg(feature = "test-util")]
#[flavoured]
async fn commit_inside<C: RoutedConnection>(pooled: &mut Pooled<C>) -> QueryResult<()> {
    let is_postgres = pooled.conn.dialect().sql() == Sql::Postgres;
    let may_be_aborted = is_postgres && pooled.marks.is_aborted.is_set() && depth_of(pooled) == 1;
    // A statement has failed. A savepoint of the application's may have been rolled back since: only the server knows.
    if may_be_aborted && pooled.conn.batch_execute("SELECT 1").await.is_err() {
        // PostgreSQL takes a `COMMIT` for a `ROLLBACK` then, and says nothing.
        return roll_back(pooled).await;
    }
    C::TransactionManager::commit_transaction(&mut pooled.conn).await?;
    closed_inside(pooled).await
}

/// Makes a loan that reads what it was, once a transaction that might lock rows is closed.
#[cfg(feature = "test-util")]
#[flavoured]
async fn closed_inside<C: RoutedConnection>(pooled: &mut Pooled<C>) -> QueryResult<()> {
    pooled.marks.is_aborted.clear();
    let is_outermost = depth_of(pooled) == 0;
    match &mut pooled.inside {
        Some(inside) if is_outermost && inside.may_write => inside.may_write = false,
        _ => return Ok(()),
    }
    pooled.conn.batch_execute(crate::testing::READ_AGAIN).await
}
