//! Measures the cost of the question that a watcher repeats, for a server, beside the read of a row by its key.
//!
//! The question depends on the node's role, and on whether the account sees the receiver. It is taken from a watcher of a running router, by its text in `pg_stat_activity`. Both are prepared, and run in
//! turns over one connection; what counts is the time that the connection's process at the server has a processor
//! (`/proc/<pid>/schedstat`), so neither the network nor other programs do. Linux only.
//!
//! ```text
//! cargo bench --all-features --bench question
//! ```

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::error::Error;
use std::time::Duration;

use clap::Parser;
use diesel_routing::Node;
use diesel_routing::pg::Router;
use diesel_routing_testkit::{PgCluster, PgNode};
use tokio_postgres::{Client, NoTls};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// The statements of one turn.
const TURN: u32 = 200;
/// The most that the question may cost, as a multiple of the read.
const TARGET: f64 = 1.3;
/// The watcher's question, as the server shows it: it asks for the position again, without what stays as it is.
const QUESTION: &str = "SELECT query FROM pg_stat_activity \
                        WHERE (query LIKE '%pg_current_wal_insert_lsn()%' OR query LIKE '%pg_last_wal_replay_lsn()%') \
                          AND query NOT LIKE '%pg_control_system()%' AND pid <> pg_backend_pid() LIMIT 1";

#[derive(Debug, Parser)]
struct Options {
    /// The turns of each side.
    #[arg(long, value_name = "N", default_value_t = 50)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    turns: u32,
    /// Passed by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let cluster = PgCluster::builder()
        .setting("track_activity_query_size", "16384")
        .standbys(1)
        .start()?;
    let primary = cluster.primary();
    primary.execute("CREATE TABLE rows (id int PRIMARY KEY, name text NOT NULL)")?;
    primary.execute("INSERT INTO rows SELECT g, g FROM generate_series(1, 1000) g")?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    println!(
        "{:<9} {:<14} {:>9} {:>10} {:>7}",
        "node", "account", "read", "question", "ratio"
    );
    let mut worst = 0.0_f64;
    for (name, node) in [("primary", primary), ("standby", cluster.standby(0))] {
        let ratio = compare(&cluster, name, "plain", node, &options);
        worst = worst.max(runtime.block_on(ratio)?);
    }
    primary.admin_execute("GRANT pg_monitor TO app")?;
    cluster.wait_until_caught_up(Duration::from_secs(10))?;
    let receiver = compare(
        &cluster,
        "standby",
        "pg_monitor",
        cluster.standby(0),
        &options,
    );
    worst = worst.max(runtime.block_on(receiver)?);
    if worst > TARGET {
        return Err(
            format!("the question costs {worst:.2} of a read, and the target is {TARGET}").into(),
        );
    }
    Ok(())
}

/// Compares the two on a node; returns the ratio.
async fn compare(
    cluster: &PgCluster,
    name: &str,
    account: &str,
    node: &PgNode,
    options: &Options,
) -> Outcome<f64> {
    let router = Router::builder()
        .primary(Node::new("primary", cluster.primary().url()))
        .replica(Node::new("standby", cluster.standby(0).url()))
        .build()
        .await?;
    let question = loop {
        match node.admin_value(QUESTION)? {
            Some(question) => break question,
            // The watcher has asked for the facts alone so far.
            None => drop(router.read_eventual().await?),
        }
    };
    drop(router);
    let (client, connection) = tokio_postgres::connect(&node.url(), NoTls).await?;
    tokio::spawn(connection);
    let process = client
        .query_one("SELECT pg_backend_pid()", &[])
        .await?
        .get(0);
    let read = client
        .prepare("SELECT name FROM rows WHERE id = $1")
        .await?;
    let question = client.prepare(&question).await?;
    let (mut reads, mut questions) = (Vec::new(), Vec::new());
    for turn in 0..=options.turns {
        let a_read = costs(process, async || {
            client.query_one(&read, &[&7_i32]).await.map(drop)
        });
        let a_read = a_read.await?;
        let a_question = costs(process, async || ask(&client, &question).await);
        let a_question = a_question.await?;
        // In the first, plans are made.
        if turn > 0 {
            reads.push(a_read);
            questions.push(a_question);
        }
    }
    let quotients = questions
        .iter()
        .zip(&reads)
        .map(|(question, read)| question / read);
    let ratio = median(quotients.collect());
    println!(
        "{name:<9} {account:<14} {:>6.1} us {:>7.1} us {ratio:>7.2}",
        median(reads) / 1_000.0,
        median(questions) / 1_000.0
    );
    Ok(ratio)
}

async fn ask(
    client: &Client,
    question: &tokio_postgres::Statement,
) -> Result<(), tokio_postgres::Error> {
    client.query_one(question, &[]).await.map(drop)
}

/// Returns the processor time of the server's process for one statement, in nanoseconds.
async fn costs(
    process: i32,
    statement: impl AsyncFn() -> Result<(), tokio_postgres::Error>,
) -> Outcome<f64> {
    let before = processor_time(process)?;
    for _ in 0..TURN {
        statement().await?;
    }
    let after = processor_time(process)?;
    if after == before {
        return Err("the system does not count processor time (/proc/<pid>/schedstat)".into());
    }
    Ok((after - before) as f64 / f64::from(TURN))
}

fn processor_time(process: i32) -> Outcome<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/schedstat"))?;
    let first = text.split_whitespace().next().ok_or("no number")?;
    Ok(first.parse()?)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
