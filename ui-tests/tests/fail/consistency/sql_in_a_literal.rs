//! SQL in a literal that locks, or has side effects, in a function that may run on a replica.

use diesel::dsl::sql;
use diesel::sql_types::{BigInt, Bool};
use diesel_routing::pg::ReadConn;
use diesel_routing::prelude::*;
use diesel_routing::{CaughtUp, Error, Replica, consistency};

diesel::table! { users { id -> Integer, } }

#[consistency(session)]
async fn a_sequence(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
    Ok(users::table.select(sql::<BigInt>("nextval('users_id_seq')")).first(conn).await?)
}

#[consistency(eventual)]
async fn a_lock(conn: &mut ReadConn<Replica>) -> Result<Vec<i32>, Error> {
    let query = users::table.filter(sql::<Bool>("id IN (SELECT id FROM users FOR UPDATE)"));
    Ok(query.select(users::id).load(conn).await?)
}

fn main() {}
