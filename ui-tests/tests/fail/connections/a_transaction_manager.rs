//! Diesel's transaction managers need a connection, and take no read handle.

mod asynchronous {
    use diesel::QueryResult;
    use diesel_async::{AnsiTransactionManager, TransactionManager};
    use diesel_routing::{Replica, pg};

    async fn begin(
        raw: &mut diesel_async::AsyncPgConnection,
        replica: &mut pg::ReadConn<Replica>,
    ) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction(raw).await?;
        AnsiTransactionManager::begin_transaction(replica).await
    }
}

mod blocking {
    use diesel::QueryResult;
    use diesel::connection::{AnsiTransactionManager, TransactionManager};
    use diesel_routing::{Replica, sync::pg};

    fn begin(raw: &mut diesel::PgConnection, replica: &mut pg::ReadConn<Replica>) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction(raw)?;
        AnsiTransactionManager::begin_transaction(replica)
    }
}

fn main() {}
