//! Rules about time: lag, and clocks.

use std::time::Duration;

use crate::doctor::facts::{Facts, Lag, in_words};
use crate::doctor::finding::{Rule, Servers, Severity};

/// The offset between two clocks that is reported, in milliseconds.
const OFFSET: f64 = 500.0;

pub(super) static CLOCK_OFFSET: Rule = Rule {
    code: "DR010",
    name: "clock-offset",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "the nodes' clocks differ",
    page: "\
Lag in seconds is a difference of two servers' clocks wherever it is told by a heartbeat table, by `Seconds_Behind_Master`, or by the
time of the last replayed commit. It is wrong by as much as the clocks differ. Positions, which a router goes by, are not.

**Found** by asking each server for its time; half of the time that the answer took is taken off. More than half a second is reported.

**Do**: run a time service (chrony, systemd-timesyncd) on the machines.",
    check: |topology, report| {
        let clocks = topology.reached().filter_map(|node| Some((node, node.clock_offset?)));
        let mut clocks: Vec<_> = clocks.collect();
        clocks.sort_by(|(_, a), (_, b)| a.millis.total_cmp(&b.millis));
        let (Some((slow, first)), Some((fast, last))) = (clocks.first(), clocks.last()) else {
            return;
        };
        let certain = last.millis - first.millis - last.uncertainty - first.uncertainty;
        if certain < OFFSET {
            return;
        }
        let offset = Duration::from_secs_f64((last.millis - first.millis) / 1000.0);
        report
            .about_all(
                [slow.name.clone(), fast.name.clone()],
                format!("the clock of {} is {} before that of {}", fast.name, in_words(offset), slow.name),
                "run a time service on both machines",
            )
            .saw(&slow.name, format!("{:+.0}ms from this machine's", first.millis))
            .saw(&fast.name, format!("{:+.0}ms from this machine's", last.millis));
    },
};

pub(super) static LAG_ABOVE_LIMIT: Rule = Rule {
    code: "DR011",
    name: "lag-above-limit",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "a replica lags more than a limit allows",
    page: "\
A replica past the router's `max_lag` serves nothing; one past a class's serves none of its reads. They go to other replicas, or to the
primary.

**Found** by reading the primary's position and waiting for it on the replica, for the least limit or for two seconds, whichever is
shorter. If the limit is longer, the age of the last commit that the replica has applied decides; it counts only when the replica did
not catch up meanwhile.

**Do**: see the other findings about the replica first. Then: fewer or smaller writes at a time, a faster disk, parallel apply on MySQL
and MariaDB (`slave_parallel_threads`), or a higher limit.",
    check: |topology, report| {
        let Some((key, limit)) = topology.limits.least_lag() else {
            return;
        };
        for node in topology.replicas() {
            let Some(Lag::Beyond { waited, age }) = node.lag else {
                continue;
            };
            let lag = age.map_or(waited, |age| age.max(waited));
            if lag < *limit {
                continue;
            }
            report
                .about(
                    &node.name,
                    format!("it lags {} or more, and `{key}` allows {}", in_words(lag), in_words(*limit)),
                    remedy(node),
                )
                .saw("waited for the primary's position", in_words(waited))
                .saw("age of its last commit", age.map_or("unknown".to_owned(), in_words))
                .saw("its position", node.position.as_deref().unwrap_or("unknown"));
        }
    },
};

fn remedy(node: &Facts) -> &'static str {
    let stopped = node.replication.as_ref().is_some_and(|replication| {
        replication.receives == Some(false) || replication.applies == Some(false)
    });
    if stopped {
        "see the other findings about it: its replication does not run"
    } else {
        "see what it is busy with, write less at a time, or raise the limit"
    }
}
