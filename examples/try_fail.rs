#![allow(missing_docs, dead_code, clippy::all)]
use diesel_routing::sync::prelude::*;
use diesel_routing::sync::sqlite::{ReadConn, WriteConn};
use diesel_routing::{Replica, CaughtUp, Primary, Role};
diesel::table! { users { id -> Integer, name -> Text, } }
#[derive(Queryable, Selectable, Identifiable, AsChangeset, Debug, Clone)]
#[diesel(table_name = users)]
struct User { id: i32, name: String }
struct Custom;

fn write(conn: &mut ReadConn<Replica>) {
    diesel::update(users::table.find(1)).set(users::name.eq("b")).execute(conn);
}
fn write2(conn: &mut ReadConn<Primary>) {
    diesel::delete(users::table.find(1)).execute(conn);
}
fn lock(conn: &mut ReadConn<CaughtUp>) {
    users::table.for_update().load::<User>(conn);
}
fn lock2(conn: &mut ReadConn<CaughtUp>) {
    users::table.for_update().skip_locked().first::<User>(conn);
}
fn raw(conn: &mut ReadConn<Replica>) {
    diesel::sql_query("DELETE FROM users").execute(conn);
}
fn raw2(conn: &mut ReadConn<Replica>) {
    diesel::sql_query("DELETE FROM users").bind::<diesel::sql_types::Integer, _>(1).execute(conn);
}
fn raw3(conn: &mut ReadConn<Replica>) {
    diesel::sql_query("DELETE FROM users").into_boxed().execute(conn);
}
fn save(conn: &mut ReadConn<Replica>, u: User) {
    u.save_changes::<User>(conn);
}
fn batch(conn: &mut ReadConn<Replica>, u: User) {
    use diesel::connection::SimpleConnection;
    conn.batch_execute("");
}
fn downgrade(conn: &mut ReadConn<Replica>) {
    write2(conn);
}
fn tx(conn: &mut ReadConn<Replica>) {
    conn.transaction(|tx| Ok::<_, diesel::result::Error>(()));
}
fn wrong(conn: &mut ReadConn<Replica>) {
    users::table.load::<(String, String)>(conn);
}
fn generic_lock<R: Role>(conn: &mut ReadConn<R>) {
    users::table.for_update().load::<User>(conn);
}
mod diesels {
    use super::{users, User};
    use diesel_routing::Replica;
    use diesel_routing::sync::sqlite::ReadConn;
    use diesel::prelude::*;
    fn f(conn: &mut ReadConn<Replica>) { users::table.load::<User>(conn); }
}
fn main() {}
