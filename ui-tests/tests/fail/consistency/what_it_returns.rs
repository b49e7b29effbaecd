//! A function gets a connection, which can fail: it returns a `Result` that can say so.

mod asynchronous {
    use std::future::Future;

    use diesel_routing::pg::ReadConn;
    use diesel_routing::{CaughtUp, Error, Primary, consistency, prelude::*};
    use ui_tests::users;

    #[consistency(session)]
    async fn diesels_result(conn: &mut ReadConn<CaughtUp>) -> QueryResult<i64> {
        users::table.count().get_result(conn).await
    }

    #[consistency(strong)]
    async fn a_plain_value(_conn: &mut ReadConn<Primary>) -> i64 {
        1
    }

    #[consistency(session)]
    async fn nothing(_conn: &mut ReadConn<CaughtUp>) {}

    #[consistency(session, retry)]
    async fn diesels_result_with_retry(conn: &mut ReadConn<CaughtUp>) -> QueryResult<i64> {
        users::table.count().get_result(conn).await
    }

    #[consistency(session)]
    fn a_future(_conn: &mut ReadConn<CaughtUp>) -> impl Future<Output = Result<i64, Error>> {
        async { Ok(1) }
    }
}

mod blocking {
    use diesel_routing::sync::{pg::ReadConn, prelude::*};
    use diesel_routing::{CaughtUp, consistency};
    use ui_tests::users;

    #[consistency(session)]
    fn diesels_result(conn: &mut ReadConn<CaughtUp>) -> QueryResult<i64> {
        users::table.count().get_result(conn)
    }

    #[consistency(session)]
    fn a_plain_value(_conn: &mut ReadConn<CaughtUp>) -> Option<i64> {
        None
    }
}

fn main() {}
