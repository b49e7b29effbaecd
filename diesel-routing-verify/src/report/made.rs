//! How a report is made of what was counted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use super::{Activity, Failed, Latency, PoolSettings, Reads, Report, Second, Staleness};
use crate::activity::Watched;
use crate::mark::Word;
use crate::tally::Tally;
use crate::verification::Verification;
use crate::world::World;

impl Report {
    /// Makes the report of what was counted, before anything is judged.
    pub(crate) fn of_run(
        tally: &Tally,
        watched: &[Watched],
        world: &World,
        verification: &Verification,
        started: SystemTime,
        length: Duration,
    ) -> Self {
        let seconds = length.as_secs_f64();
        let mut report = Self {
            subject: world.subject.name(),
            servers: world.sql.kind.name(),
            version: env!("CARGO_PKG_VERSION"),
            run: world.sql.run.to_string(),
            started: humantime::format_rfc3339_seconds(started).to_string(),
            seconds,
            clients: verification.clients,
            seed: world.seed,
            interrupted: false,
            acts: tally.acts,
            failed: tally.failed,
            throughput: per_second(tally.acts, seconds),
            handed_over: tally.handed_over,
            reads: reads(tally),
            staleness: Staleness::default(),
            latencies: latencies(tally),
            pools: pools(tally),
            activity: Vec::new(),
            errors: errors(tally),
            timeline: timeline(tally, length),
            violations: Vec::new(),
            not_checked: Vec::new(),
            leftovers: Vec::new(),
            leftovers_removed: false,
            not_removed: None,
        };
        if !world.sql.kind.has_activity() {
            report
                .not_checked
                .push("what nodes run: SQLite has no list of that".to_owned());
            return report;
        }
        if watched.is_empty() {
            report
                .not_checked
                .push("what nodes run: no node was named to be asked".to_owned());
        }
        for node in watched {
            let activity = activity(node, tally);
            if let Some(why) = &activity.not_checked {
                let what = format!("what node `{}` runs: {why}", node.name);
                report.not_checked.push(what);
            }
            report.activity.push(activity);
        }
        report
    }
}

fn reads(tally: &Tally) -> Vec<Reads> {
    let reads = tally
        .reads
        .iter()
        .map(|((kind, node, reason), &count)| Reads {
            kind,
            node: node.clone(),
            reason,
            count,
        });
    reads.collect()
}

fn latencies(tally: &Tally) -> Vec<Latency> {
    let millis = |micros: u64| as_float(micros) / 1e3;
    let latencies = tally.latencies.iter().map(|((kind, node), latencies)| {
        let histogram = &latencies.0;
        Latency {
            kind,
            node: node.clone(),
            count: histogram.len(),
            p50_ms: millis(histogram.value_at_quantile(0.5)),
            p99_ms: millis(histogram.value_at_quantile(0.99)),
            max_ms: millis(histogram.max()),
        }
    });
    latencies.collect()
}

fn pools(tally: &Tally) -> Vec<PoolSettings> {
    let pools = tally
        .settings
        .iter()
        .map(|(settings, (acts, connections))| PoolSettings {
            node: settings.node.clone(),
            pool: settings.pool,
            isolation: settings.isolation.clone(),
            read_only: settings.is_read_only,
            connections: connections.len(),
            acts: *acts,
        });
    pools.collect()
}

fn errors(tally: &Tally) -> Vec<Failed> {
    let errors = tally.errors.iter().map(|((kind, code), failures)| Failed {
        kind,
        code: code.clone(),
        count: failures.count,
        example: failures.example.clone(),
    });
    errors.collect()
}

fn timeline(tally: &Tally, length: Duration) -> Vec<Second> {
    // What is left of a second would look like a slump.
    let whole = usize::try_from(length.as_secs()).unwrap_or(usize::MAX);
    let seconds = tally
        .seconds
        .iter()
        .take(whole.max(1))
        .map(|second| Second {
            reads: second.reads,
            writes: second.writes,
            errors: second.errors,
        });
    seconds.collect()
}

/// Acts on a server that should have been seen, however seldom one looks.
const ENOUGH: u64 = 200;

fn activity(node: &Watched, tally: &Tally) -> Activity {
    let count = |seen: &BTreeMap<Word, BTreeSet<u64>>| {
        seen.iter()
            .map(|(word, numbers)| (word.as_str(), numbers.len()))
            .collect::<BTreeMap<_, _>>()
    };
    let (on_primary, on_replica) = (count(&node.on_primary), count(&node.on_replica));
    let ran = tally.ran.iter();
    let ran: u64 = ran
        .filter(|(ran, _)| node.servers.contains(&ran.server))
        .map(|(_, count)| count)
        .sum();
    let saw_nothing = on_primary.is_empty() && on_replica.is_empty();
    let not_checked = if let Some(trouble) = &node.trouble {
        Some(trouble.clone())
    } else if node.looks == 0 {
        Some("it was never asked".to_owned())
    } else if saw_nothing && ran >= ENOUGH {
        Some(
            "this account was shown none of the run's statements, though it ran some: ask with the pools' account, or grant this \
             one `pg_monitor` (PostgreSQL) or `PROCESS` (MySQL, MariaDB)"
                .to_owned(),
        )
    } else {
        None
    };
    Activity {
        node: node.name.clone(),
        role: match (node.was_primary, node.was_replica) {
            (true, false) => "primary",
            (false, true) => "replica",
            (true, true) => "changed",
            (false, false) => "unknown",
        },
        looks: node.looks,
        on_primary,
        on_replica,
        not_checked,
    }
}

fn per_second(count: u64, seconds: f64) -> f64 {
    match seconds > 0.0 {
        true => (as_float(count) / seconds * 10.0).round() / 10.0,
        false => 0.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(super) fn as_float(count: u64) -> f64 {
    count as f64
}
