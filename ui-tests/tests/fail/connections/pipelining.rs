//! diesel-async pipelines on `&AsyncPgConnection`; a shared read handle runs nothing.

use diesel_async::AsyncPgConnection;
use diesel_routing::{Replica, pg::ReadConn, prelude::*};
use ui_tests::{User, users};

async fn pipeline(raw: &AsyncPgConnection, replica: &ReadConn<Replica>) -> QueryResult<User> {
    users::table.find(1).first::<User>(&mut &*raw).await?;
    users::table.find(1).first::<User>(&mut &*replica).await
}

fn main() {}
