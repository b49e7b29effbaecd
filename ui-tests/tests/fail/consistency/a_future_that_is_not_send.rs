//! A future that cannot be spawned is reported at the parameter that keeps it.

use std::rc::Rc;

use diesel_routing::pg::{ReadConn, Session};
use diesel_routing::prelude::*;
use diesel_routing::{CaughtUp, Error, consistency};

diesel::table! { users { id -> Integer, } }

#[consistency(session)]
async fn read(conn: &mut ReadConn<CaughtUp>, ids: Rc<Vec<i32>>) -> Result<i64, Error> {
    let count = users::table.count().get_result(conn).await?;
    drop(ids);
    Ok(count)
}

fn run(session: Session) {
    tokio::spawn(async move { read(&session, Rc::default()).await.is_ok() });
}

fn main() {}
