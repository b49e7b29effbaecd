//! How sessions write. No statement returns what it has updated, so the log is asked, on the same
//! connection: inside a transaction that shows its own writes, after a single statement it has that
//! one's, whoever has written since.

use diesel::QueryResult;

use super::{blocking_handles, handles};
use crate::table::{Row, counters, writes};

pub(crate) async fn asynchronous(
    conn: &mut handles::WriteConn,
    keys: &[i32],
    writer: i64,
) -> QueryResult<Vec<Row>> {
    use diesel_routing::prelude::*;
    for &key in keys {
        diesel::update(counters::table.find(key))
            .set((
                counters::version.eq(counters::version + 1),
                counters::writer.eq(writer),
            ))
            .execute(conn)
            .await?;
    }
    writes::table
        .filter(writes::writer.eq(writer))
        .load(conn)
        .await
}

pub(crate) fn blocking(
    conn: &mut blocking_handles::WriteConn,
    keys: &[i32],
    writer: i64,
) -> QueryResult<Vec<Row>> {
    use diesel_routing::sync::prelude::*;
    for &key in keys {
        diesel::update(counters::table.find(key))
            .set((
                counters::version.eq(counters::version + 1),
                counters::writer.eq(writer),
            ))
            .execute(conn)?;
    }
    writes::table.filter(writes::writer.eq(writer)).load(conn)
}
