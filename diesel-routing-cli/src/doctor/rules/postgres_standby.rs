//! Rules about PostgreSQL's standbys and subscribers.

use std::time::Duration;

use crate::doctor::facts::{Facts, Topology, in_words};
use crate::doctor::finding::{Rule, Servers, Severity};

/// The settings of which a standby needs at least what its primary has.
const AT_LEAST: &[&str] = &[
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_wal_senders",
    "max_worker_processes",
];

pub(super) static READS_CANCELLED: Rule = Rule {
    code: "DR107",
    name: "reads-cancelled-by-replay",
    severity: Severity::Warning,
    servers: Servers::Postgres,
    title: "long reads on a standby are cancelled",
    page: "\
When the primary has removed row versions that a read on the standby still needs, replay waits for `max_standby_streaming_delay`, 30 s
by default, and then cancels the read (SQLSTATE 40001, \"canceling statement due to conflict with recovery\"). With
`hot_standby_feedback` the primary keeps those versions.

**Found** when `hot_standby_feedback` is off and the delay is not unlimited. The evidence has what was cancelled so far in this
database (`pg_stat_database_conflicts`), and how long reads may run (`statement_timeout`).

**Do**: `hot_standby_feedback = on` on the standby, with `idle_in_transaction_session_timeout` and `statement_timeout` there, for a
forgotten read then lets the primary bloat. Or keep reads shorter than the delay. `Session::reading` runs a cancelled read again
elsewhere.",
    check: |topology, report| {
        for node in standbys(topology) {
            let delay = node.number("max_standby_streaming_delay");
            let Some(delay) = delay.and_then(|millis| u64::try_from(millis).ok()) else {
                continue;
            };
            if node.flag("hot_standby_feedback") != Some(false) {
                continue;
            }
            let delay = Duration::from_millis(delay);
            // Reads that end earlier are never cancelled.
            let timeout = timeout(node, "statement_timeout");
            if timeout.is_some_and(|timeout| timeout < delay) {
                continue;
            }
            let finding = report.about(
                &node.name,
                format!("reads there that take more than {} may be cancelled", in_words(delay)),
                "set `hot_standby_feedback = on` on it, or a `statement_timeout` below the delay",
            );
            finding
                .saw("hot_standby_feedback", "off")
                .saw("max_standby_streaming_delay", in_words(delay))
                .saw("statement_timeout", timeout.map_or("none".to_owned(), in_words));
            if let Some(cancelled) = node.cancelled_reads {
                finding.saw("cancelled so far", cancelled.to_string());
            }
        }
    },
};

pub(super) static READS_HOLD_REPLAY: Rule = Rule {
    code: "DR108",
    name: "reads-hold-replay",
    severity: Severity::Warning,
    servers: Servers::Postgres,
    title: "a long read on a standby holds up replay for as long as it likes",
    page: "\
With `max_standby_streaming_delay = -1` replay waits for every read that is in its way. One forgotten transaction, and the standby lags
until somebody ends it: first it serves no session that has just written, then nothing at all.

**Found** in the setting. With a `statement_timeout` and an `idle_in_transaction_session_timeout`, which limit how long a read holds it
up, it is a note.

**Do**: a limit, such as 30 s, with `hot_standby_feedback = on` so that it is seldom reached; or both timeouts for the accounts that
read there.",
    check: |topology, report| {
        for node in standbys(topology) {
            if node.number("max_standby_streaming_delay") != Some(-1) {
                continue;
            }
            let timeouts = ["statement_timeout", "idle_in_transaction_session_timeout"];
            let is_limited = timeouts.iter().all(|name| timeout(node, name).is_some());
            let finding = report.about(
                &node.name,
                "a read there may hold up its replay for ever",
                "set `max_standby_streaming_delay` to a time, and `hot_standby_feedback = on`",
            );
            finding.saw("max_standby_streaming_delay", "-1");
            for name in timeouts {
                finding.saw(name, timeout(node, name).map_or("none".to_owned(), in_words));
            }
            if is_limited {
                finding.of_severity(Severity::Note);
            }
        }
    },
};

pub(super) static LIMITS_BELOW_PRIMARY: Rule = Rule {
    code: "DR109",
    name: "standby-limits-below-primary",
    severity: Severity::Error,
    servers: Servers::Postgres,
    title: "a standby has less room than the primary",
    page: "\
A hot standby needs at least the primary's `max_connections`, `max_worker_processes`, `max_wal_senders`, `max_prepared_transactions`
and `max_locks_per_transaction`. With less, replay pauses when it meets the primary's change, and after a restart the standby does not
start at all.

**Found** by comparing these settings.

**Do**: raise the setting on the standby first and restart it, then on the primary. To lower one, the other way round.",
    check: |topology, report| {
        let Some(primary) = topology.primary() else {
            return;
        };
        for node in standbys(topology).filter(|node| node.cluster == primary.cluster) {
            let short = AT_LEAST.iter().filter_map(|name| {
                let (here, there) = (node.number(name)?, primary.number(name)?);
                (here < there).then_some((*name, here, there))
            });
            let short: Vec<_> = short.collect();
            let Some((name, _, there)) = short.first() else {
                continue;
            };
            let finding = report.about(
                &node.name,
                "it has less room than the primary: its replay pauses, and it may not start again",
                format!("set `{name}` to {there} at least, and restart it"),
            );
            for (name, here, there) in short {
                finding.saw(name, format!("{here} here, {there} on {}", primary.name));
            }
        }
    },
};

pub(super) static SERIALIZABLE: Rule = Rule {
    code: "DR110",
    name: "serializable-on-standby",
    severity: Severity::Error,
    servers: Servers::Postgres,
    title: "a standby's sessions are serializable by default",
    page: "\
A hot standby does not know that level: every read fails with \"cannot use serializable mode in a hot standby\" (SQLSTATE 0A000).

**Found** in `default_transaction_isolation`, as a new session of this account has it.

**Do**: ask for `SERIALIZABLE` in the transactions that need it, not by default; `ALTER ROLE app RESET default_transaction_isolation`.",
    check: |topology, report| {
        for node in standbys(topology) {
            if node.setting("default_transaction_isolation") == Some("serializable") {
                report
                    .about(
                        &node.name,
                        "its sessions are serializable by default, which a standby refuses: every read fails",
                        "reset `default_transaction_isolation` of the server, the database or the role",
                    )
                    .saw("default_transaction_isolation", "serializable");
            }
        }
    },
};

pub(super) static NO_SUBSCRIPTION: Rule = Rule {
    code: "DR111",
    name: "logical-without-subscription",
    severity: Severity::Error,
    servers: Servers::Postgres,
    title: "a logical subscriber does not subscribe",
    page: "\
A node with `logical = true` gets its rows by a subscription. Without one, or with one that is disabled or has no worker, its rows are
as old as that.

**Found** in `pg_subscription` and `pg_stat_subscription` of the database that the URL names.

**Do**: `CREATE SUBSCRIPTION`, `ALTER SUBSCRIPTION .. ENABLE`, or see the server's log for why the worker ends. If the node is no
subscriber, leave `logical` out: otherwise a second primary goes unnoticed.",
    check: |topology, report| {
        let subscribers = topology.reached().filter(|node| node.configured.is_logical && node.is_postgres());
        for node in subscribers {
            // What may not be asked is not known to be missing.
            let asked = node.unanswered.iter().all(|question| question.question != "subscriptions");
            if node.subscriptions.is_empty() {
                if asked {
                    report.about(
                        &node.name,
                        "it is configured as a logical subscriber, and has no subscription",
                        "run `CREATE SUBSCRIPTION` there, or leave `logical` out",
                    );
                }
                continue;
            }
            for subscription in &node.subscriptions {
                if subscription.is_enabled && subscription.runs {
                    continue;
                }
                let (problem, remedy) = if subscription.is_enabled {
                    ("has no worker", "see the server's log for why it ends".to_owned())
                } else {
                    ("is disabled", format!("run `ALTER SUBSCRIPTION {} ENABLE`", subscription.name))
                };
                report
                    .about(&node.name, format!("its subscription `{}` {problem}", subscription.name), remedy)
                    .saw("enabled", subscription.is_enabled.to_string())
                    .saw("worker", subscription.runs.to_string());
            }
        }
    },
};

fn standbys(topology: &Topology) -> impl Iterator<Item = &Facts> {
    let replicas = topology.replicas().filter(|node| node.is_postgres());
    replicas.filter(|node| !node.configured.is_logical)
}

/// Returns a timeout in milliseconds, if there is one.
fn timeout(node: &Facts, name: &str) -> Option<Duration> {
    let millis = u64::try_from(node.number(name)?).ok()?;
    (millis > 0).then(|| Duration::from_millis(millis))
}
