//! What it costs a write that the session remembers it, and how often the primary is asked for its
//! position.
//!
//! Five sides take turns, so that whatever else the machine does slows all: a session; the same
//! `untracked`; a session of a router without positions (`window_only`), which captures nothing and is
//! what the ratio compares with; and diesel-async's own bb8 pool, as it is by default and without the ping at each loan. One write is a checkout and an UPDATE
//! of a row of the writer's own. The cluster is in memory and does not sync, so commits are as quick as
//! can be: the worst case for the ratio.
//!
//! The questions are counted by the server (`pg_stat_statements`). The bench fails if there were none while the
//! session wrote: then it no longer knows the question by its text.
//!
//! ```text
//! cargo bench --all-features --bench capture -- --seconds 20
//! ```

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::error::Error;
use std::fmt;
use std::time::{Duration, Instant};

use clap::Parser;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::Pool;
use diesel_routing::Node;
use diesel_routing::pg::{Router, Session};
use diesel_routing::prelude::*;
use diesel_routing_testkit::PgCluster;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;
/// The times of writes, in nanoseconds.
type Times = Histogram<u64>;

/// The numbers of writers at the same time.
const WRITERS: [u32; 3] = [1, 10, 100];
/// Of a time, that are kept: a ratio is right to 0.1 %.
const DIGITS: u8 = 3;
/// The time for which one side writes before it is the other's turn.
const TURN: Duration = Duration::from_millis(50);
/// The query for how often the primary was asked for its position again: without what stays as it is.
const QUESTIONS: &str = "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements \
                         WHERE query LIKE '%pg_current_wal_insert_lsn()%' AND query NOT LIKE '%pg_control_system()%'";

#[derive(Debug, Parser)]
struct Options {
    /// How long each number of writers runs, all sides together.
    #[arg(long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// What cargo passes.
    #[arg(long, hide = true)]
    bench: bool,
}

mod schema {
    diesel::table! {
        counters (key) {
            key -> Integer,
            version -> BigInt,
        }
    }
}

use schema::counters;

/// The writing side.
#[derive(Debug, Clone, Copy)]
enum Side {
    Tracked,
    Untracked,
    NoPositions,
    Raw,
    RawWithoutPing,
}

const SIDES: [Side; 5] = [
    Side::Tracked,
    Side::Untracked,
    Side::NoPositions,
    Side::Raw,
    Side::RawWithoutPing,
];
/// The place of the side without capture.
const BASE: usize = 2;

fn main() -> Outcome {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    println!(
        "{:>7} {:<12} {:>9} {:>11} {:>11} {:>13} {:>8}",
        "writers", "side", "writes/s", "median us", "p99 us", "questions/s", "ratio"
    );
    for writers in WRITERS {
        let cluster = start()?;
        let bench = runtime.block_on(Bench::new(&cluster, writers))?;
        let mut results = samples()?;
        let end = Instant::now() + Duration::from_secs(options.seconds);
        // The first round opens connections.
        runtime.block_on(bench.round(0, &mut samples()?))?;
        for round in 0.. {
            if Instant::now() >= end {
                break;
            }
            runtime.block_on(bench.round(round, &mut results))?;
        }
        let base = results[BASE].per_turn.clone();
        for samples in &results {
            samples.print(writers, &base);
            if let Side::Tracked = samples.side
                && samples.questions == 0
            {
                return Err("no question for the primary's position was counted".into());
            }
        }
    }
    Ok(())
}

/// Returns an empty sample for each side.
fn samples() -> Outcome<[Samples; SIDES.len()]> {
    let times = Times::new(DIGITS)?;
    Ok(SIDES.map(|side| Samples {
        side,
        times: times.clone(),
        per_turn: Vec::new(),
        questions: 0,
        elapsed: Duration::ZERO,
    }))
}

struct Bench<'a> {
    cluster: &'a PgCluster,
    /// One a writer.
    sessions: Vec<Session>,
    without_positions: Vec<Session>,
    raw: Pool<AsyncPgConnection>,
    raw_without_ping: Pool<AsyncPgConnection>,
}

/// The results of one side.
struct Samples {
    side: Side,
    times: Times,
    /// The median of each turn, in nanoseconds.
    per_turn: Vec<u64>,
    questions: u64,
    elapsed: Duration,
}

impl<'a> Bench<'a> {
    async fn new(cluster: &'a PgCluster, writers: u32) -> Outcome<Self> {
        let builder = || {
            let primary = Node::new("primary", cluster.primary().url())
                .write_pool_size(writers)
                .checkout_timeout(Duration::from_secs(10));
            let builder = Router::builder().primary(primary);
            cluster.standbys().iter().fold(builder, |builder, standby| {
                builder.replica(Node::new(standby.name(), standby.url()))
            })
        };
        let router = builder().build().await?;
        let without_positions = builder().window_only().build().await?;
        let raw = async |has_ping| {
            let manager = AsyncDieselConnectionManager::new(cluster.primary().url());
            let pool = Pool::builder()
                .max_size(writers)
                .test_on_check_out(has_ping);
            pool.build(manager).await
        };
        Ok(Self {
            cluster,
            sessions: (0..writers).map(|_| router.session()).collect(),
            without_positions: (0..writers).map(|_| without_positions.session()).collect(),
            raw: raw(true).await?,
            raw_without_ping: raw(false).await?,
        })
    }

    /// Runs one turn of each side.
    async fn round(&self, number: usize, results: &mut [Samples; SIDES.len()]) -> Outcome {
        // Who goes first changes, too.
        for place in 0..results.len() {
            let samples = &mut results[(place + number) % SIDES.len()];
            let before = self.questions()?;
            let since = Instant::now();
            let times = self.turn(samples.side).await?;
            samples.elapsed += since.elapsed();
            samples.questions += self.questions()? - before;
            samples.per_turn.push(times.value_at_quantile(0.5));
            samples.times.add(times)?;
        }
        Ok(())
    }

    async fn turn(&self, side: Side) -> Outcome<Times> {
        let end = Instant::now() + TURN;
        let mut tasks = JoinSet::new();
        let sessions = self.sessions.iter().zip(&self.without_positions);
        for (key, (session, without_positions)) in (0..).zip(sessions) {
            match side {
                Side::NoPositions => {
                    tasks.spawn(through_session(without_positions.clone(), key, end))
                }
                Side::Tracked => tasks.spawn(through_session(session.clone(), key, end)),
                Side::Untracked => tasks.spawn(through_session(session.untracked(), key, end)),
                Side::Raw => tasks.spawn(through_pool(self.raw.clone(), key, end)),
                Side::RawWithoutPing => {
                    tasks.spawn(through_pool(self.raw_without_ping.clone(), key, end))
                }
            };
        }
        let mut all = Times::new(DIGITS)?;
        while let Some(times) = tasks.join_next().await {
            all.add(times??)?;
        }
        Ok(all)
    }

    fn questions(&self) -> Outcome<u64> {
        let count = self.cluster.primary().admin_value(QUESTIONS)?;
        Ok(count.unwrap_or_default().parse()?)
    }
}

async fn through_session(session: Session, key: i32, end: Instant) -> Outcome<Times> {
    let mut times = Times::new(DIGITS)?;
    while Instant::now() < end {
        let since = Instant::now();
        let mut conn = session.write().await?;
        diesel::update(counters::table.find(key))
            .set(counters::version.eq(counters::version + 1))
            .execute(&mut conn)
            .await?;
        drop(conn);
        times.record(since.elapsed().as_nanos().try_into()?)?;
    }
    Ok(times)
}

async fn through_pool(pool: Pool<AsyncPgConnection>, key: i32, end: Instant) -> Outcome<Times> {
    let mut times = Times::new(DIGITS)?;
    while Instant::now() < end {
        let since = Instant::now();
        let mut conn = pool.get().await?;
        diesel::update(counters::table.find(key))
            .set(counters::version.eq(counters::version + 1))
            .execute(&mut *conn)
            .await?;
        drop(conn);
        times.record(since.elapsed().as_nanos().try_into()?)?;
    }
    Ok(times)
}

impl Samples {
    fn print(&self, writers: u32, base: &[u64]) {
        let mut ratios: Vec<_> = self
            .per_turn
            .iter()
            .zip(base)
            .map(|(&turn, &base)| turn as f64 / base as f64)
            .collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
        let seconds = self.elapsed.as_secs_f64();
        let micros = |quantile| self.times.value_at_quantile(quantile) / 1000;
        println!(
            "{writers:>7} {:<12} {:>9.0} {:>11} {:>11} {:>13.0} {ratio:>8.3}",
            self.side.to_string(),
            self.times.len() as f64 / seconds,
            micros(0.5),
            micros(0.99),
            self.questions as f64 / seconds,
        );
    }
}

fn start() -> Outcome<PgCluster> {
    let cluster = PgCluster::builder()
        .standbys(2)
        .setting("max_connections", "500")
        .setting("shared_preload_libraries", "pg_stat_statements")
        .start()?;
    let primary = cluster.primary();
    primary.admin_execute("CREATE EXTENSION pg_stat_statements")?;
    primary.execute(
        "CREATE TABLE counters (key int PRIMARY KEY, version bigint NOT NULL) WITH (fillfactor = 10);
         INSERT INTO counters SELECT key, 0 FROM generate_series(0, 99) key",
    )?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    Ok(cluster)
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tracked => "session",
            Self::Untracked => "untracked",
            Self::NoPositions => "no positions",
            Self::Raw => "raw pool",
            Self::RawWithoutPing => "raw, no ping",
        })
    }
}
