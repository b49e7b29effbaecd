//! Our prelude on raw connections: it takes what Diesel's takes.

use diesel::sql_types::Integer;
use ui_tests::{User, posts, users};

mod asynchronous {
    use super::*;
    use diesel::query_builder::QueryId;
    use diesel_async::methods::LoadQuery;
    use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8, deadpool};
    use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
    use diesel_routing::prelude::*;

    async fn raw(conn: &mut AsyncPgConnection) -> QueryResult<User> {
        diesel::insert_into(users::table)
            .values(users::name.eq("Ann"))
            .execute(conn)
            .await?;
        diesel::sql_query("DELETE FROM users")
            .bind::<Integer, _>(1)
            .execute(conn)
            .await?;
        users::table.for_update().load::<User>(conn).await?;
        let ann: User = User {
            id: 1,
            name: "Ann".into(),
        }
        .save_changes(conn)
        .await?;
        conn.transaction(async |tx| users::table.find(ann.id).first(tx).await)
            .await
    }

    async fn pipelined(conn: &AsyncPgConnection) -> QueryResult<(User, i64)> {
        tokio::try_join!(
            users::table.find(1).first::<User>(&mut &*conn),
            posts::table.count().get_result::<i64>(&mut &*conn),
        )
    }

    async fn pooled(
        of_bb8: &mut bb8::PooledConnection<'_, AsyncPgConnection>,
        of_deadpool: &mut deadpool::Object<AsyncPgConnection>,
    ) -> QueryResult<User> {
        of_bb8.batch_execute("SELECT 1").await?;
        users::table.find(1).first::<User>(of_bb8).await?;
        users::table.find(1).first::<User>(of_deadpool).await
    }

    fn manager(url: &str) -> AsyncDieselConnectionManager<AsyncPgConnection> {
        AsyncDieselConnectionManager::new(url)
    }

    async fn generic<C>(conn: &mut C) -> QueryResult<i64>
    where
        C: AsyncConnection<Backend = diesel::pg::Pg>,
    {
        diesel::delete(users::table.find(1)).execute(conn).await?;
        users::table.count().get_result(conn).await
    }

    async fn run<'q, C, Q, U>(query: Q, conn: &mut C) -> QueryResult<Vec<U>>
    where
        C: AsyncConnection,
        Q: LoadQuery<'q, C, U> + QueryId + 'q,
        U: Send,
    {
        query.load::<U>(conn).await
    }

    async fn call(
        conn: &mut AsyncPgConnection,
        write: &mut diesel_routing::pg::WriteConn,
    ) -> QueryResult<i64> {
        run::<_, _, User>(users::table, conn).await?;
        run::<_, _, User>(users::table, write).await?;
        generic(write).await?;
        generic(conn).await
    }
}

mod blocking {
    use super::*;
    use diesel::connection::LoadConnection;
    use diesel::query_dsl::LoadQuery;
    use diesel::r2d2::{ConnectionManager, PooledConnection};
    use diesel_routing::sync::prelude::*;

    fn raw(conn: &mut PgConnection) -> QueryResult<User> {
        diesel::insert_into(users::table)
            .values(users::name.eq("Ann"))
            .execute(conn)?;
        diesel::sql_query("DELETE FROM users")
            .bind::<Integer, _>(1)
            .execute(conn)?;
        users::table.for_update().load::<User>(conn)?;
        let ann: User = User {
            id: 1,
            name: "Ann".into(),
        }
        .save_changes(conn)?;
        conn.transaction(|tx| users::table.find(ann.id).first(tx))
    }

    fn pooled(conn: &mut PooledConnection<ConnectionManager<PgConnection>>) -> QueryResult<User> {
        diesel::delete(users::table).execute(conn)?;
        users::table.find(1).first(conn)
    }

    fn generic<C>(conn: &mut C) -> QueryResult<i64>
    where
        C: Connection<Backend = diesel::pg::Pg> + LoadConnection,
    {
        diesel::delete(users::table.find(1)).execute(conn)?;
        users::table.count().get_result(conn)
    }

    fn run<'q, C, Q, U>(query: Q, conn: &mut C) -> QueryResult<Vec<U>>
    where
        C: Connection,
        Q: LoadQuery<'q, C, U>,
    {
        query.load::<U>(conn)
    }

    fn call(
        conn: &mut PgConnection,
        write: &mut diesel_routing::sync::pg::WriteConn,
    ) -> QueryResult<i64> {
        run::<_, _, User>(users::table, conn)?;
        run::<_, _, User>(users::table, write)?;
        generic(write)?;
        generic(conn)
    }
}
