//! A function over every role runs what every role grants: no writes.

mod asynchronous {
    use diesel_routing::{Role, pg::ReadConn, prelude::*};
    use ui_tests::users;

    async fn count<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<i64> {
        users::table.count().get_result(conn).await
    }

    async fn clear<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<usize> {
        diesel::delete(users::table).execute(conn).await
    }
}

mod blocking {
    use diesel_routing::{Role, sync::pg::ReadConn, sync::prelude::*};
    use ui_tests::users;

    fn count<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<i64> {
        users::table.count().get_result(conn)
    }

    fn clear<R: Role>(conn: &mut ReadConn<R>) -> QueryResult<usize> {
        diesel::delete(users::table).execute(conn)
    }
}

fn main() {}
