//! A function over every role runs what every role grants: no row locks.

mod asynchronous {
    use diesel_routing::{Role, pg::ReadConn, prelude::*};
    use ui_tests::{User, users};

    async fn find<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<User> {
        users::table.find(1).first(conn).await
    }

    async fn lock<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<User> {
        users::table.find(1).for_update().first(conn).await
    }
}

mod blocking {
    use diesel_routing::{Role, sync::pg::ReadConn, sync::prelude::*};
    use ui_tests::{User, users};

    fn find<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<User> {
        users::table.find(1).first(conn)
    }

    fn lock<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<User> {
        users::table.find(1).for_update().first(conn)
    }
}

fn main() {}
