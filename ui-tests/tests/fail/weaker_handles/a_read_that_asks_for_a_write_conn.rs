//! Inside a snapshot there is the handle the snapshot was taken on, and none that writes.

use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::{Replica, prelude::*};
use ui_tests::users;

async fn clear(conn: &mut WriteConn) -> QueryResult<usize> {
    diesel::delete(users::table).execute(conn).await
}

async fn count_and_clear(conn: &mut ReadConn<Replica>) -> QueryResult<usize> {
    conn.snapshot(async |tx| {
        users::table.count().get_result::<i64>(tx).await?;
        clear(tx).await
    })
    .await
}

fn main() {}
