//! The statements of the oracle.

use diesel::prelude::*;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::counters::counters;
use crate::oracle::postgres::position;
use crate::oracle::{self, Role};

/// Pages of several rows.
#[derive(Debug)]
pub(crate) struct Pages;

impl oracle::Statements for Pages {
    type Connection = AsyncPgConnection;
    type Manager = AsyncDieselConnectionManager<AsyncPgConnection>;
    type Keys = [i32];
    type Rows = Vec<(i32, i64)>;

    async fn position(conn: &mut AsyncPgConnection, role: Role) -> QueryResult<i64> {
        position(conn, role).await
    }

    async fn read(
        conn: &mut AsyncPgConnection,
        role: Role,
        keys: &[i32],
    ) -> QueryResult<(Self::Rows, i64)> {
        let conn = &*conn;
        let read = counters::table.filter(counters::key.eq_any(keys));
        tokio::try_join!(read.load(&mut &*conn), position(conn, role))
    }

    async fn write(conn: &mut AsyncPgConnection, key: i32) -> QueryResult<(i64, i64)> {
        let conn = &*conn;
        let update = diesel::update(counters::table.find(key))
            .set(counters::version.eq(counters::version + 1))
            .returning(counters::version);
        tokio::try_join!(
            update.get_result(&mut &*conn),
            position(conn, Role::Primary)
        )
    }
}
