//! Several statements under way on one connection are PostgreSQL's.

use diesel_routing::{Replica, mysql, prelude::*, sqlite};
use ui_tests::{User, users};

async fn mysql_reads(conn: &mysql::ReadConn<Replica>) -> QueryResult<User> {
    users::table.find(1).first(&mut &*conn).await
}

async fn mysql_writes(conn: &mysql::WriteConn) -> QueryResult<usize> {
    diesel::delete(users::table).execute(&mut &*conn).await
}

async fn sqlite_reads(conn: &sqlite::ReadConn<Replica>) -> QueryResult<Vec<User>> {
    users::table.load(&mut &*conn).await
}

fn main() {}
