//! The questions that reach each server of a service with many instances.

use std::time::Duration;

use diesel_routing::__bench::Fleet;

const REPLICAS: usize = 10;
const TIME: Duration = Duration::from_secs(20);

/// The load of an instance each second.
const LOADS: [(&str, f64, f64); 4] = [
    ("idle", 0.0, 0.0),
    ("reads", 50.0, 0.0),
    ("reads, 1 commit", 50.0, 1.0),
    ("reads, 50 commits", 50.0, 50.0),
];

/// Prints the questions of each load and setting; returns whether no instance asked more often than its settings allow.
pub(crate) fn run(instances: u32) -> bool {
    println!(
        "\n{:<18} {:>9} {:>10} {:>7} {:>12} {:>12} {:>12}",
        "each instance", "instances", "interval", "urgent", "primary /s", "replica /s", "most /s"
    );
    let mut within = true;
    for (name, checkouts, commits) in LOADS {
        for (interval, urgent) in [(100, 20), (1_000, 20), (1_000, 2), (1_000, 0)] {
            let questions = Fleet {
                instances: instances as usize,
                replicas: REPLICAS,
                watch_interval: Duration::from_millis(interval),
                urgent_questions: urgent,
                checkouts,
                commits,
            }
            .run(TIME);
            // One each interval, at most a tenth sooner, those out of turn, and what holds a replica up: once a second.
            let regular = 1_000.0 / interval as f64 / 0.9;
            let most = (regular + f64::from(urgent) + 1.0) * f64::from(instances);
            let is_within = questions.primary <= most && questions.replica <= most;
            within &= is_within;
            println!(
                "{name:<18} {instances:>9} {:>10} {urgent:>7} {:>12.0} {:>12.0} {:>12}{}",
                format!("{interval} ms"),
                questions.primary,
                questions.replica,
                questions.most,
                if is_within { "" } else { "  FAILED" }
            );
        }
    }
    within
}
