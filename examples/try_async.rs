#![allow(missing_docs, dead_code, clippy::all)]
use diesel_routing::prelude::*;
use diesel_routing::pg::{ReadConn, WriteConn, Router, Session};
use diesel_routing::{Replica, CaughtUp, Primary, Role, Error};
use diesel_async::AsyncPgConnection;
diesel::table! { users { id -> Integer, name -> Text, } }
diesel::table! { posts { id -> Integer, user_id -> Integer, title -> Text, } }
diesel::joinable!(posts -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, posts);

#[derive(Queryable, Selectable, Identifiable, AsChangeset, Debug, Clone)]
#[diesel(table_name = users)]
struct User { id: i32, name: String }
#[derive(Insertable)]
#[diesel(table_name = users)]
struct NewUser<'a> { name: &'a str }

async fn find(conn: &mut ReadConn<Replica>, id: i32) -> QueryResult<User> {
    users::table.find(id).first(conn).await
}
async fn all(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
    let _ = users::table.load::<User>(conn).await?;
    let _ = users::table.select(User::as_select()).load(conn).await?;
    let _: Vec<(User, (i32, i32, String))> = users::table.inner_join(posts::table).load(conn).await?;
    let _ = users::table.select(users::name).distinct_on(users::name).into_boxed().load::<String>(conn).await?;
    let _ = users::table.count().get_result::<i64>(conn).await?;
    let _ = users::table.select(users::id).union(posts::table.select(posts::id)).load::<i32>(conn).await?;
    let stream = users::table.load_stream::<User>(conn).await?;
    drop(stream);
    Ok(vec![])
}
async fn generic_role<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<i64> { users::table.count().get_result(conn).await }
async fn raw(conn: &mut AsyncPgConnection) -> QueryResult<User> {
    diesel::insert_into(users::table).values(&vec![NewUser { name: "a" }]).execute(conn).await?;
    diesel::sql_query("DELETE FROM users").execute(conn).await?;
    let (a, b) = tokio::join!(users::table.find(1).first::<User>(&mut &*conn), users::table.find(2).first::<User>(&mut &*conn));
    users::table.first(conn).await
}
async fn write(conn: &mut WriteConn) -> QueryResult<User> {
    diesel::insert_into(users::table).values(NewUser { name: "a" }).execute(conn).await?;
    diesel::insert_into(users::table).values(users::name.eq("x")).returning(users::id).get_result::<i32>(conn).await?;
    diesel::sql_query("DELETE FROM users").execute(conn).await?;
    let u = find(conn, 1).await?;
    let _: User = u.save_changes(conn).await?;
    conn.transaction(async |tx| { find(tx, 1).await?; tx.transaction(async |tx| find(tx, 2).await).await }).await?;
    conn.snapshot(async |tx| find(tx, 1).await).await?;
    conn.build_transaction().serializable().run(async |tx| find(tx, 1).await).await?;
    users::table.first(conn).await
}
async fn caught(conn: &mut ReadConn<CaughtUp>) -> QueryResult<User> { find(conn, 1).await }
async fn primary(conn: &mut ReadConn<Primary>) -> QueryResult<User> { caught(conn).await?; generic_role(conn).await?; conn.transaction(async |tx| { users::table.find(1).for_update().skip_locked().first::<User>(tx).await?; caught(tx).await}).await }
async fn whole(session: Session) -> Result<(), Error> {
    let id = 1;
    let mut w = session.write().await?;
    write(&mut w).await?;
    let r: Result<User, Error> = w.transaction(async |tx| { let u = find(tx, id).await?; Ok(u) }).await;
    drop(w);
    let e = session.read_eventual().await?.upgrade(&session).await?;
    println!("{:?}", e.route());
    primary(&mut session.read_primary().await?).await?;
    Ok(())
}
fn main() { let f = |s: Session| { tokio::spawn(whole(s)); }; }
