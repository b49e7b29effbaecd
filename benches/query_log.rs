//! Instructions of a read through a handle, counted by valgrind: without a query log, and with one. SQLite in memory, so that what is
//! not the database's shows.
//!
//! As in `instructions`, a case runs twice in processes of its own, with a different number of steps, and the difference counts.

#![expect(clippy::print_stdout, reason = "the table is the result")]

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use diesel::sql_types::Integer;
use diesel_routing::sync::{prelude::*, sqlite::Router};
use diesel_routing::{Node, QueryLog};
use schema::users;
use tracing::{Level, Metadata, Subscriber, span};

mod schema {
    #![allow(missing_docs, reason = "the macro's items")]
    diesel::table! {
        users { id -> Integer, name -> Text, }
    }
}

/// First argument of the process that valgrind runs.
const STEPS: &str = "--steps";

/// A case: its name, the log, the spans, and the levels that somebody listens to.
type Case = (&'static str, Option<QueryLog>, bool, Option<Level>);

fn cases() -> [Case; 7] {
    let slow = QueryLog::new().slower_than(Duration::from_secs(60));
    let sampled = slow.sample(0.01);
    [
        ("off", None, false, None),
        ("off, somebody listens", None, false, Some(Level::DEBUG)),
        ("on, nobody listens", Some(slow), true, None),
        (
            "slow ones, listening to warnings",
            Some(slow),
            false,
            Some(Level::WARN),
        ),
        (
            "slow ones and 1 %",
            Some(sampled),
            false,
            Some(Level::DEBUG),
        ),
        ("all", Some(slow), false, Some(Level::DEBUG)),
        ("all, with spans", Some(slow), true, Some(Level::DEBUG)),
    ]
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [STEPS, case, kind, steps] = *arguments.iter().map(String::as_str).collect::<Vec<_>>() {
        return run(cases()[case.parse::<usize>()?], kind, steps.parse()?);
    }
    println!(
        "{:<36} {:>8} {:>7} {:>8} {:>7}",
        "instructions of a statement", "prepared", "", "boxed", ""
    );
    let mut bases = [None; 2];
    for (index, (name, ..)) in cases().iter().enumerate() {
        print!("{name:<36}");
        for (kind, base) in ["prepared", "boxed"].iter().zip(&mut bases) {
            let count = (counted(index, kind, 1100)? - counted(index, kind, 100)?) / 1000;
            let ratio = count as f64 / *base.get_or_insert(count) as f64;
            print!(" {count:>8} {ratio:>7.3}");
        }
        println!();
    }
    Ok(())
}

/// Returns all instructions of a process that takes this many steps.
fn counted(case: usize, kind: &str, steps: u64) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args([STEPS, &case.to_string(), kind, &steps.to_string()])
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let total = log.lines().find_map(|line| line.split_once("Collected :"));
    let (_, total) = total.ok_or_else(|| format!("valgrind printed no total:\n{log}"))?;
    Ok(total.trim().parse()?)
}

fn run((_, log, spans, level): Case, kind: &str, steps: u64) -> Result<(), Box<dyn Error>> {
    if let Some(level) = level {
        tracing::subscriber::set_global_default(Sink(level))?;
    }
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("db");
    let node = Node::new("db", path.to_str().ok_or("no text")?);
    let mut builder = Router::builder().primary(node).statement_spans(spans);
    if let Some(log) = log {
        builder = builder.query_log(log);
    }
    let router = builder.build()?;
    let create = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO users VALUES (1, 'ann')";
    diesel::connection::SimpleConnection::batch_execute(&mut router.write()?, create)?;
    let mut conn = router.read_eventual()?;
    for _ in 0..steps {
        let id: i32 = match kind {
            "prepared" => users::table.find(1).select(users::id).first(&mut conn)?,
            _ => users::table
                .select(users::id)
                .filter(users::id.eq(1.into_sql::<Integer>()))
                .into_boxed()
                .first(&mut conn)?,
        };
        assert_eq!(id, 1);
    }
    Ok(())
}

/// Listens, and does nothing.
#[derive(Debug)]
struct Sink(Level);

impl Subscriber for Sink {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.0
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(self.0.into())
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}
