//! Transactions nest, hand out the handle they were opened on, and come with the server's options.

use diesel_routing::{CaughtUp, Primary, Replica};
use ui_tests::{User, users};

#[derive(Debug)]
struct Failure;

impl From<diesel::result::Error> for Failure {
    fn from(_: diesel::result::Error) -> Self {
        Self
    }
}

mod asynchronous {
    use super::*;
    use diesel_async::AsyncConnection;
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::{mysql, prelude::*, sqlite};

    async fn find(conn: &mut ReadConn<Replica>, id: i32) -> QueryResult<User> {
        users::table.find(id).first(conn).await
    }

    async fn rename(conn: &mut WriteConn, id: i32, name: &str) -> Result<User, Failure> {
        conn.transaction(async |tx| {
            find(tx, id).await?;
            tx.transaction(async |tx| {
                diesel::update(users::table.find(id))
                    .set(users::name.eq(name))
                    .execute(tx)
                    .await?;
                Ok::<_, Failure>(())
            })
            .await?;
            Ok(tx.snapshot(async |tx| find(tx, id).await).await?)
        })
        .await
    }

    async fn lock(conn: &mut ReadConn<Primary>) -> QueryResult<User> {
        conn.transaction(async |tx| {
            users::table
                .find(1)
                .for_update()
                .skip_locked()
                .first::<User>(tx)
                .await?;
            tx.transaction(async |tx| find(tx, 1).await).await
        })
        .await
    }

    async fn look(
        caught_up: &mut ReadConn<CaughtUp>,
        replica: &mut ReadConn<Replica>,
    ) -> QueryResult<i64> {
        caught_up.snapshot(async |tx| find(tx, 1).await).await?;
        replica
            .snapshot(async |tx| {
                tx.snapshot(async |tx| users::table.count().get_result(tx).await)
                    .await
            })
            .await
    }

    async fn options(conn: &mut WriteConn, on_mysql: &mut mysql::WriteConn) -> QueryResult<User> {
        on_mysql
            .build_transaction()
            .with_consistent_snapshot()
            .run(async |_| QueryResult::Ok(()))
            .await?;
        AsyncConnection::transaction(conn, async |tx| find(tx, 1).await).await?;
        conn.build_transaction()
            .serializable()
            .read_only()
            .deferrable()
            .run(async |tx| find(tx, 1).await)
            .await
    }

    /// The type parameters, and their order, are those of diesel-async.
    async fn named(
        conn: &mut WriteConn,
        primary: &mut ReadConn<Primary>,
        on_sqlite: &mut sqlite::WriteConn,
    ) -> Result<(), Failure> {
        conn.transaction::<_, Failure, _>(async |tx| {
            find(tx, 1).await?;
            Ok(())
        })
        .await?;
        conn.transaction::<User, Failure, _>(async |tx| Ok(find(tx, 1).await?))
            .await?;
        primary
            .transaction::<_, Failure, _>(async |tx| Ok(find(tx, 1).await?))
            .await?;
        primary
            .snapshot::<User, Failure, _>(async |tx| Ok(find(tx, 1).await?))
            .await?;
        conn.test_transaction::<_, Failure, _>(async |tx| Ok(find(tx, 1).await?))
            .await;
        on_sqlite
            .immediate_transaction::<_, Failure, _>(async |_| Ok(()))
            .await?;
        on_sqlite
            .exclusive_transaction::<(), Failure, _>(async |_| Ok(()))
            .await?;
        // One builder, as many transactions as it takes.
        let mut builder = conn.build_transaction().serializable();
        while builder
            .run::<_, Failure, _>(async |tx| Ok(find(tx, 1).await?))
            .await
            .is_err()
        {}
        Ok(())
    }

    /// The same calls on diesel-async's own connection.
    async fn theirs(conn: &mut diesel_async::AsyncPgConnection) -> Result<(), Failure> {
        conn.transaction::<_, Failure, _>(async |_| Ok(())).await?;
        conn.test_transaction::<_, Failure, _>(async |_| Ok(()))
            .await;
        let mut builder = conn.build_transaction().serializable();
        while builder
            .run::<_, Failure, _>(async |_| Ok(()))
            .await
            .is_err()
        {}
        Ok(())
    }

    async fn test(conn: &mut WriteConn) -> QueryResult<User> {
        conn.begin_test_transaction().await?;
        Ok(conn.test_transaction(async |tx| find(tx, 1).await).await)
    }
}

mod blocking {
    use super::*;
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::{mysql, prelude::*, sqlite};

    fn find(conn: &mut ReadConn<Replica>, id: i32) -> QueryResult<User> {
        users::table.find(id).first(conn)
    }

    fn rename(conn: &mut WriteConn, id: i32, name: &str) -> Result<User, Failure> {
        conn.transaction(|tx| {
            find(tx, id)?;
            tx.transaction(|tx| {
                diesel::update(users::table.find(id))
                    .set(users::name.eq(name))
                    .execute(tx)?;
                Ok::<_, Failure>(())
            })?;
            Ok(tx.snapshot(|tx| find(tx, id))?)
        })
    }

    fn lock(conn: &mut ReadConn<Primary>) -> QueryResult<User> {
        conn.transaction(|tx| {
            users::table
                .find(1)
                .for_update()
                .skip_locked()
                .first::<User>(tx)?;
            tx.transaction(|tx| find(tx, 1))
        })
    }

    fn look(
        caught_up: &mut ReadConn<CaughtUp>,
        replica: &mut ReadConn<Replica>,
    ) -> QueryResult<i64> {
        caught_up.snapshot(|tx| find(tx, 1))?;
        replica.snapshot(|tx| tx.snapshot(|tx| users::table.count().get_result(tx)))
    }

    fn options(
        conn: &mut WriteConn,
        on_mysql: &mut mysql::WriteConn,
        on_sqlite: &mut sqlite::WriteConn,
    ) -> QueryResult<User> {
        on_mysql
            .build_transaction()
            .with_consistent_snapshot()
            .run(|_| QueryResult::Ok(()))?;
        on_sqlite.immediate_transaction(|_| QueryResult::Ok(()))?;
        Connection::transaction(conn, |tx| find(tx, 1))?;
        conn.build_transaction()
            .serializable()
            .read_only()
            .deferrable()
            .run(|tx| find(tx, 1))
    }

    /// The type parameters, and their order, are those of Diesel.
    macro_rules! as_in_diesel {
        ($conn:ident, $on_sqlite:ident) => {{
            $conn.transaction::<_, Failure, _>(|_| Ok(()))?;
            $conn.transaction::<(), _, _>(|_| QueryResult::Ok(()))?;
            $conn.test_transaction::<_, Failure, _>(|_| Ok(()));
            let mut builder = $conn.build_transaction().serializable();
            while builder.run::<_, Failure, _>(|_| Ok(())).is_err() {}
            $on_sqlite.immediate_transaction::<_, Failure, _>(|_| Ok(()))?;
            $on_sqlite.exclusive_transaction::<(), Failure, _>(|_| Ok(()))?;
            Ok(())
        }};
    }

    fn named(
        conn: &mut WriteConn,
        on_sqlite: &mut sqlite::WriteConn,
        primary: &mut ReadConn<Primary>,
    ) -> Result<(), Failure> {
        primary.transaction::<_, Failure, _>(|tx| Ok(find(tx, 1)?))?;
        primary.snapshot::<User, Failure, _>(|tx| Ok(find(tx, 1)?))?;
        as_in_diesel!(conn, on_sqlite)
    }

    fn theirs(conn: &mut PgConnection, on_sqlite: &mut SqliteConnection) -> Result<(), Failure> {
        as_in_diesel!(conn, on_sqlite)
    }

    fn test(conn: &mut WriteConn) -> QueryResult<User> {
        conn.begin_test_transaction()?;
        Ok(conn.test_transaction(|tx| find(tx, 1)))
    }
}
