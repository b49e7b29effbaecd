//! The transaction of a read handle, and its snapshot, grant what the handle grants: no writes.

mod asynchronous {
    use diesel_routing::pg::{ReadConn, WriteConn};
    use diesel_routing::{Primary, Replica, prelude::*};
    use ui_tests::users;

    async fn rename(conn: &mut WriteConn) -> QueryResult<usize> {
        conn.transaction(async |tx| diesel::update(users::table).set(users::name.eq("Ann")).execute(tx).await)
            .await
    }

    async fn lock_and_rename(conn: &mut ReadConn<Primary>) -> QueryResult<usize> {
        conn.transaction(async |tx| diesel::update(users::table).set(users::name.eq("Ann")).execute(tx).await)
            .await
    }

    async fn look_and_rename(conn: &mut ReadConn<Replica>) -> QueryResult<usize> {
        conn.snapshot(async |tx| diesel::update(users::table).set(users::name.eq("Ann")).execute(tx).await)
            .await
    }
}

mod blocking {
    use diesel_routing::sync::pg::{ReadConn, WriteConn};
    use diesel_routing::{Primary, Replica, sync::prelude::*};
    use ui_tests::users;

    fn rename(conn: &mut WriteConn) -> QueryResult<usize> {
        conn.transaction(|tx| diesel::update(users::table).set(users::name.eq("Ann")).execute(tx))
    }

    fn lock_and_rename(conn: &mut ReadConn<Primary>) -> QueryResult<usize> {
        conn.transaction(|tx| diesel::update(users::table).set(users::name.eq("Ann")).execute(tx))
    }

    fn look_and_rename(conn: &mut ReadConn<Replica>) -> QueryResult<usize> {
        conn.snapshot(|tx| diesel::update(users::table).set(users::name.eq("Ann")).execute(tx))
    }
}

fn main() {}
