//! PostgreSQL.

use std::net::SocketAddr;

use anyhow::Result;
use diesel::{ExpressionMethods, QueryDsl, QueryResult};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_routing::pg::{ReadConn, WriteConn};
use diesel_routing::{CaughtUp, RunQueryDsl};

use super::Backend;
use crate::counters::counters;
use crate::oracle::{Role, postgres};
use crate::servers::{Block, Cluster, PgServers};

#[derive(Debug)]
pub(crate) struct Postgres;

/// The update, whose type is too long to be named.
macro_rules! raise {
    ($key:expr) => {
        diesel::update(counters::table.find($key))
            .set(counters::version.eq(counters::version + 1))
            .returning(counters::version)
    };
}

impl Backend for Postgres {
    type Connection = AsyncPgConnection;
    type Manager = AsyncDieselConnectionManager<AsyncPgConnection>;

    fn start(block: Block) -> Result<Box<dyn Cluster>> {
        Ok(Box::new(PgServers::start(block)?))
    }

    fn url(place: SocketAddr, database: &str) -> String {
        format!("postgresql://app:app@{place}/{database}")
    }

    async fn read(conn: &mut AsyncPgConnection, key: i32) -> QueryResult<i64> {
        let read = counters::table.find(key).select(counters::version);
        diesel_async::RunQueryDsl::get_result(read, conn).await
    }

    async fn write(conn: &mut AsyncPgConnection, key: i32) -> QueryResult<i64> {
        diesel_async::RunQueryDsl::get_result(raise!(key), conn).await
    }

    async fn read_by(conn: &mut ReadConn<CaughtUp>, key: i32) -> QueryResult<i64> {
        let read = counters::table.find(key).select(counters::version);
        read.get_result(conn).await
    }

    async fn write_by(conn: &mut WriteConn, key: i32) -> QueryResult<i64> {
        raise!(key).get_result(conn).await
    }

    async fn position(conn: &mut AsyncPgConnection, role: Role) -> QueryResult<i64> {
        postgres::position(conn, role).await
    }

    /// Takes one round trip: the driver sends the question before the row is there.
    async fn read_and_ask(
        conn: &mut AsyncPgConnection,
        role: Role,
        key: i32,
    ) -> QueryResult<(i64, i64)> {
        let conn = &*conn;
        let read = counters::table.find(key).select(counters::version);
        tokio::try_join!(
            diesel_async::RunQueryDsl::get_result(read, &mut &*conn),
            postgres::position(conn, role)
        )
    }

    /// Takes one round trip, likewise.
    async fn write_and_ask(conn: &mut AsyncPgConnection, key: i32) -> QueryResult<(i64, i64)> {
        let conn = &*conn;
        tokio::try_join!(
            diesel_async::RunQueryDsl::get_result(raise!(key), &mut &*conn),
            postgres::position(conn, Role::Primary)
        )
    }
}
