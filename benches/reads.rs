//! Compares reads and writes through a session with those on a raw pool that does not ping, which are as quick as can be.
//!
//! The sides take turns in random order, so that whatever else the machine does slows all: a session's read, its `read_eventual`, and
//! diesel-async's own bb8 pool to the same standby; a session's write, and such a pool to the primary. Warm pools; the
//! sessions that read have written nothing, so all is proved. Once on the servers' sockets, with as many statements as
//! there can be; once with a millisecond each way before each server, where round trips count.
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
use rand::seq::SliceRandom;
use tokio::task::JoinSet;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The numbers of clients at the same time.
const CLIENTS: [u32; 3] = [1, 8, 32];
/// The time that one side works before it is the other's turn.
const TURN: Duration = Duration::from_millis(100);
/// The delay each way, where there is one.
const DELAY: Duration = Duration::from_millis(1);

#[derive(Debug, Parser)]
struct Options {
    /// The seconds that each number of clients runs, all sides together.
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Only this side, without a delay and with eight clients: for a profiler.
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
    Write(Session),
    RawWrite(Pool<AsyncPgConnection>),
}

const NAMES: [&str; SIDES] = [
    "session.read",
    "read_eventual",
    "raw",
    "session.write",
    "raw write",
];
const SIDES: usize = 5;
/// The side that each is compared with.
const RAW: [usize; SIDES] = [2, 2, 2, 4, 4];

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
        "delay", "clients", "side", "a second", "of raw"
    );
    for delay in [Duration::ZERO, DELAY] {
        let proxies = [cluster.primary().proxy()?, cluster.standby(0).proxy()?];
        for proxy in &proxies {
            proxy.set_delay(delay);
        }
        let urls = match delay {
            Duration::ZERO => [cluster.primary().url(), cluster.standby(0).url()],
            _ => [proxies[0].url(), proxies[1].url()],
        };
        for clients in CLIENTS {
            if options.only.is_some() && (clients, delay) != (8, Duration::ZERO) {
                continue;
            }
            runtime.block_on(compare(&urls, clients, delay, &options))?;
        }
    }
    Ok(())
}

async fn compare(
    [primary, standby]: &[String; 2],
    clients: u32,
    delay: Duration,
    options: &Options,
) -> Outcome {
    let router = Router::builder()
        .primary(Node::new("primary", primary).write_pool_size(clients))
        .replica(Node::new("standby", standby).read_pool_size(clients))
        .build()
        .await?;
    let sides = [
        Side::Session(router.session()),
        Side::Eventual(router.session()),
        Side::Raw(raw_pool(standby, clients).await?),
        Side::Write(router.session()),
        Side::RawWrite(raw_pool(primary, clients).await?),
    ];
    let mut counts: [Vec<f64>; SIDES] = Default::default();
    let mut order: [usize; SIDES] = std::array::from_fn(|side| side);
    let end = Instant::now() + Duration::from_secs(options.seconds);
    for round in 0.. {
        if Instant::now() >= end {
            break;
        }
        // At random: while the standby replays what the last turn wrote, it reads more slowly.
        order.shuffle(&mut rand::rng());
        for side in order {
            if options
                .only
                .as_deref()
                .is_some_and(|only| only != NAMES[side])
            {
                continue;
            }
            let rate = turn(&sides[side], clients).await?;
            // The first round opens connections.
            if round > 0 {
                counts[side].push(rate);
            }
        }
    }
    for ((name, rates), raw) in NAMES.iter().zip(&counts).zip(RAW) {
        if rates.is_empty() {
            continue;
        }
        let quotients = rates.iter().zip(&counts[raw]).map(|(rate, raw)| rate / raw);
        println!(
            "{:<8} {clients:>7} {name:<14} {:>9.0} {:>12.3}",
            format!("{delay:?}"),
            median(rates.iter().copied()),
            median(quotients),
        );
    }
    Ok(())
}

async fn raw_pool(url: &str, size: u32) -> Outcome<Pool<AsyncPgConnection>> {
    let manager = AsyncDieselConnectionManager::new(url);
    let pool = Pool::builder().max_size(size).test_on_check_out(false);
    Ok(pool.build(manager).await?)
}

/// Returns how many statements a second one side made in its turn.
async fn turn(side: &Side, clients: u32) -> Outcome<f64> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let side = side.clone();
        tasks.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < TURN {
                side.run((client * 7 + count) as i32 % 1000 + 1).await?;
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
    async fn run(&self, id: i32) -> Outcome {
        let row = rows::table.find(id).select(rows::name);
        let renamed = diesel::update(rows::table.find(id)).set(rows::name.eq("renamed"));
        // One session a statement, as a request has one.
        match self {
            Self::Session(session) => {
                let mut conn = session.router().session().read().await?;
                let _: String = row.first(&mut conn).await?;
            }
            Self::Eventual(session) => {
                let mut conn = session.read_eventual().await?;
                let _: String = row.first(&mut conn).await?;
            }
            Self::Raw(pool) => {
                let _: String = row.first(&mut *pool.get().await?).await?;
            }
            Self::Write(session) => {
                let mut conn = session.router().session().write().await?;
                renamed.execute(&mut conn).await?;
            }
            Self::RawWrite(pool) => {
                renamed.execute(&mut *pool.get().await?).await?;
            }
        }
        Ok(())
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
