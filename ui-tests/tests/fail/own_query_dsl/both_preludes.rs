//! Of both preludes in one module, one counts.

use diesel_routing::prelude::*;
use diesel_routing::sync::prelude::*;
use diesel_routing::{Replica, pg, sync};
use ui_tests::{User, users};

async fn asynchronous(conn: &mut pg::ReadConn<Replica>) -> QueryResult<User> {
    users::table.find(1).first(conn).await
}

fn blocking(conn: &mut sync::pg::ReadConn<Replica>) -> QueryResult<User> {
    users::table.find(1).first(conn)
}

fn main() {}
