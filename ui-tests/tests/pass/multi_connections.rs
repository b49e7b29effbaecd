//! Diesel's `MultiConnection` takes raw connections under our prelude, and `WriteConn`s.

use diesel_routing::sync::prelude::*;
use ui_tests::{User, users};

mod raw {
    use super::*;

    #[derive(diesel::MultiConnection)]
    pub(super) enum Any {
        Postgres(PgConnection),
        Sqlite(SqliteConnection),
    }

    fn run(conn: &mut Any) -> QueryResult<Vec<User>> {
        diesel::delete(users::table.find(1)).execute(conn)?;
        users::table.load(conn)
    }
}

mod routed {
    use super::*;
    use diesel_routing::sync::{pg, sqlite};

    #[derive(diesel::MultiConnection)]
    pub(super) enum Any {
        Postgres(pg::WriteConn),
        Sqlite(sqlite::WriteConn),
    }

    fn run(conn: &mut Any) -> QueryResult<Vec<User>> {
        diesel::delete(users::table.find(1)).execute(conn)?;
        users::table.load(conn)
    }
}

mod routed_enum {
    use super::*;
    use diesel_routing::sync::{self, RoutedConnection};
    use diesel_routing::{CaughtUp, Error, LockRowsDsl, Primary, Replica, consistency};
    use ui_tests::{NewUser, Post, posts};

    #[derive(diesel::MultiConnection, diesel_routing::RoutedConnection)]
    pub(super) enum Any {
        Postgres(PgConnection),
        Mysql(MysqlConnection),
        Sqlite(SqliteConnection),
    }

    type ReadConn<R> = sync::ReadConn<R, Any>;
    type WriteConn = sync::WriteConn<Any>;
    type Session = sync::Session<Any>;
    type Router = sync::Router<Any>;

    fn router(url: &str) -> Result<Router, Error> {
        Router::builder()
            .primary(diesel_routing::Node::new("db-1", url))
            .on_connect(|conn, _| match conn {
                Any::Sqlite(conn) => diesel::sql_query("PRAGMA foreign_keys = ON")
                    .execute(conn)
                    .map(drop),
                Any::Postgres(_) | Any::Mysql(_) => Ok(()),
            })
            .build()
    }

    fn reads(conn: &mut ReadConn<Replica>, name: &str) -> QueryResult<Vec<(User, Option<Post>)>> {
        let _count: i64 = users::table.count().get_result(conn)?;
        let _boxed: Vec<User> = users::table
            .filter(users::name.eq(name))
            .into_boxed()
            .limit(3)
            .load(conn)?;
        let _any: bool =
            diesel::select(diesel::dsl::exists(users::table.find(1))).get_result(conn)?;
        let _some: Option<User> = users::table.find(1).first(conn).optional()?;
        let _named: Vec<User> = users::table
            .filter(users::id.eq_any([1, 2]).and(users::name.like("a%")))
            .order(users::name.desc())
            .load(conn)?;
        conn.snapshot(|tx| {
            users::table
                .left_join(posts::table)
                .select((User::as_select(), Option::<Post>::as_select()))
                .load(tx)
        })
    }

    fn raw(conn: &mut ReadConn<Replica>) -> Result<Vec<User>, Error> {
        let query = diesel_routing::ReadSql::check("SELECT id, name FROM users")?;
        Ok(query.load(conn)?)
    }

    fn locks(conn: &mut ReadConn<Primary>) -> QueryResult<User> {
        conn.transaction(|tx| {
            let _skipped: Vec<User> = users::table.lock_rows().skip_locked().load(tx)?;
            let _boxed: Vec<User> = users::table.into_boxed().lock_rows().no_wait().load(tx)?;
            users::table.find(1).lock_rows().first(tx)
        })
    }

    fn writes(conn: &mut WriteConn) -> QueryResult<usize> {
        conn.transaction(|tx| {
            diesel::insert_into(users::table)
                .values(NewUser { name: "ann" })
                .execute(tx)?;
            reads(tx, "ann")?;
            let user: User = users::table.find(1).lock_rows().first(tx)?;
            diesel::update(&user).set(users::name.eq("bob")).execute(tx)
        })?;
        conn.build_transaction()
            .serializable()
            .run(|tx| diesel::delete(users::table.find(1)).execute(tx))
    }

    fn inside(conn: &mut WriteConn) -> QueryResult<Option<i32>> {
        let raw = &mut *conn.raw_counts_as_write()?;
        Ok(match raw {
            Any::Postgres(conn) => Some(users::table.select(users::id).first(conn)?),
            _ => None,
        })
    }

    #[consistency(session)]
    fn by_id(conn: &mut ReadConn<CaughtUp>, id: i32) -> Result<User, Error> {
        Ok(users::table.find(id).first(conn)?)
    }

    #[consistency(write)]
    fn rename(conn: &mut WriteConn, id: i32, name: &str) -> Result<usize, Error> {
        let user = diesel::update(users::table.find(id));
        Ok(user.set(users::name.eq(name)).execute(conn)?)
    }

    fn calls(session: &Session) -> Result<User, Error> {
        rename(session, 1, "eve")?;
        by_id(session, 1)
    }

    fn is_a_routed_connection<C: RoutedConnection>() {}

    fn it_is() {
        is_a_routed_connection::<Any>();
    }
}

mod two_databases {
    use super::*;

    #[derive(diesel::MultiConnection, diesel_routing::sync::RoutedConnection)]
    #[routed_connection(crate = "diesel_routing")]
    pub(super) enum Any {
        Postgres(PgConnection),
        Sqlite(SqliteConnection),
    }

    fn inserts(conn: &mut diesel_routing::sync::WriteConn<Any>) -> QueryResult<User> {
        diesel::insert_into(users::table)
            .values(users::name.eq("ann"))
            .returning((users::id, users::name))
            .get_result(conn)
    }
}
