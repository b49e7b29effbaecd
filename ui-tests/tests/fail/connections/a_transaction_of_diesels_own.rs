//! Diesel's `Connection::transaction` and `begin_test_transaction` need a `WriteConn`.

mod asynchronous {
    use diesel::QueryResult;
    use diesel_async::AsyncConnection;
    use diesel_routing::{Primary, Replica, pg};

    async fn begin(
        write: &mut pg::WriteConn,
        replica: &mut pg::ReadConn<Replica>,
        primary: &mut pg::ReadConn<Primary>,
    ) -> QueryResult<()> {
        AsyncConnection::begin_test_transaction(write).await?;
        AsyncConnection::begin_test_transaction(replica).await?;
        AsyncConnection::begin_test_transaction(primary).await
    }
}

mod blocking {
    use diesel::{Connection, QueryResult};
    use diesel_routing::{Primary, Replica, sync::pg};

    fn begin(
        write: &mut pg::WriteConn,
        replica: &mut pg::ReadConn<Replica>,
        primary: &mut pg::ReadConn<Primary>,
    ) -> QueryResult<()> {
        Connection::transaction(write, |_| QueryResult::Ok(()))?;
        Connection::transaction(replica, |_| QueryResult::Ok(()))?;
        Connection::transaction(primary, |_| QueryResult::Ok(()))
    }
}

fn main() {}
