//! How sessions write: each statement returns what it has written.

use diesel::QueryResult;

use super::{blocking_handles, handles};
use crate::table::{Row, counters};

pub(crate) async fn asynchronous(
    conn: &mut handles::WriteConn,
    keys: &[i32],
    writer: i64,
) -> QueryResult<Vec<Row>> {
    use diesel_routing::prelude::*;
    let mut written = Vec::new();
    for &key in keys {
        let row = diesel::update(counters::table.find(key))
            .set((
                counters::version.eq(counters::version + 1),
                counters::writer.eq(writer),
            ))
            .returning(counters::all_columns)
            .get_result(conn)
            .await?;
        written.push(row);
    }
    Ok(written)
}

pub(crate) fn blocking(
    conn: &mut blocking_handles::WriteConn,
    keys: &[i32],
    writer: i64,
) -> QueryResult<Vec<Row>> {
    use diesel_routing::sync::prelude::*;
    let mut written = Vec::new();
    for &key in keys {
        let row = diesel::update(counters::table.find(key))
            .set((
                counters::version.eq(counters::version + 1),
                counters::writer.eq(writer),
            ))
            .returning(counters::all_columns)
            .get_result(conn)?;
        written.push(row);
    }
    Ok(written)
}
