//! Compares reads through a session with those on a raw pool that does not ping, which are as quick as can be.
//!
//! Three sides take turns, so that whatever else the machine does slows all: a session's read, its `read_eventual`, and
//! diesel-async's own bb8 pool to the same standby. Warm pools; no writes, so all is proved. Once on the server's socket,
//! with as many reads as there can be; once with a millisecond each way before the server, where round trips count.
//!
//! ```text
//! cargo bench --all-features --bench reads -- --seconds 10
//! ```

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::error::Error;
use std::time::{Duration, Instant};

use clap::Parser;
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::bb8::Pool;
use diesel_routing::Node;
use diesel_routing::pg::{Router, Session};
use diesel_routing::prelude::*;
use diesel_routing_testkit::PgCluster;
use tokio::task::JoinSet;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The numbers of readers at the same time.
const READERS: [u32; 3] = [1, 8, 32];
/// The time that one side reads before it is the other's turn.
const TURN: Duration = Duration::from_millis(100);
/// The delay each way, where there is one.
const DELAY: Duration = Duration::from_millis(1);

#[derive(Debug, Parser)]
struct Options {
    /// The seconds that each number of readers runs, all sides together.
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Only this side, without a delay and with eight readers: for a profiler.
    #[arg(long, value_name = "SIDE", value_parser = NAMES)]
    only: Option<String>,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

mod schema {
    diesel::table! {
        rows (id) {
            id -> Integer,
            name -> Text,
        }
    }
}

use schema::rows;

/// A side of the comparison.
#[derive(Debug, Clone)]
enum Side {
    Session(Session),
    Eventual(Session),
    Raw(Pool<AsyncPgConnection>),
}

const NAMES: [&str; 3] = ["session.read", "read_eventual", "raw"];

fn main() -> Outcome {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let cluster = PgCluster::builder().standbys(1).start()?;
    let primary = cluster.primary();
    primary.execute("CREATE TABLE rows (id int PRIMARY KEY, name text NOT NULL)")?;
    primary.execute("INSERT INTO rows SELECT g, g FROM generate_series(1, 1000) g")?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    println!(
        "{:<8} {:>7} {:<14} {:>9} {:>12}",
        "delay", "readers", "side", "reads/s", "of raw"
    );
    for delay in [Duration::ZERO, DELAY] {
        let proxy = cluster.standby(0).proxy()?;
        proxy.set_delay(delay);
        let url = match delay {
            Duration::ZERO => cluster.standby(0).url(),
            _ => proxy.url(),
        };
        for readers in READERS {
            if options.only.is_some() && (readers, delay) != (8, Duration::ZERO) {
                continue;
            }
            runtime.block_on(compare(&cluster, &url, readers, delay, &options))?;
        }
    }
    Ok(())
}

async fn compare(
    cluster: &PgCluster,
    url: &str,
    readers: u32,
    delay: Duration,
    options: &Options,
) -> Outcome {
    let router = Router::builder()
        .primary(Node::new("primary", cluster.primary().url()))
        .replica(Node::new("standby", url).read_pool_size(readers))
        .build()
        .await?;
    let raw = Pool::builder()
        .max_size(readers)
        .test_on_check_out(false)
        .build(AsyncDieselConnectionManager::new(url))
        .await?;
    let sides = [
        Side::Session(router.session()),
        Side::Eventual(router.session()),
        Side::Raw(raw),
    ];
    let mut counts: [Vec<f64>; 3] = Default::default();
    let end = Instant::now() + Duration::from_secs(options.seconds);
    for round in 0.. {
        if Instant::now() >= end {
            break;
        }
        for ((side, counts), name) in sides.iter().zip(&mut counts).zip(NAMES) {
            if options.only.as_deref().is_some_and(|only| only != name) {
                continue;
            }
            let rate = turn(side, readers).await?;
            // The first round opens connections.
            if round > 0 {
                counts.push(rate);
            }
        }
    }
    let raw = counts[2].clone();
    for (name, counts) in NAMES.iter().zip(&counts) {
        if counts.is_empty() {
            continue;
        }
        let quotients = counts.iter().zip(&raw).map(|(rate, raw)| rate / raw);
        println!(
            "{:<8} {readers:>7} {name:<14} {:>9.0} {:>12.3}",
            format!("{delay:?}"),
            median(counts.iter().copied()),
            median(quotients),
        );
    }
    Ok(())
}

/// Returns how many reads a second one side made in its turn.
async fn turn(side: &Side, readers: u32) -> Outcome<f64> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for reader in 0..readers {
        let side = side.clone();
        tasks.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < TURN {
                side.read((reader * 7 + count) as i32 % 1000 + 1).await?;
                count += 1;
            }
            Outcome::Ok(count)
        });
    }
    let mut sum = 0;
    while let Some(count) = tasks.join_next().await {
        sum += count??;
    }
    Ok(f64::from(sum) / start.elapsed().as_secs_f64())
}

impl Side {
    async fn read(&self, id: i32) -> Outcome<String> {
        let row = rows::table.find(id).select(rows::name);
        Ok(match self {
            // One session a read, as a request has one.
            Self::Session(session) => {
                let mut conn = session.router().session().read().await?;
                row.first(&mut conn).await?
            }
            Self::Eventual(session) => {
                let mut conn = session.read_eventual().await?;
                row.first(&mut conn).await?
            }
            Self::Raw(pool) => row.first(&mut *pool.get().await?).await?,
        })
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
