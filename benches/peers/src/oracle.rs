//! A router that asks before each read: no router can keep more reads off the primary without guessing.
//!
//! As in the bench `offload`. Its question goes with its statement where it can.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Result;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::Pool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::servers::{Places, counters, url};

const REPLAYED: &str = "SELECT (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::int8 AS lsn";
/// Without the header of a page that is still empty: replay stops before it.
const INSERTED: &str = "
    SELECT (lsn - CASE WHEN lsn % s.bytes_per_wal_segment = 40 THEN 40
                       WHEN lsn % s.wal_block_size = 24 THEN 24 ELSE 0 END)::int8 AS lsn
      FROM (SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS lsn) l, pg_control_init() s";

#[derive(Debug)]
pub(crate) struct Oracle {
    primary: Pool<AsyncPgConnection>,
    replicas: Vec<Replica>,
}

#[derive(Debug)]
struct Replica {
    pool: Pool<AsyncPgConnection>,
    /// At least.
    replayed: AtomicI64,
}

/// A user, with the position that their next read must have.
#[derive(Debug)]
pub(crate) struct User {
    oracle: Arc<Oracle>,
    needs: i64,
}

#[derive(QueryableByName)]
struct Position {
    #[diesel(sql_type = BigInt)]
    lsn: i64,
}

impl Oracle {
    pub(crate) async fn new(places: &Places, connections: u32) -> Result<Self> {
        let mut replicas = Vec::new();
        for place in &places.standbys {
            replicas.push(Replica {
                pool: pool(*place, connections).await?,
                replayed: AtomicI64::new(0),
            });
        }
        Ok(Self {
            primary: pool(places.primary, connections).await?,
            replicas,
        })
    }

    pub(crate) fn user(self: &Arc<Self>) -> User {
        User {
            oracle: Arc::clone(self),
            needs: 0,
        }
    }
}

impl User {
    pub(crate) async fn read(&mut self, key: i32) -> Result<i64> {
        let replicas = &self.oracle.replicas;
        let first = rand::random_range(0..replicas.len());
        let (before, after) = replicas.split_at(first);
        for replica in after.iter().chain(before) {
            let conn = replica.pool.get().await?;
            // What a replica has replayed it has for good: asking again is for what it may have got.
            let has_all = AtomicI64::load(&replica.replayed, Ordering::Relaxed) >= self.needs
                || position(&conn, REPLAYED).await? >= self.needs;
            if has_all {
                let (version, lsn) = read(&conn, REPLAYED, key).await?;
                replica.replayed.fetch_max(lsn, Ordering::Relaxed);
                self.needs = self.needs.max(lsn);
                return Ok(version);
            }
        }
        let conn = self.oracle.primary.get().await?;
        let (version, lsn) = read(&conn, INSERTED, key).await?;
        self.needs = self.needs.max(lsn);
        Ok(version)
    }

    pub(crate) async fn write(&mut self, key: i32) -> Result<i64> {
        let conn = self.oracle.primary.get().await?;
        let update = diesel::update(counters::table.find(key))
            .set(counters::version.eq(counters::version + 1))
            .returning(counters::version);
        let (version, lsn) =
            tokio::try_join!(update.get_result(&mut &*conn), position(&conn, INSERTED))?;
        self.needs = self.needs.max(lsn);
        Ok(version)
    }
}

/// Reads, and asks in the same breath where the node was after that: no more than that was seen.
async fn read(conn: &AsyncPgConnection, asks: &'static str, key: i32) -> Result<(i64, i64)> {
    let read = counters::table.find(key).select(counters::version);
    Ok(tokio::try_join!(
        read.get_result(&mut &*conn),
        position(conn, asks)
    )?)
}

async fn position(mut conn: &AsyncPgConnection, asks: &'static str) -> QueryResult<i64> {
    let position: Position = diesel::sql_query(asks).get_result(&mut conn).await?;
    Ok(position.lsn)
}

async fn pool(place: SocketAddr, size: u32) -> Result<Pool<AsyncPgConnection>> {
    let manager = AsyncDieselConnectionManager::new(url(place));
    let pool = Pool::builder().max_size(size).test_on_check_out(false);
    Ok(pool.build(manager).await?)
}
