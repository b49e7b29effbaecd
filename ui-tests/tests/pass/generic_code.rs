//! Repository code over every role, over every connection type, and behind a trait object.

use diesel_routing::{CaughtUp, Primary, Replica, Role};
use ui_tests::{User, users};

mod asynchronous {
    use super::*;
    use diesel_async::methods::LoadQuery;
    use diesel_async::{AsyncConnectionCore, AsyncMysqlConnection, AsyncPgConnection};
    use diesel_routing::pg::{ReadConn, Session, WriteConn};
    use diesel_routing::prelude::*;
    use diesel_routing::{Error, RoutedConnection};

    async fn count<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<i64> {
        users::table.count().get_result(conn).await
    }

    async fn any<R: Role, C>(conn: &mut diesel_routing::ReadConn<R, C>) -> QueryResult<Vec<User>>
    where
        C: RoutedConnection,
        users::table: for<'q> LoadQuery<'q, C, User>,
        diesel::query_builder::SelectStatement<diesel::query_builder::FromClause<users::table>>:
            diesel::query_builder::QueryFragment<<C as AsyncConnectionCore>::Backend>
                + for<'q> LoadQuery<'q, C, User>,
    {
        users::table.load(conn).await
    }

    async fn call(
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
        write: &mut WriteConn,
        on_mysql: &mut diesel_routing::mysql::ReadConn<Replica>,
    ) -> QueryResult<i64> {
        any::<_, AsyncPgConnection>(replica).await?;
        any::<_, AsyncMysqlConnection>(on_mysql).await?;
        Ok(count(replica).await?
            + count(caught_up).await?
            + count(primary).await?
            + count(write).await?)
    }

    #[async_trait::async_trait]
    trait Users: Send + Sync {
        async fn find(&self, id: i32) -> Result<User, Error>;
        async fn rename(&self, id: i32, name: &str) -> Result<User, Error>;
    }

    #[async_trait::async_trait]
    impl Users for Session {
        async fn find(&self, id: i32) -> Result<User, Error> {
            Ok(users::table.find(id).first(&mut self.read().await?).await?)
        }

        async fn rename(&self, id: i32, name: &str) -> Result<User, Error> {
            let mut conn = self.write().await?;
            conn.transaction(async |tx| {
                Ok(diesel::update(users::table.find(id))
                    .set(users::name.eq(name))
                    .get_result(tx)
                    .await?)
            })
            .await
        }
    }

    async fn through(repository: &dyn Users) -> Result<User, Error> {
        repository.find(1).await?;
        repository.rename(1, "Ann").await
    }
}

mod blocking {
    use super::*;
    use diesel::query_dsl::LoadQuery;
    use diesel_routing::sync::RoutedConnection;
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::sync::prelude::*;

    fn count<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<i64> {
        users::table.count().get_result(conn)
    }

    fn any<R: Role, C>(conn: &mut diesel_routing::sync::ReadConn<R, C>) -> QueryResult<Vec<User>>
    where
        C: RoutedConnection,
        diesel::query_builder::SelectStatement<diesel::query_builder::FromClause<users::table>>:
            diesel::query_builder::QueryFragment<C::Backend> + for<'q> LoadQuery<'q, C, User>,
    {
        users::table.load(conn)
    }

    fn call(
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
        write: &mut WriteConn,
        on_sqlite: &mut diesel_routing::sync::sqlite::ReadConn<Replica>,
    ) -> QueryResult<i64> {
        any(replica)?;
        any(on_sqlite)?;
        Ok(count(replica)? + count(caught_up)? + count(primary)? + count(write)?)
    }

    trait Users {
        fn find(&mut self, id: i32) -> QueryResult<User>;
    }

    impl<R: Role> Users for ReadConn<R> {
        fn find(&mut self, id: i32) -> QueryResult<User> {
            users::table.find(id).first(self)
        }
    }

    fn through(conn: &mut ReadConn<CaughtUp>) -> QueryResult<User> {
        let repository: &mut dyn Users = conn;
        repository.find(1)
    }
}
