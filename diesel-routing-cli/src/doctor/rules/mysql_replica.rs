//! Rules about replicas of MySQL and MariaDB.

use std::collections::BTreeSet;

use crate::doctor::facts::{Facts, Kind, Topology};
use crate::doctor::finding::{Rule, Servers, Severity};

pub(super) static WRITABLE: Rule = Rule {
    code: "DR201",
    name: "replica-writable",
    severity: Severity::Error,
    servers: Servers::MySql,
    title: "a replica takes writes",
    page: "\
A server that replicates and is not `read_only` takes whatever a client writes by mistake. The row is on this replica alone, its GTID
is unknown to the others, and replication stops the next time that the primary touches the row.

**Found** when a server has a source and `read_only = OFF`. Its role then is a guess: the router takes it for a primary.

**Do**: `SET GLOBAL read_only = ON` and in the option file; on MySQL `super_read_only = ON`.",
    check: |topology, report| {
        for node in mysql(topology) {
            let follows = node.replication.as_ref().is_some_and(|replication| replication.has_source);
            if !follows || node.flag("read_only") != Some(false) || node.galera.is_some() {
                continue;
            }
            let remedy = match node.kind {
                Some(Kind::MySql) => "run `SET PERSIST super_read_only = ON` on it",
                _ => "run `SET GLOBAL read_only = ON` on it, and set that in its option file",
            };
            report
                .about(&node.name, "it replicates, and takes writes from anybody", remedy)
                .saw("read_only", "OFF");
        }
    },
};

pub(super) static WITHOUT_GTID: Rule = Rule {
    code: "DR202",
    name: "replica-without-gtid",
    severity: Severity::Error,
    servers: Servers::MySql,
    title: "a replica replicates by file and offset",
    page: "\
It cannot follow another primary after a failover, and on MariaDB its `gtid_slave_pos` is not what a session's position can be compared
with.

**Found** in `Using_Gtid` (MariaDB) and `Auto_Position` (MySQL).

**Do**: `STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID = slave_pos; START SLAVE`, or on MySQL `CHANGE REPLICATION SOURCE TO
SOURCE_AUTO_POSITION = 1`.",
    check: |topology, report| {
        for node in mysql(topology) {
            let replication = node.replication.as_ref();
            if replication.and_then(|replication| replication.by_gtid) != Some(false) {
                continue;
            }
            let (setting, remedy) = match node.kind {
                Some(Kind::MySql) => ("Auto_Position", "run `CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION = 1`"),
                _ => ("Using_Gtid", "run `CHANGE MASTER TO MASTER_USE_GTID = slave_pos`"),
            };
            report
                .about(&node.name, "it replicates without GTIDs", remedy)
                .saw(setting, "No");
        }
    },
};

pub(super) static UPDATES_NOT_LOGGED: Rule = Rule {
    code: "DR203",
    name: "replica-updates-not-logged",
    severity: Severity::Warning,
    servers: Servers::MySql,
    title: "a replica does not log what it applies",
    page: "\
Nothing can replicate from it: neither a replica of its own, nor the others once it is promoted.

**Found** in `log_bin` and `log_slave_updates` (`log_replica_updates`). If another node replicates from it, which then gets nothing, it
is an error.

**Do**: turn both on, and restart it.",
    check: |topology, report| {
        // By the name that its own replicas know it by.
        let upstreams: BTreeSet<_> = topology
            .reached()
            .filter_map(|node| node.upstream.as_ref()?.node.as_deref())
            .collect();
        for node in topology.replicas().filter(|node| node.is_mysql() && node.galera.is_none()) {
            let logs = [node.flag("log_bin"), node.flag("log_slave_updates").or(node.flag("log_replica_updates"))];
            if !logs.contains(&Some(false)) {
                continue;
            }
            let feeds = upstreams.contains(node.name.as_str());
            let problem = if feeds {
                "it does not log what it applies, and another node replicates from it"
            } else {
                "it does not log what it applies: once promoted, it feeds nobody"
            };
            let finding = report.about(
                &node.name,
                problem,
                "set `log_bin` and `log_slave_updates` in its option file, and restart it",
            );
            for name in ["log_bin", "log_slave_updates", "log_replica_updates"] {
                if let Some(value) = node.setting(name) {
                    finding.saw(name, value);
                }
            }
            if feeds {
                finding.of_severity(Severity::Error);
            }
        }
    },
};

pub(super) static NOT_CRASH_SAFE: Rule = Rule {
    code: "DR204",
    name: "replica-not-crash-safe",
    severity: Severity::Note,
    servers: Servers::MySql,
    title: "a replica may apply commits twice after a crash",
    page: "\
Its relay log may be torn after a crash. With `relay_log_recovery`, it is fetched anew from the source.

**Found** in `relay_log_recovery` of replicas.

**Do**: `relay_log_recovery = ON` in its option file, and a restart.",
    check: |topology, report| {
        for node in topology.replicas() {
            if node.is_mysql() && node.flag("relay_log_recovery") == Some(false) && node.galera.is_none() {
                report
                    .about(
                        &node.name,
                        "after a crash, it goes on from a relay log that may be torn",
                        "set `relay_log_recovery = ON` in its option file, and restart it",
                    )
                    .saw("relay_log_recovery", "OFF");
            }
        }
    },
};

fn mysql(topology: &Topology) -> impl Iterator<Item = &Facts> {
    topology.reached().filter(|node| node.is_mysql())
}
