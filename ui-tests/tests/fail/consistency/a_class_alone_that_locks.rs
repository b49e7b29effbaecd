//! With a class alone, the type of the handle says whether the function may run on a replica.

use diesel::dsl::sql;
use diesel::sql_types::BigInt;
use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::{CaughtUp, Error, consistency, prelude::*};
use ui_tests::{posts, users};

#[consistency(class = "payments")]
async fn on_the_primary(conn: &mut WriteConn) -> Result<i64, Error> {
    let locked = posts::table.select(posts::user_id).for_update();
    let _: Vec<i32> = users::table.select(users::id).filter(users::id.eq_any(locked)).load(conn).await?;
    Ok(diesel::select(sql::<BigInt>("nextval('ids')")).get_result(conn).await?)
}

#[consistency(class = "payments")]
async fn in_a_sub_select(conn: &mut ReadConn<CaughtUp>) -> Result<Vec<i32>, Error> {
    let locked = posts::table.select(posts::user_id).for_update();
    let users = users::table.select(users::id).filter(users::id.eq_any(locked));
    Ok(users.load(conn).await?)
}

#[consistency(class = "payments")]
async fn in_a_literal(conn: &mut ReadConn<CaughtUp>) -> Result<i64, Error> {
    Ok(diesel::select(sql::<BigInt>("nextval('ids')")).get_result(conn).await?)
}

fn main() {}
