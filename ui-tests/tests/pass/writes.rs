//! A `WriteConn` runs everything, on every backend.

use diesel::sql_types::Integer;
use ui_tests::{NewUser, User, posts, users};

/// The same statements for both flavours: `await` is what differs.
macro_rules! writes {
    ($conn:ident $(, $await:tt)?) => {{
        let ann = NewUser { name: "Ann" };
        diesel::insert_into(users::table).values(&ann).execute($conn)$(.$await)??;
        diesel::insert_into(users::table).values(&vec![users::name.eq("Bob")]).execute($conn)$(.$await)??;
        diesel::insert_into(users::table).default_values().execute($conn)$(.$await)??;
        posts::table.select(posts::title).insert_into(users::table).into_columns(users::name)
            .execute($conn)$(.$await)??;
        diesel::insert_into(users::table).values(&ann).on_conflict_do_nothing().execute($conn)$(.$await)??;
        diesel::insert_into(users::table).values(users::name.eq("Ann"))
            .on_conflict(users::id).do_update().set(users::name.eq("Ann"))
            .execute($conn)$(.$await)??;
        let id = diesel::insert_into(users::table).values(&ann).returning(users::id)
            .get_result::<i32>($conn)$(.$await)??;
        diesel::update(users::table.find(id)).set(users::name.eq("Bob")).get_result::<User>($conn)$(.$await)??;
        diesel::update(users::table).set(users::name.eq("Bob")).into_boxed().filter(users::id.eq(id))
            .execute($conn)$(.$await)??;
        diesel::delete(users::table.find(id)).get_results::<User>($conn)$(.$await)??;
        diesel::delete(users::table).into_boxed().filter(users::id.eq(id)).execute($conn)$(.$await)??;
        diesel::sql_query("DELETE FROM users").execute($conn)$(.$await)??;
        diesel::sql_query("DELETE FROM users").bind::<Integer, _>(id).execute($conn)$(.$await)??;
        diesel::sql_query("SELECT * FROM users").into_boxed().load::<User>($conn)$(.$await)??;
        diesel::dsl::sql::<Integer>("SELECT 1").get_result::<i32>($conn)$(.$await)??;
        $conn.batch_execute("DELETE FROM users")$(.$await)??;
        let ann = User { id, name: "Ann".into() };
        let _: User = (&ann).save_changes($conn)$(.$await)??;
    }};
}

/// What MySQL and SQLite have, and PostgreSQL has not.
macro_rules! replaces {
    ($conn:ident $(, $await:tt)?) => {{
        diesel::insert_or_ignore_into(users::table).values(users::name.eq("Ann")).execute($conn)$(.$await)??;
        diesel::replace_into(users::table).values(users::name.eq("Ann")).execute($conn)$(.$await)??;
    }};
}

mod asynchronous {
    use super::*;
    use diesel_async::SimpleAsyncConnection;
    use diesel_routing::{mysql, pg, prelude::*, sqlite};

    async fn on_postgres(conn: &mut pg::WriteConn) -> QueryResult<()> {
        writes!(conn, await);
        users::table
            .for_no_key_update()
            .no_wait()
            .load::<User>(conn)
            .await?;
        Ok(())
    }

    async fn on_mysql(conn: &mut mysql::WriteConn) -> QueryResult<()> {
        replaces!(conn, await);
        users::table.for_share().load::<User>(conn).await?;
        Ok(())
    }

    async fn on_sqlite(conn: &mut sqlite::WriteConn) -> QueryResult<()> {
        replaces!(conn, await);
        Ok(())
    }
}

mod blocking {
    use super::*;
    use diesel::connection::SimpleConnection;
    use diesel_routing::sync::{mysql, pg, prelude::*, sqlite};

    fn on_postgres(conn: &mut pg::WriteConn) -> QueryResult<()> {
        writes!(conn);
        users::table
            .for_key_share()
            .skip_locked()
            .load::<User>(conn)?;
        Ok(())
    }

    fn on_mysql(conn: &mut mysql::WriteConn) -> QueryResult<()> {
        replaces!(conn);
        users::table.for_share().load::<User>(conn)?;
        Ok(())
    }

    fn on_sqlite(conn: &mut sqlite::WriteConn) -> QueryResult<()> {
        writes!(conn);
        replaces!(conn);
        // SQLite has no DEFAULT for a batch: Diesel inserts such rows one by one, in a transaction.
        diesel::insert_into(users::table)
            .values(&vec![
                (users::id.eq(1), users::name.eq("Ann")),
                (users::id.eq(2), users::name.eq("Bob")),
            ])
            .execute(conn)?;
        diesel::insert_into(users::table)
            .values(
                [None, Some(users::name.eq("Ann"))]
                    .map(|name| name.ok_or(()))
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>(),
            )
            .execute(conn)?;
        Ok(())
    }
}
