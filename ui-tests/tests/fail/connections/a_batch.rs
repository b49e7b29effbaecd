//! `batch_execute` takes raw SQL, and needs a `WriteConn`.

mod asynchronous {
    use diesel::QueryResult;
    use diesel_async::SimpleAsyncConnection;
    use diesel_routing::{Primary, Replica, pg};

    async fn clear(
        write: &mut pg::WriteConn,
        replica: &mut pg::ReadConn<Replica>,
        primary: &mut pg::ReadConn<Primary>,
    ) -> QueryResult<()> {
        write.batch_execute("DELETE FROM users").await?;
        replica.batch_execute("DELETE FROM users").await?;
        primary.batch_execute("DELETE FROM users").await
    }
}

mod blocking {
    use diesel::QueryResult;
    use diesel::connection::SimpleConnection;
    use diesel_routing::{Primary, Replica, sync::pg};

    fn clear(
        write: &mut pg::WriteConn,
        replica: &mut pg::ReadConn<Replica>,
        primary: &mut pg::ReadConn<Primary>,
    ) -> QueryResult<()> {
        write.batch_execute("DELETE FROM users")?;
        replica.batch_execute("DELETE FROM users")?;
        primary.batch_execute("DELETE FROM users")
    }
}

fn main() {}
