//! `verify`: evidence under load.

use std::fs;
use std::future::Future;
use std::io::{IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use diesel_routing::{NodeRole, TokenKeys};
use diesel_routing_verify::{Error, Progress, Report, Verifiable, Verification, others};

use tokio::time::sleep;

use crate::backend::on_backend;
use crate::cluster::{Cluster, ClusterArgs};
use crate::failure::{Failure, Outcome, chain};
use crate::output::Output;

/// What users should know before they run it.
const WRITES: &str = "\
It writes, into a schema (PostgreSQL), a database (MySQL, MariaDB) or tables (SQLite) of the run's own, whose names begin with
`diesel_routing_verify_`. They are removed in the end, on Ctrl-C as well.";

/// The time in which others may leave.
const LEAVING: Duration = Duration::from_secs(2);

/// The options of `verify`.
#[derive(clap::Args)]
#[command(after_help = WRITES)]
pub(crate) struct Options {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// For how many seconds clients work; 600 at most
    #[arg(long, value_name = "NUMBER", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many clients work at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,
    /// The longest pause of a client between two acts
    #[arg(long, value_name = "TIME", default_value = "10ms", value_parser = humantime::parse_duration)]
    pause: Duration,
    /// The seed of what clients do, from an earlier report; at random if none is given
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Run though others are connected to the servers, or though it cannot be known whether they are
    #[arg(long, short)]
    yes: bool,
    /// Put the run's tables beside the application's, for accounts that may not create schemas or databases
    #[arg(long)]
    in_tables: bool,
    /// Remove what earlier runs have left behind
    #[arg(long)]
    remove_leftovers: bool,
    /// Write the report into this file as well, as a page with charts
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Runs the command.
pub(crate) async fn run(options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let cluster = options.cluster.read()?;
    on_backend!(cluster.kind, |C| verify::<C>(options, &cluster, out).await)
}

async fn verify<C: Verifiable>(
    options: &Options,
    cluster: &Cluster,
    out: &mut Output,
) -> Result<Outcome, Failure> {
    if let Some(path) = &options.html {
        // Told now, and not when the run is over.
        let opened = fs::OpenOptions::new().create(true).append(true).open(path);
        opened.map_err(|error| unwritable(path, &error))?;
    }
    if !options.yes {
        refuse_others::<C>(cluster).await?;
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|error| Failure::Other(format!("no random numbers: {error}")))?;
    // Sessions go on by token, whether the application's do or not.
    let keys = TokenKeys::new(1, secret).map_err(|error| Failure::other(&error))?;
    let router = cluster.builder::<C>().token_keys(keys).build().await?;

    let mut verification = Verification::new(&router)
        .seconds(options.seconds)
        .clients(options.clients)
        .pause(options.pause)
        .on_progress(progress());
    for member in &cluster.members {
        verification = match member.role {
            Some(NodeRole::TakesWrites) => verification.primary(&member.node),
            Some(NodeRole::ReplaysWrites) => verification.replica(&member.node),
            _ => verification.node(&member.node),
        };
    }
    if let Some(seed) = options.seed {
        verification = verification.seed(seed);
    }
    if options.in_tables {
        verification = verification.in_tables();
    }
    if options.remove_leftovers {
        verification = verification.remove_leftovers();
    }
    let report = verification.run_until(stop()?).await;
    clear_line();
    show(&report.map_err(failure)?, options, out)
}

/// Shows the report, and returns what it comes to.
fn show(report: &Report, options: &Options, out: &mut Output) -> Result<Outcome, Failure> {
    let written = write(report, options, out);
    // Whoever reads no further, or has no room for it, is told of a violation by the exit code at least.
    if !report.violations().is_empty() {
        return Ok(Outcome::Findings);
    }
    written?;
    if report.interrupted {
        return Ok(Outcome::Interrupted);
    }
    match (report.shows_nothing(), &report.not_removed) {
        (Some(why), _) => Err(Failure::Other(format!("nothing was verified: {why}"))),
        (None, Some(why)) => Err(Failure::Other(format!(
            "the run's tables could not be removed: {why}"
        ))),
        (None, None) => Ok(Outcome::Fine),
    }
}

/// Writes the report to where it is wanted.
fn write(report: &Report, options: &Options, out: &mut Output) -> Result<(), Failure> {
    if out.is_json() {
        out.json(report)?;
    } else {
        out.line(report.to_string().trim_end())?;
    }
    out.flush()?;
    match &options.html {
        Some(path) => fs::write(path, report.to_html()).map_err(|error| unwritable(path, &error)),
        None => Ok(()),
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other(format!("{} cannot be written: {error}", path.display()))
}

/// Refuses to put load on servers that others use.
async fn refuse_others<C: Verifiable>(cluster: &Cluster) -> Result<(), Failure> {
    let since = Instant::now();
    let words = loop {
        let words = words_for_others::<C>(cluster).await?;
        if words.is_empty() {
            return Ok(());
        }
        // A server takes a moment to notice that a program has ended, such as the last run.
        if since.elapsed() >= LEAVING {
            break words;
        }
        sleep(LEAVING / 10).await;
    };
    Err(Failure::Usage(format!(
        "others are connected to these servers, which would feel the load:\n{}\nRun it on a cluster of its own, or with `--yes`",
        words.join("\n")
    )))
}

/// Returns whose sessions there are, in words.
async fn words_for_others<C: Verifiable>(cluster: &Cluster) -> Result<Vec<String>, Failure> {
    let nodes = cluster.members.iter();
    let nodes = nodes.map(|member| (member.node.name(), member.node.url()));
    let found = others::<C>(nodes).await.map_err(failure)?;
    let replicas = u64::try_from(cluster.members.len() - 1).unwrap_or(u64::MAX);
    let words = found
        .iter()
        // What an account may not see are the replicas, as far as there are so many.
        .filter(|others| others.whose.is_some() || others.sessions > replicas)
        .map(|others| format!("  {others}"));
    Ok(words.collect())
}

/// Returns a future that is done once the user wants to stop. A second time, nothing is waited for.
fn stop() -> Result<impl Future<Output = ()> + Send, Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::other(&error))?;
    Ok(async move {
        signals.next().await;
        clear_line();
        say("stopping: what the run has made is removed first; once more to leave at once");
        tokio::spawn(async move {
            signals.next().await;
            std::process::exit(130);
        });
    })
}

/// The signals by which users stop programs.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}

/// Returns what shows how far a run is: one line that changes in a terminal, one for each step elsewhere.
fn progress() -> impl FnMut(&Progress) + Send + 'static {
    let mut last = "";
    move |progress| {
        let line = format!(
            "{}: {:.0} of {:.0} s, {} acts, {} failed",
            progress.step,
            progress.elapsed.as_secs_f64(),
            progress.length.as_secs_f64(),
            progress.acts,
            progress.failed
        );
        if stderr().is_terminal() {
            let _ = write!(stderr(), "\r{line}\x1b[K");
        } else if progress.step != last {
            say(&line);
        }
        last = progress.step;
    }
}

/// Clears the line that changes.
fn clear_line() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r\x1b[K");
    }
}

/// Says something that is no result.
fn say(line: &str) {
    // Nobody misses it if the terminal is gone.
    let _ = writeln!(stderr(), "{line}");
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Settings(_) => Failure::Usage(error.to_string()),
        Error::Node { .. } | Error::NoWrites { .. } => Failure::Unreachable(chain(&error)),
        Error::Activity { .. } => Failure::Usage(format!("{error}, or run with `--yes`")),
        error => Failure::Other(chain(&error)),
    }
}
