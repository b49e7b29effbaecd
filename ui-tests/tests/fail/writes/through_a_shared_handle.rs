//! A shared read handle grants what the handle grants.

use diesel::sql_query;
use diesel_routing::{CaughtUp, Primary, Replica, pg::ReadConn, prelude::*};
use ui_tests::{User, users};

async fn delete(conn: &ReadConn<Primary>) -> QueryResult<usize> {
    diesel::delete(users::table).execute(&mut &*conn).await
}

async fn save(conn: &ReadConn<Primary>, user: &User) -> QueryResult<User> {
    user.save_changes(&mut &*conn).await
}

async fn lock(conn: &ReadConn<CaughtUp>) -> QueryResult<User> {
    users::table.for_update().first(&mut &*conn).await
}

async fn raw(conn: &ReadConn<Replica>) -> QueryResult<usize> {
    sql_query("SELECT 1").execute(&mut &*conn).await
}

fn main() {}
