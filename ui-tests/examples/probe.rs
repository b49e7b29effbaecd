#![allow(missing_docs)]
use diesel::sql_types::Integer;
use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::{CaughtUp, Primary, Replica, Role, prelude::*};
use ui_tests::{NewUser, User, posts, users};

async fn writes(
    replica: &mut ReadConn<Replica>,
    caught_up: &mut ReadConn<CaughtUp>,
    primary: &mut ReadConn<Primary>,
    write: &mut WriteConn,
) -> QueryResult<()> {
    diesel::insert_into(users::table)
        .values(users::name.eq("Ann"))
        .execute(write)
        .await?;
    diesel::insert_into(users::table)
        .values(users::name.eq("Ann"))
        .execute(replica)
        .await?;
    diesel::insert_into(users::table)
        .values(users::name.eq("Ann"))
        .execute(caught_up)
        .await?;
    diesel::insert_into(users::table)
        .values(users::name.eq("Ann"))
        .execute(primary)
        .await?;
    diesel::insert_into(users::table)
        .values(users::name.eq("Ann"))
        .returning(users::id)
        .get_result::<i32>(primary)
        .await?;
    diesel::insert_into(users::table)
        .values(users::name.eq("Ann"))
        .get_result::<User>(primary)
        .await?;
    Ok(())
}
async fn locks(replica: &mut ReadConn<Replica>) -> QueryResult<()> {
    users::table.for_update().load::<User>(replica).await?;
    users::table
        .for_key_share()
        .skip_locked()
        .first::<User>(replica)
        .await?;
    users::table
        .for_key_share()
        .skip_locked()
        .load_stream::<User>(replica)
        .await?;
    Ok(())
}
async fn raws(replica: &mut ReadConn<Replica>) -> QueryResult<()> {
    diesel::sql_query("DELETE FROM users")
        .execute(replica)
        .await?;
    diesel::sql_query("DELETE FROM users")
        .bind::<Integer, _>(1)
        .execute(replica)
        .await?;
    diesel::dsl::sql::<Integer>("DELETE FROM users")
        .get_result::<i32>(replica)
        .await?;
    Ok(())
}
async fn save(replica: &mut ReadConn<Replica>, user: &User) -> QueryResult<User> {
    user.save_changes(replica).await
}
async fn generic<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<Vec<User>> {
    users::table.for_update().load::<User>(conn).await
}
#[derive(Clone, Copy, diesel::query_builder::QueryId)]
struct Custom;
impl diesel::query_builder::Query for Custom {
    type SqlType = Integer;
}
impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for Custom {
    fn walk_ast<'b>(
        &'b self,
        mut pass: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
    ) -> QueryResult<()> {
        pass.push_sql("SELECT 1");
        Ok(())
    }
}
async fn custom(replica: &mut ReadConn<Replica>) -> QueryResult<i32> {
    Custom.get_result::<i32>(replica).await?;
    Custom.execute(replica).await?;
    Ok(1)
}
async fn weaker(replica: &mut ReadConn<Replica>) -> QueryResult<()> {
    async fn strong(c: &mut ReadConn<Primary>) {}
    async fn w(c: &mut WriteConn) {}
    strong(replica).await;
    w(replica).await;
    replica
        .transaction(async |tx| Ok::<_, diesel::result::Error>(()))
        .await
}
mod own {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use diesel_routing::{Replica, pg::ReadConn};
    use ui_tests::{User, users};
    async fn f(replica: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
        users::table.load(replica).await
    }
    async fn g(replica: &mut ReadConn<Replica>) -> QueryResult<usize> {
        diesel::delete(users::table).execute(replica).await
    }
}
mod blocking {
    use super::Custom;
    use diesel::sql_types::Integer;
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::{CaughtUp, Primary, Replica, Role, sync::prelude::*};
    use ui_tests::{NewUser, User, posts, users};

    fn writes(
        replica: &mut ReadConn<Replica>,
        caught_up: &mut ReadConn<CaughtUp>,
        primary: &mut ReadConn<Primary>,
        write: &mut WriteConn,
    ) -> QueryResult<()> {
        diesel::insert_into(users::table)
            .values(users::name.eq("Ann"))
            .execute(write)?;
        diesel::insert_into(users::table)
            .values(users::name.eq("Ann"))
            .execute(replica)?;
        diesel::insert_into(users::table)
            .values(users::name.eq("Ann"))
            .returning(users::id)
            .get_result::<i32>(primary)?;
        diesel::insert_into(users::table)
            .values(users::name.eq("Ann"))
            .get_result::<User>(primary)?;
        diesel::copy_from(users::table)
            .from_raw_data(users::table, |_| Ok::<_, diesel::result::Error>(()))
            .execute(primary)?;
        Ok(())
    }
    fn locks(replica: &mut ReadConn<Replica>) -> QueryResult<()> {
        users::table.for_update().load::<User>(replica)?;
        users::table
            .for_key_share()
            .skip_locked()
            .first::<User>(replica)?;
        for _ in users::table
            .for_key_share()
            .skip_locked()
            .load_iter::<User, diesel::connection::DefaultLoadingMode>(replica)?
        {}
        Ok(())
    }
    fn raws(replica: &mut ReadConn<Replica>) -> QueryResult<()> {
        diesel::sql_query("DELETE FROM users").execute(replica)?;
        diesel::sql_query("DELETE FROM users")
            .bind::<Integer, _>(1)
            .execute(replica)?;
        diesel::dsl::sql::<Integer>("DELETE FROM users").get_result::<i32>(replica)?;
        Ok(())
    }
    fn save(replica: &mut ReadConn<Replica>, user: &User) -> QueryResult<User> {
        user.save_changes(replica)
    }
    fn generic<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<Vec<User>> {
        users::table.for_update().load::<User>(conn)
    }
    impl diesel::RunQueryDsl<diesel::PgConnection> for Custom {}
    fn custom(replica: &mut ReadConn<Replica>) -> QueryResult<i32> {
        Custom.get_result::<i32>(replica)?;
        Custom.execute(replica)?;
        Ok(1)
    }
    mod own {
        use diesel::prelude::*;
        use diesel_routing::{Replica, sync::pg::ReadConn};
        use ui_tests::{User, users};
        fn f(replica: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
            users::table.load(replica)
        }
        fn g(replica: &mut ReadConn<Replica>) -> QueryResult<usize> {
            diesel::delete(users::table).execute(replica)
        }
    }
}
fn main() {}
