//! Compares the choices about other regions by their time and by the age of what they read: three regions, the primary in one of them, and
//! 80 and 200 ms for the round trip from the others.
//!
//! Each region has a replica and a router of its own; what goes between regions, replication too, takes half a round trip each way. The
//! row that is read has the time at which it was written: so a read tells how old the state is that it has seen. Users write a row of their
//! own now and then.
//!
//! ```text
//! cargo bench --all-features --bench regions -- --seconds 10
//! ```

#![expect(clippy::print_stdout, reason = "the table is the result")]

mod choice;
mod tally;

use std::error::Error;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Parser;
use diesel_routing::pg::Router;
use diesel_routing::prelude::*;
use diesel_routing::{Class, Node, RegionPolicy};
use diesel_routing_testkit::{Address, PgCluster};
use tokio::task::JoinSet;

use choice::Choice;
use tally::Tally;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The regions, each with the time that a round trip to the first takes.
const REGIONS: [(&str, Duration); 3] = [
    ("us", Duration::ZERO),
    ("eu", Duration::from_millis(80)),
    ("ap", Duration::from_millis(200)),
];
/// The users of a region.
const USERS: i32 = 8;
/// The time that a user thinks between two reads, and the number of reads to a write.
const THINKING: Duration = Duration::from_millis(20);
const READS: u32 = 20;
/// The time between two writes of the row that all read.
const BEAT: Duration = Duration::from_millis(10);
/// The bound of reads that may be older where the primary is far.
const BOUND: Duration = Duration::from_secs(2);

#[derive(Debug, Parser)]
struct Options {
    /// The seconds that each choice runs in each region.
    #[arg(long, value_name = "N", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

pub(crate) mod schema {
    diesel::table! {
        beats (id) {
            id -> Integer,
            at -> BigInt,
        }
    }
}

use schema::beats;

fn main() -> Outcome {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let cluster = PgCluster::builder().standbys(REGIONS.len()).start()?;
    let primary = cluster.primary();
    primary.execute("CREATE TABLE beats (id int PRIMARY KEY, at bigint NOT NULL)")?;
    primary.execute("INSERT INTO beats SELECT g, 0 FROM generate_series(0, 100) g")?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    for (index, (_, round_trip)) in REGIONS.iter().enumerate() {
        cluster.delay_replication(index + 1, *round_trip / 2)?;
    }
    println!(
        "{:<6} {:<28} {:>8} {:>8} {:>10} {:>10} {:>7} {:>8} {:>9}",
        "region",
        "reads",
        "p50 ms",
        "p99 ms",
        "age p50",
        "age p99",
        "primary",
        "refused",
        "write p50"
    );
    for (index, (region, round_trip)) in REGIONS.iter().enumerate() {
        let addresses = addresses(&cluster, index, *round_trip)?;
        for choice in Choice::ALL {
            let router = router(region, &addresses);
            let tally = runtime.block_on(async {
                measure(&router.await?, primary.url(), choice, &options).await
            })?;
            println!("{region:<6} {choice:<28} {tally}");
        }
    }
    Ok(())
}

/// Returns the addresses by which a region reaches the primary, and the replica of each region.
fn addresses(cluster: &PgCluster, here: usize, round_trip: Duration) -> Outcome<Vec<Address>> {
    let mut addresses = Vec::new();
    for (index, node) in cluster.nodes().iter().enumerate() {
        let address = cluster.address([node])?;
        let there = index.saturating_sub(1);
        let delay = match (here, there) {
            (here, there) if here == there => Duration::ZERO,
            // Between the two that are not the first, as far as from the further one.
            (0, there) => REGIONS[there].1 / 2,
            (_, 0) => round_trip / 2,
            _ => REGIONS[2].1 / 2,
        };
        address.proxy().set_delay(delay);
        addresses.push(address);
    }
    Ok(addresses)
}

async fn router(region: &str, addresses: &[Address]) -> Outcome<Router> {
    let node = |name: &str, index: usize| {
        let node = Node::new(name, addresses[index].url());
        node.zone(REGIONS[index.saturating_sub(1)].0)
    };
    let builder = Router::builder()
        .zone(region)
        .class(
            "older",
            Class::new().region_policy(RegionPolicy::Bound(BOUND)),
        )
        .class("here", Class::new().region_policy(RegionPolicy::Refuse))
        .primary(node("primary", 0));
    let regions = REGIONS.iter().enumerate();
    let builder = regions.fold(builder, |builder, (index, (region, _))| {
        builder.replica(node(&format!("replica-{region}"), index + 1))
    });
    Ok(builder.build().await?)
}

/// Runs the users of a region, and whoever writes what all of them read.
async fn measure(
    router: &Router,
    primary: String,
    choice: Choice,
    options: &Options,
) -> Outcome<Tally> {
    let beats = tokio::spawn(beat(primary));
    // Pools are filled, and watchers know the nodes.
    users(router, choice, Duration::from_secs(1)).await?;
    let tally = users(router, choice, Duration::from_secs(options.seconds)).await?;
    if beats.is_finished() {
        beats.await??;
    } else {
        beats.abort();
    }
    Ok(tally)
}

async fn users(router: &Router, choice: Choice, time: Duration) -> Outcome<Tally> {
    let mut tasks = JoinSet::new();
    for user in 0..USERS {
        let session = router.session();
        tasks.spawn(async move {
            let (mut tally, since) = (Tally::new()?, Instant::now());
            for count in 0_u32.. {
                if since.elapsed() >= time {
                    break;
                }
                if count % READS == user.cast_unsigned() {
                    let began = Instant::now();
                    let mut conn = session.write().await?;
                    let own = beats::table.find(user + 1);
                    let change = diesel::update(own).set(beats::at.eq(micros()));
                    change.execute(&mut conn).await?;
                    tally.wrote(began.elapsed())?;
                }
                let (began, asked) = (Instant::now(), micros());
                let read = choice.read(&session).await;
                tally.read(read, began.elapsed(), asked)?;
                tokio::time::sleep(THINKING).await;
            }
            Outcome::Ok(tally)
        });
    }
    let mut all = Tally::new()?;
    while let Some(tally) = tasks.join_next().await {
        all.add(&tally??)?;
    }
    Ok(all)
}

/// Writes the time into the row that all read, again and again, until it is dropped.
async fn beat(primary: String) -> Outcome {
    let router = Router::builder().primary(Node::new("primary", primary));
    let router = router.build().await?;
    loop {
        let mut conn = router.write().await?;
        let row = beats::table.find(0);
        let change = diesel::update(row).set(beats::at.eq(micros()));
        change.execute(&mut conn).await?;
        drop(conn);
        tokio::time::sleep(BEAT).await;
    }
}

/// Returns the time, in microseconds since 1970.
fn micros() -> i64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    time.map_or(0, |time| {
        i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
    })
}
