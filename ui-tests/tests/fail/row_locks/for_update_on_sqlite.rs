//! `FOR UPDATE` on a replica is refused as such, even where Diesel knows no such clause.

use diesel_routing::{Replica, prelude::*, sqlite, sync};
use ui_tests::{User, users};

async fn lock(conn: &mut sqlite::ReadConn<Replica>) -> QueryResult<Vec<User>> {
    users::table.load::<User>(conn).await?;
    users::table.for_update().load(conn).await
}

mod blocking {
    use super::*;
    use sync::prelude::*;

    fn lock(conn: &mut sync::sqlite::ReadConn<Replica>) -> QueryResult<Vec<User>> {
        users::table.load::<User>(conn)?;
        users::table.for_update().load(conn)
    }
}

fn main() {}
