//! A router that asks before each read.

use std::sync::atomic::{AtomicI64, Ordering};

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::Pool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use diesel_routing_testkit::PgCluster;

use crate::Outcome;
use crate::nodes::counters;
use crate::strategy::Page;

/// Connections to each node: what is not in use costs nothing, and waiting would be unfair.
const CONNECTIONS: u32 = 50;

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

/// The position that a user's next read must have.
#[derive(Debug, Default)]
pub(crate) struct Truth(i64);

#[derive(QueryableByName)]
struct Position {
    #[diesel(sql_type = BigInt)]
    lsn: i64,
}

impl Oracle {
    pub(crate) async fn new(cluster: &PgCluster) -> Outcome<Self> {
        let mut replicas = Vec::new();
        for standby in cluster.standbys() {
            replicas.push(Replica {
                pool: pool(&standby.url()).await?,
                replayed: AtomicI64::new(0),
            });
        }
        Ok(Self {
            primary: pool(&cluster.primary().url()).await?,
            replicas,
        })
    }

    pub(crate) async fn read(&self, truth: &mut Truth, keys: &[i32]) -> Outcome<Page> {
        let first = rand::random_range(0..self.replicas.len());
        let (before, after) = self.replicas.split_at(first);
        for replica in after.iter().chain(before) {
            let conn = replica.pool.get().await?;
            // What a replica has replayed it has for good: asking again is for what it may have got.
            let has_all = AtomicI64::load(&replica.replayed, Ordering::Relaxed) >= truth.0
                || position(&conn, REPLAYED).await? >= truth.0;
            if has_all {
                let page = page(&conn, REPLAYED, truth, keys).await?;
                replica.replayed.fetch_max(page.1, Ordering::Relaxed);
                return Ok(page.0);
            }
        }
        let conn = self.primary.get().await?;
        Ok(page(&conn, INSERTED, truth, keys).await?.0)
    }

    pub(crate) async fn write(&self, truth: &mut Truth, key: i32) -> Outcome<i64> {
        let conn = self.primary.get().await?;
        let update = diesel::update(counters::table.find(key))
            .set(counters::version.eq(counters::version + 1))
            .returning(counters::version);
        let (version, lsn) =
            tokio::try_join!(update.get_result(&mut &*conn), position(&conn, INSERTED))?;
        truth.0 = truth.0.max(lsn);
        Ok(version)
    }
}

/// Reads, and asks in the same breath where the node was after that: no more than that was seen.
async fn page(
    conn: &AsyncPgConnection,
    asks: &'static str,
    truth: &mut Truth,
    keys: &[i32],
) -> Outcome<(Page, i64)> {
    let read = counters::table.filter(counters::key.eq_any(keys));
    let (rows, lsn) = tokio::try_join!(read.load(&mut &*conn), position(conn, asks))?;
    truth.0 = truth.0.max(lsn);
    let page = Page {
        rows,
        is_primary: asks == INSERTED,
        reason: "oracle",
    };
    Ok((page, lsn))
}

async fn position(mut conn: &AsyncPgConnection, asks: &'static str) -> QueryResult<i64> {
    let position: Position = diesel::sql_query(asks).get_result(&mut conn).await?;
    Ok(position.lsn)
}

async fn pool(url: &str) -> Outcome<Pool<AsyncPgConnection>> {
    let manager = AsyncDieselConnectionManager::new(url);
    let pool = Pool::builder()
        .max_size(CONNECTIONS)
        .test_on_check_out(false);
    Ok(pool.build(manager).await?)
}
