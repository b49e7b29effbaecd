//! MariaDB.
//!
//! It has no UPDATE that returns a row: the update leaves the new version with its connection (`LAST_INSERT_ID(expression)`),
//! and a second statement fetches it from there, on every side alike. `INSERT .. ON DUPLICATE KEY UPDATE .. RETURNING`
//! would do it in one, but MaxScale takes positions from answers without rows only.

use std::net::SocketAddr;

use anyhow::Result;
use diesel::result::Error as DieselError;
use diesel::sql_types::BigInt;
use diesel::{ExpressionMethods, QueryDsl, QueryResult};
use diesel_async::AsyncMysqlConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_routing::mysql::{ReadConn, WriteConn};
use diesel_routing::{CaughtUp, RunQueryDsl};

use super::Backend;
use crate::counters::counters;
use crate::oracle::Role;
use crate::servers::{Block, Cluster, MariaServers};

/// The GTIDs that a replica has applied. All GTIDs of the bench are of one domain, so their last number orders them.
const APPLIED: &str =
    "SELECT CAST(SUBSTRING_INDEX(@@global.gtid_slave_pos, '-', -1) AS SIGNED) AS number";
/// The GTIDs that the primary has written.
const WRITTEN: &str =
    "SELECT CAST(SUBSTRING_INDEX(@@global.gtid_binlog_pos, '-', -1) AS SIGNED) AS number";
/// The GTID that the connection has written last.
const LAST: &str = "SELECT CAST(SUBSTRING_INDEX(@@last_gtid, '-', -1) AS SIGNED) AS number";

diesel::define_sql_function! {
    /// Leaves a number with the connection, and returns it.
    #[sql_name = "LAST_INSERT_ID"]
    fn leave(number: BigInt) -> BigInt;
}

diesel::define_sql_function! {
    /// Returns what was left with the connection.
    #[sql_name = "LAST_INSERT_ID"]
    fn left() -> Unsigned<BigInt>;
}

#[derive(Debug)]
pub(crate) struct MariaDb;

#[derive(diesel::QueryableByName)]
struct Position {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The update, whose type is too long to be named.
macro_rules! raise {
    ($key:expr) => {
        diesel::update(counters::table.find($key))
            .set(counters::version.eq(leave(counters::version + 1)))
    };
}

impl Backend for MariaDb {
    type Connection = AsyncMysqlConnection;
    type Manager = AsyncDieselConnectionManager<AsyncMysqlConnection>;

    fn start(block: Block) -> Result<Box<dyn Cluster>> {
        Ok(Box::new(MariaServers::start(block)?))
    }

    fn url(place: SocketAddr, database: &str) -> String {
        // Otherwise the driver goes on over the server's socket, past whatever stands in between.
        format!("mysql://app@{place}/{database}?prefer_socket=false")
    }

    async fn read(conn: &mut AsyncMysqlConnection, key: i32) -> QueryResult<i64> {
        let read = counters::table.find(key).select(counters::version);
        diesel_async::RunQueryDsl::get_result(read, conn).await
    }

    async fn write(conn: &mut AsyncMysqlConnection, key: i32) -> QueryResult<i64> {
        diesel_async::RunQueryDsl::execute(raise!(key), conn).await?;
        version(diesel_async::RunQueryDsl::get_result(diesel::select(left()), conn).await?)
    }

    async fn read_by(conn: &mut ReadConn<CaughtUp>, key: i32) -> QueryResult<i64> {
        let read = counters::table.find(key).select(counters::version);
        read.get_result(conn).await
    }

    async fn write_by(conn: &mut WriteConn, key: i32) -> QueryResult<i64> {
        raise!(key).execute(conn).await?;
        version(diesel::select(left()).get_result(conn).await?)
    }

    async fn position(conn: &mut AsyncMysqlConnection, role: Role) -> QueryResult<i64> {
        let asks = match role {
            Role::Primary => WRITTEN,
            Role::Replica => APPLIED,
        };
        ask(conn, asks).await
    }

    /// Takes two round trips: the protocol has no second statement on the way.
    async fn read_and_ask(
        conn: &mut AsyncMysqlConnection,
        role: Role,
        key: i32,
    ) -> QueryResult<(i64, i64)> {
        let version = Self::read(conn, key).await?;
        Ok((version, Self::position(conn, role).await?))
    }

    async fn write_and_ask(conn: &mut AsyncMysqlConnection, key: i32) -> QueryResult<(i64, i64)> {
        let version = Self::write(conn, key).await?;
        Ok((version, ask(conn, LAST).await?))
    }
}

async fn ask(conn: &mut AsyncMysqlConnection, asks: &str) -> QueryResult<i64> {
    let position: Position =
        diesel_async::RunQueryDsl::get_result(diesel::sql_query(asks), conn).await?;
    Ok(position.number)
}

fn version(left: u64) -> QueryResult<i64> {
    i64::try_from(left).map_err(|error| DieselError::DeserializationError(Box::new(error)))
}
