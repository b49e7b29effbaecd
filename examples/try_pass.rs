#![allow(missing_docs, dead_code, clippy::all)]
use diesel_routing::sync::prelude::*;
use diesel_routing::sync::sqlite::{ReadConn, WriteConn};
use diesel_routing::{Replica, CaughtUp, Primary, Role};
diesel::table! { users { id -> Integer, name -> Text, } }
diesel::table! { posts { id -> Integer, user_id -> Integer, title -> Text, } }
diesel::joinable!(posts -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, posts);

#[derive(Queryable, Selectable, Identifiable, AsChangeset, Debug, Clone)]
#[diesel(table_name = users)]
struct User { id: i32, name: String }
#[derive(Insertable)]
#[diesel(table_name = users)]
struct NewUser<'a> { id: Option<i32>, name: Option<&'a str> }

fn find(conn: &mut ReadConn<Replica>, id: i32) -> QueryResult<User> {
    users::table.find(id).first(conn)
}
fn all(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
    let _ = users::table.load::<User>(conn)?;
    let _ = users::table.select(User::as_select()).load(conn)?;
    let _: Vec<(User, (i32, i32, String))> = users::table.inner_join(posts::table).load(conn)?;
    let _ = users::table.select(users::name).distinct().into_boxed().load::<String>(conn)?;
    let _ = users::table.count().get_result::<i64>(conn)?;
    let _ = diesel::select(diesel::dsl::exists(users::table.find(1))).get_result::<bool>(conn)?;
    let _ = users::table.select(users::id).union(posts::table.select(posts::id)).load::<i32>(conn)?;
    let _ = users::table.group_by(users::name).select((users::name, diesel::dsl::count_star())).having(diesel::dsl::count_star().gt(1)).load::<(String, i64)>(conn)?;
    let u1 = diesel::alias!(users as u1);
    let _ = u1.load::<User>(conn)?;
    let _ = u1.first::<User>(conn)?;
    for row in users::table.load_iter::<User, diesel::connection::DefaultLoadingMode>(conn)? { let _ = row?; }
    let q = users::table.select(users::id);
    let _ = (&q).load::<i32>(conn);
    Ok(vec![])
}
fn generic_role<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<i64> { users::table.count().get_result(conn) }
fn generic_conn<R: Role, C>(conn: &mut diesel_routing::sync::ReadConn<R, C>) -> QueryResult<i64>
where C: diesel_routing::sync::RoutedConnection<Backend = diesel::sqlite::Sqlite> + diesel::connection::LoadConnection { users::table.count().get_result(conn) }
fn raw(conn: &mut SqliteConnection) -> QueryResult<User> {
    diesel::insert_into(users::table).values(&vec![NewUser { id: None, name: Some("a") }]).execute(conn)?;
    diesel::sql_query("DELETE FROM users").execute(conn)?;
    users::table.first(conn)
}
fn generic_raw<'a, Conn, Q>(q: Q, conn: &mut Conn) -> QueryResult<Vec<User>>
where Conn: diesel::Connection, Q: diesel::query_dsl::LoadQuery<'a, Conn, User> { q.load::<User>(conn) }
fn helper<Conn: diesel::Connection<Backend = diesel::sqlite::Sqlite> + diesel::connection::LoadConnection>(conn: &mut Conn) -> QueryResult<usize> {
    diesel::insert_into(users::table).values(users::name.eq("x")).execute(conn)
}
fn write(conn: &mut WriteConn) -> QueryResult<User> {
    helper(conn)?;
    generic_raw(users::table, conn)?;
    diesel::insert_into(users::table).values(NewUser { id: None, name: Some("a") }).execute(conn)?;
    diesel::update(users::table.find(1)).set(users::name.eq("b")).execute(conn)?;
    diesel::delete(users::table.find(1)).execute(conn)?;
    diesel::sql_query("DELETE FROM users").execute(conn)?;
    let u = find(conn, 1)?;
    let _: User = u.save_changes(conn)?;
    conn.transaction(|tx| { find(tx, 1)?; tx.transaction(|tx| find(tx, 2)) })?;
    conn.snapshot(|tx| find(tx, 1))?;
    users::table.first(conn)
}
fn caught(conn: &mut ReadConn<CaughtUp>) -> QueryResult<User> { find(conn, 1) }
fn primary(conn: &mut ReadConn<Primary>) -> QueryResult<User> { caught(conn)?; generic_role(conn)?; conn.transaction(|tx| caught(tx)) }
fn main() {}
