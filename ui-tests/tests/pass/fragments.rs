//! Query fragments of one's own, pagination as in Diesel's guide among them.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Integer, Untyped};
use diesel::{PgConnection, QueryResult};
use diesel_routing::{Primary, Replica, Statement};
use ui_tests::{User, users};

trait Paginate: Sized {
    fn paginate(self, page: i64) -> Paginated<Self> {
        Paginated {
            query: self,
            page,
            per_page: 10,
        }
    }
}

impl<T> Paginate for T {}

#[derive(Debug, Clone, Copy, QueryId, Statement)]
struct Paginated<T> {
    #[statement(effect)]
    query: T,
    page: i64,
    per_page: i64,
}

impl<T: Query> Query for Paginated<T> {
    type SqlType = (T::SqlType, BigInt);
}

impl<T> diesel::RunQueryDsl<PgConnection> for Paginated<T> {}

impl<T: QueryFragment<Pg>> QueryFragment<Pg> for Paginated<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT *, COUNT(*) OVER () FROM (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(") t LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.per_page)?;
        out.push_sql(" OFFSET ");
        out.push_bind_param::<BigInt, _>(&self.page)
    }
}

#[derive(Debug, Clone, Copy, QueryId, Statement)]
#[statement(row_lock)]
struct LockedIds;

impl Query for LockedIds {
    type SqlType = BigInt;
}

impl diesel::RunQueryDsl<PgConnection> for LockedIds {}

impl QueryFragment<Pg> for LockedIds {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT id::bigint FROM users FOR UPDATE");
        Ok(())
    }
}

/// Read by name, and run on whatever is called a connection, as `sql_query` with a bound value is.
#[derive(Debug, Clone, QueryId, Statement)]
#[statement(read)]
struct ByName {
    id: i32,
}

impl Query for ByName {
    type SqlType = Untyped;
}

impl<Conn> diesel::RunQueryDsl<Conn> for ByName {}

impl QueryFragment<Pg> for ByName {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT * FROM users WHERE id = ");
        out.push_bind_param::<Integer, _>(&self.id)
    }
}

mod asynchronous {
    use super::*;
    use diesel_routing::pg::ReadConn;
    use diesel_routing::prelude::*;

    async fn page(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<(User, i64)>> {
        users::table.order(users::name).paginate(2).load(conn).await
    }

    async fn by_name(conn: &mut ReadConn<Replica>) -> QueryResult<User> {
        ByName { id: 1 }.get_result(conn).await
    }

    async fn lock(conn: &mut ReadConn<Primary>) -> QueryResult<Vec<i64>> {
        users::table
            .filter(users::id.gt(1))
            .for_update()
            .paginate(1)
            .load::<(User, i64)>(conn)
            .await?;
        LockedIds.load(conn).await
    }
}

mod blocking {
    use super::*;
    use diesel_routing::sync::pg::ReadConn;
    use diesel_routing::sync::prelude::*;

    impl<T> Paginated<T> {
        fn load_and_count_pages<'a, R, U>(
            self,
            conn: &mut ReadConn<R>,
        ) -> QueryResult<(Vec<U>, i64)>
        where
            R: diesel_routing::Role,
            Self: diesel::query_dsl::LoadQuery<'a, PgConnection, (U, i64)>
                + Query
                + QueryFragment<Pg>
                + QueryId
                + Statement<diesel_routing::effect::Built, Effect = diesel_routing::effect::Read>,
        {
            let rows = self.load::<(U, i64)>(conn)?;
            let total = rows.first().map_or(0, |row| row.1);
            Ok((rows.into_iter().map(|row| row.0).collect(), total))
        }
    }

    fn page(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<(User, i64)>> {
        users::table.order(users::name).paginate(2).load(conn)
    }

    fn by_name(conn: &mut ReadConn<Replica>) -> QueryResult<User> {
        ByName { id: 1 }.get_result(conn)
    }

    fn lock(conn: &mut ReadConn<Primary>) -> QueryResult<Vec<i64>> {
        users::table
            .filter(users::id.gt(1))
            .for_update()
            .paginate(1)
            .load::<(User, i64)>(conn)?;
        LockedIds.load(conn)
    }
}
