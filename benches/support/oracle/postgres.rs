//! Positions of PostgreSQL's servers.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Role;

const REPLAYED: &str = "SELECT (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::int8 AS lsn";
/// Without the header of a page that is still empty: replay stops before it.
const INSERTED: &str = "
    SELECT (lsn - CASE WHEN lsn % s.bytes_per_wal_segment = 40 THEN 40
                       WHEN lsn % s.wal_block_size = 24 THEN 24 ELSE 0 END)::int8 AS lsn
      FROM (SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS lsn) l, pg_control_init() s";

#[derive(QueryableByName)]
struct Position {
    #[diesel(sql_type = BigInt)]
    lsn: i64,
}

/// Returns how far the server is. By a shared reference: it goes in the same breath as another statement.
pub(crate) async fn position(mut conn: &AsyncPgConnection, role: Role) -> QueryResult<i64> {
    let asks = match role {
        Role::Primary => INSERTED,
        Role::Replica => REPLAYED,
    };
    let position: Position = diesel::sql_query(asks).get_result(&mut conn).await?;
    Ok(position.lsn)
}
