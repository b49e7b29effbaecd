//! `FOR UPDATE` on a replica is refused as such first, even where Diesel knows no such clause.

mod asynchronous {
    use diesel_routing::{Replica, prelude::*, sqlite::ReadConn};
    use ui_tests::{User, users};

    async fn lock(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
        users::table.load::<User>(conn).await?;
        users::table.for_update().load(conn).await
    }
}

mod blocking {
    use diesel_routing::{Replica, sync::prelude::*, sync::sqlite::ReadConn};
    use ui_tests::{User, users};

    fn lock(conn: &mut ReadConn<Replica>) -> QueryResult<Vec<User>> {
        users::table.load::<User>(conn)?;
        users::table.for_update().load(conn)
    }
}

fn main() {}
