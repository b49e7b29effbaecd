//! Rules about replication that any kind of replica may break.

use crate::doctor::facts::{Facts, Kind, Replication, Topology, in_words};
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static NOT_RECEIVING: Rule = Rule {
    code: "DR101",
    name: "replica-not-receiving",
    severity: Severity::Error,
    servers: Servers::PostgresAndMySql,
    title: "a replica receives nothing from its source",
    page: "\
Its rows are as old as the moment when it lost its source, and grow older. A router keeps it for reads that allow any age, until its
lag is past the limit.

**Found** on PostgreSQL when a standby has no WAL receiver (`pg_stat_get_wal_receiver()`), on MySQL and MariaDB when the IO thread does
not run, or there is no source at all. A standby that is fed from an archive alone has no receiver either.

**Do**: PostgreSQL: see its log, its `primary_conninfo`, and the primary's `pg_hba.conf`, `max_wal_senders` and slots. MySQL and
MariaDB: mend what the error says, then `START SLAVE` (`START REPLICA`).",
    check: |topology, report| {
        for (node, replication) in replicating(topology) {
            if !replication.has_source {
                report
                    .about(&node.name, "it is read-only, and has no source: nothing reaches it", no_source(node))
                    .saw("role", "replica without a source");
            } else if replication.receives == Some(false) {
                let error = replication.receive_error.as_deref();
                let finding = report.about(&node.name, "it receives nothing from its source", receive(node));
                if let Some(error) = error {
                    finding.saw("error", error);
                }
                finding.saw("position", node.position.as_deref().unwrap_or("unknown"));
                if let Some(address) = node.upstream.as_ref().and_then(|upstream| upstream.address.as_deref()) {
                    finding.saw("source", address);
                }
            }
        }
    },
};

pub(super) static NOT_APPLYING: Rule = Rule {
    code: "DR102",
    name: "replica-not-applying",
    severity: Severity::Error,
    servers: Servers::PostgresAndMySql,
    title: "a replica does not apply what it receives",
    page: "\
What arrives is kept, and shown to nobody. On PostgreSQL, replay is paused by `pg_wal_replay_pause()`, by a recovery target, or because
the standby has less room than the primary (DR109). On MySQL and MariaDB, the SQL thread was stopped or met an error: a row that is
there already, or is not there, which means that somebody has written on the replica (DR201).

**Found** in `pg_get_wal_replay_pause_state()`, and in `Slave_SQL_Running` with `Last_SQL_Error`.

**Do**: PostgreSQL: `SELECT pg_wal_replay_resume()`. MySQL and MariaDB: find out how far the data differ, rebuild the replica if you
are not certain, and only then skip anything; `START SLAVE` (`START REPLICA`).",
    check: |topology, report| {
        for (node, replication) in replicating(topology) {
            if replication.applies != Some(false) {
                continue;
            }
            let (problem, remedy) = match (node.kind, &replication.apply_error) {
                (Some(Kind::Postgres), _) => ("its replay is paused", "run `SELECT pg_wal_replay_resume()` on it"),
                (_, Some(_)) => (
                    "its applier has stopped with an error",
                    "compare its data with the primary's, rebuild it if they differ, then start its applier",
                ),
                (_, None) => ("its applier was stopped", "run `START SLAVE SQL_THREAD` on it"),
            };
            let finding = report.about(&node.name, problem, remedy);
            if let Some(error) = &replication.apply_error {
                finding.saw("error", error);
            }
            finding.saw("position", node.position.as_deref().unwrap_or("unknown"));
        }
    },
};

pub(super) static APPLY_DELAY: Rule = Rule {
    code: "DR103",
    name: "apply-delay",
    severity: Severity::Warning,
    servers: Servers::PostgresAndMySql,
    title: "a replica is delayed on purpose",
    page: "\
It never has what a session has just written, so reads of that session never go there; and past a limit of lag it serves nothing. Such
a replica is a good backup against mistakes, and a bad place for reads.

**Found** in `recovery_min_apply_delay` (PostgreSQL) and `SQL_Delay` (MySQL and MariaDB).

**Do**: leave it out of the router's nodes, or give it a tag with `only_tagged = true`; or take the delay away.",
    check: |topology, report| {
        let least = topology.limits.least_lag();
        for (node, replication) in replicating(topology) {
            if replication.delay.is_zero() {
                continue;
            }
            let finding = report.about(
                &node.name,
                format!("it applies commits {} late, on purpose", in_words(replication.delay)),
                "leave it out of the router's nodes, or give it a tag and `only_tagged = true`",
            );
            finding.saw("delay", in_words(replication.delay));
            if let Some((key, limit)) = least.filter(|(_, limit)| *limit <= replication.delay) {
                finding.saw(format!("`{key}` allows"), in_words(*limit));
            }
        }
    },
};

pub(super) static FILTERED: Rule = Rule {
    code: "DR104",
    name: "replica-filtered",
    severity: Severity::Warning,
    servers: Servers::MySql,
    title: "a replica leaves out databases or tables",
    page: "\
Its position moves on past what it leaves out: it says that it has everything, and lacks rows. No router can tell. A session may read
its own write there and not find it.

**Found** in `Replicate_Do_DB`, `Replicate_Ignore_Table` and their like.

**Do**: remove the filters, or leave the replica out of the router's nodes.",
    check: |topology, report| {
        for (node, replication) in replicating(topology) {
            if replication.filters.is_empty() {
                continue;
            }
            let finding = report.about(
                &node.name,
                "it leaves out a part of the writes, and its position does not show that",
                "remove its replication filters, or leave it out of the router's nodes",
            );
            for filter in &replication.filters {
                let (name, value) = filter.split_once('=').unwrap_or(("filter", filter));
                finding.saw(name, value);
            }
        }
    },
};

/// Returns the replicas that say something of their replication.
fn replicating(topology: &Topology) -> impl Iterator<Item = (&Facts, &Replication)> {
    let replicas = topology.replicas().filter(|node| node.galera.is_none());
    replicas.filter_map(|node| Some((node, node.replication.as_ref()?)))
}

fn no_source(node: &Facts) -> &'static str {
    match node.kind {
        Some(Kind::MySql) => {
            "run `CHANGE REPLICATION SOURCE TO .., SOURCE_AUTO_POSITION = 1` and `START REPLICA`"
        }
        _ => "run `CHANGE MASTER TO .., MASTER_USE_GTID = slave_pos` and `START SLAVE`",
    }
}

fn receive(node: &Facts) -> &'static str {
    match node.kind {
        Some(Kind::Postgres) => {
            "see its log, its `primary_conninfo`, and whether the primary lets it in"
        }
        Some(Kind::MySql) => "mend what the error says, then run `START REPLICA`",
        _ => "mend what the error says, then run `START SLAVE`",
    }
}
