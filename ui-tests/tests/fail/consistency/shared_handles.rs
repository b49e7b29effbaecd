//! Functions with a shared handle take strong enough ones; blocking functions have none.

use diesel_routing::prelude::*;
use diesel_routing::{CaughtUp, Error, Replica, consistency, pg, sync};
use ui_tests::users;

#[consistency(session)]
async fn count(conn: &pg::ReadConn<CaughtUp>) -> Result<i64, Error> {
    Ok(users::table.count().get_result(&mut &*conn).await?)
}

async fn weaker(conn: &pg::ReadConn<Replica>) -> Result<i64, Error> {
    count(conn).await
}

#[consistency(session)]
async fn alone(conn: &mut pg::ReadConn<CaughtUp>) -> Result<i64, Error> {
    Ok(users::table.count().get_result(conn).await?)
}

async fn shared(conn: &pg::ReadConn<CaughtUp>) -> Result<i64, Error> {
    alone(conn).await
}

#[consistency(session)]
fn blocking(conn: &sync::pg::ReadConn<CaughtUp>) -> Result<i64, Error> {
    todo!()
}

fn main() {}
