//! The cost of a loan while metrics are recorded, with the recorder of `metrics-exporter-prometheus`.
//!
//! A process can have one recorder, and never loses it again. So each side is a process of its own, and they take turns, so that
//! whatever else the machine does slows both. A loan is an eventual read that is checked out and dropped, on SQLite: it has no
//! server that could cover the costs. Fails when a loan costs more than it may.
//!
//! ```text
//! cargo bench --all-features --bench metrics
//! ```

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::error::Error;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use diesel_routing::{Node, metrics, sqlite, sync};
use diesel_routing_testkit::SqliteCluster;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The limit of a loan's extra cost with a recorder, in nanoseconds.
const MOST: f64 = 200.0;
/// The number of turns of each side.
const TURNS: usize = 9;
/// The loans of a batch, and the batches of a turn. The recorder's buffers are emptied between batches, as scrapes do.
const LOANS: u32 = 2_000;
const BATCHES: usize = 100;

/// First argument of a side's process.
const SIDE: &str = "--side";

const APIS: [&str; 2] = ["sync", "async"];

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [SIDE, api, is_recorded] = *arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        println!("{}", side(api, is_recorded.parse()?)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "{:<8} {:>14} {:>14} {:>10} {:>8}",
        "a loan", "no recorder", "recorder", "more", "ratio"
    );
    let mut within = true;
    for api in APIS {
        let (mut bare, mut recorded) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            bare.push(run(api, false)?);
            recorded.push(run(api, true)?);
        }
        let (bare, recorded) = (median(bare), median(recorded));
        let more = recorded - bare;
        let verdict = if more > MOST {
            within = false;
            "  MORE THAN 200 ns"
        } else {
            ""
        };
        println!(
            "{api:<8} {bare:>11.0} ns {recorded:>11.0} ns {more:>7.0} ns {:>8.3}{verdict}",
            recorded / bare
        );
    }
    Ok(if within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs a side in a process of its own, and returns what a loan took there, in nanoseconds.
fn run(api: &str, is_recorded: bool) -> Outcome<f64> {
    let mut side = Command::new(std::env::current_exe()?);
    let output = side.args([SIDE, api, &is_recorded.to_string()]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Returns what a loan takes, in nanoseconds: the median of batches.
fn side(api: &str, is_recorded: bool) -> Outcome<f64> {
    let prometheus = is_recorded.then(install).transpose()?;
    let cluster = SqliteCluster::builder().start()?;
    let nodes = (
        Node::new("primary", cluster.primary_url()),
        Node::new("replica", cluster.replica_url(0)?),
    );
    let times = match api {
        "sync" => blocking(nodes, prometheus.as_ref())?,
        _ => asynchronous(nodes, prometheus.as_ref())?,
    };
    if let Some(prometheus) = prometheus {
        check(&prometheus.render())?;
    }
    let times = times.iter().map(|time| time.as_secs_f64() * 1e9);
    Ok(median(times.collect()) / f64::from(LOANS))
}

fn install() -> Outcome<PrometheusHandle> {
    let times = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(times, metrics::SECONDS)?;
    Ok(builder.install_recorder()?)
}

fn blocking(
    (primary, replica): (Node, Node),
    prometheus: Option<&PrometheusHandle>,
) -> Outcome<Vec<Duration>> {
    let builder = sync::sqlite::Router::builder().primary(primary);
    let router = builder.replica(replica).build()?;
    let batch = || {
        let since = Instant::now();
        for _ in 0..LOANS {
            drop(router.read_eventual()?);
        }
        let time = since.elapsed();
        router.record_metrics();
        if let Some(prometheus) = prometheus {
            prometheus.run_upkeep();
        }
        Ok(time)
    };
    std::iter::repeat_with(batch).take(BATCHES).collect()
}

fn asynchronous(
    (primary, replica): (Node, Node),
    prometheus: Option<&PrometheusHandle>,
) -> Outcome<Vec<Duration>> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build()?;
    runtime.block_on(async {
        let builder = sqlite::Router::builder().primary(primary);
        let router = builder.replica(replica).build().await?;
        let mut times = Vec::new();
        for _ in 0..BATCHES {
            let since = Instant::now();
            for _ in 0..LOANS {
                drop(router.read_eventual().await?);
            }
            times.push(since.elapsed());
            router.record_metrics();
            if let Some(prometheus) = prometheus {
                prometheus.run_upkeep();
            }
        }
        Ok(times)
    })
}

/// Checks that the loans were recorded, with their times.
fn check(text: &str) -> Outcome {
    let all = usize::try_from(LOANS)? * BATCHES;
    for name in [
        "diesel_routing_loans_total{",
        "db_client_connection_wait_time_seconds_count{",
        "db_client_connection_use_time_seconds_count{",
    ] {
        let of_name = text.lines().filter(|line| line.starts_with(name));
        let ends = format!(" {all}");
        if !of_name.into_iter().any(|line| line.ends_with(&ends)) {
            return Err(format!("not {all} loans in {name}:\n{text}").into());
        }
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
