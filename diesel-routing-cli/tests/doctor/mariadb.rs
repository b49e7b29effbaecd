//! MariaDB clusters that are well, and those whose replication is not.

use std::time::Duration;

use diesel_routing_testkit::{MariaCluster, MariaClusterBuilder};

use crate::report::{Doctor, config};

const LIMIT: Duration = Duration::from_secs(20);

/// A cluster in which there is nothing to find but that the loopback interface is not encrypted.
pub(crate) fn well() -> MariaClusterBuilder {
    MariaCluster::builder()
        .setting("sync_binlog", "1")
        .setting("innodb_flush_log_at_trx_commit", "1")
}

pub(crate) fn doctor(cluster: &MariaCluster) -> Doctor {
    Doctor::of(cluster.nodes().iter().map(|node| (node.name(), node.url())))
}

/// Leaves out what there is to find anyway.
pub(crate) fn quiet(cluster: &MariaCluster) -> Doctor {
    doctor(cluster).with(&["--ignore", "no-tls"])
}

#[test]
fn nothing_is_found_in_a_cluster_that_is_well_but_that_it_is_not_encrypted() {
    let cluster = well().replicas(1).replica_of(1).start().unwrap();
    cluster
        .primary()
        .execute("CREATE TABLE t (n INT PRIMARY KEY)")
        .unwrap();
    let report = doctor(&cluster).finds(&["DR015"]);
    assert_eq!(report.code, 0, "{}", report.stderr);
    assert_eq!(report.find("DR015")["severity"], "note");
    assert_eq!(report.node("node0")["role"], "primary");
    assert_eq!(report.node("node0")["server"], "MariaDB");
    assert_eq!(report.node("node1")["role"], "replica");
    assert_eq!(report.node("node1")["upstream"]["node"], "node0");
    assert_eq!(report.node("node2")["upstream"]["node"], "node1");
    assert!(
        report.node("node2")["lag"]["at_most_ms"].is_u64(),
        "{:#}",
        report.json
    );

    // DR017: an account that sees nothing.
    let root = cluster.primary();
    root.admin_execute("CREATE USER blind; GRANT SELECT ON app.* TO blind")
        .unwrap();
    cluster.wait_until_caught_up(LIMIT).unwrap();
    let blind = cluster
        .nodes()
        .iter()
        .map(|node| (node.name(), node.url_for("blind", "app")));
    let report = Doctor::of(blind)
        .with(&["--ignore", "no-tls"])
        .finds(&["DR017"]);
    assert_eq!(report.code, 0);
    report.says("DR017", "node1", "SLAVE MONITOR");
    assert_eq!(report.node("node1")["role"], "replica");

    // DR014: one that may do too much.
    root.admin_execute("CREATE USER boss; GRANT READ_ONLY ADMIN, SLAVE MONITOR ON *.* TO boss; GRANT ALL ON app.* TO boss")
        .unwrap();
    cluster.wait_until_caught_up(LIMIT).unwrap();
    let boss = [("node0", root.url_for("boss", "app"))];
    let report = Doctor::of(boss)
        .with(&["--only", "DR014"])
        .finds(&["DR014"]);
    report.says("DR014", "node0", "READ_ONLY ADMIN");
    root.admin_execute("GRANT ALL ON *.* TO boss").unwrap();
    let boss = [("node0", root.url_for("boss", "app"))];
    Doctor::of(boss)
        .report()
        .says("DR014", "node0", "ALL PRIVILEGES");
}

#[test]
fn a_replica_that_does_not_follow_is_found() {
    let cluster = well().replicas(2).start().unwrap();
    let (primary, replica) = (cluster.primary(), cluster.replica(0));
    let doctor = quiet(&cluster);

    // DR103, DR011: late on purpose, beyond a limit.
    replica.set_apply_delay(Duration::from_secs(90)).unwrap();
    primary
        .execute("CREATE TABLE t (n INT PRIMARY KEY)")
        .unwrap();
    let nodes: String = cluster
        .nodes()
        .iter()
        .map(|node| format!("[nodes.{}]\nurl = \"{}\"\n", node.name(), node.url()))
        .collect();
    let file = config(&format!("max_lag = \"300ms\"\n{nodes}"));
    let report = Doctor::config(&file)
        .with(&["--ignore", "no-tls"])
        .finds(&["DR011", "DR103"]);
    report.says("DR103", "node1", "1m 30s");
    report.says("DR011", "node1", "`max_lag` allows 300ms");
    replica.set_apply_delay(Duration::ZERO).unwrap();
    cluster.wait_until_caught_up(LIMIT).unwrap();

    // DR102: stopped, and broken.
    replica.pause_replay().unwrap();
    doctor
        .finds(&["DR102"])
        .says("DR102", "node1", "START SLAVE SQL_THREAD");
    replica.resume_replay().unwrap();
    cluster.break_replay(1).unwrap();
    let report = doctor.finds(&["DR102"]);
    report.says("DR102", "node1", "Duplicate entry");
    assert_eq!(report.code, 1);
    replica.mend_replay().unwrap();

    // DR101: it receives nothing.
    replica.stop_receiving().unwrap();
    doctor
        .finds(&["DR101"])
        .says("DR101", "node1", "receives nothing");
    replica.resume_receiving().unwrap();

    // DR202: by file and offset.
    replica
        .admin_execute("STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID = no; START SLAVE")
        .unwrap();
    doctor.until("DR202").says("DR202", "node1", "slave_pos");
    replica
        .admin_execute("STOP SLAVE; CHANGE MASTER TO MASTER_USE_GTID = slave_pos; START SLAVE")
        .unwrap();

    // DR101: no source at all.
    replica
        .admin_execute("STOP SLAVE; RESET SLAVE ALL")
        .unwrap();
    doctor
        .until("DR101")
        .says("DR101", "node1", "CHANGE MASTER TO");

    // DR003: two that take writes.
    cluster.split_brain(2).unwrap();
    doctor
        .report()
        .says("DR003", "node2", "node0 and node2 take writes");
}

#[test]
fn replicas_that_are_set_up_wrongly_are_found() {
    let cluster = well()
        .node_setting(1, "log_slave_updates", "OFF")
        .node_setting(1, "relay_log_recovery", "OFF")
        .node_setting(2, "replicate_ignore_db", "archive")
        .replicas(2)
        .start()
        .unwrap();
    let doctor = quiet(&cluster);
    let report = doctor.finds(&["DR104", "DR203", "DR204"]);
    // DR203, DR204, DR104.
    report.says("DR203", "node1", "once promoted");
    assert_eq!(report.find("DR203")["severity"], "warning");
    report.says("DR204", "node1", "relay_log_recovery");
    report.says("DR104", "node2", "archive");

    // DR203 is worse where another replicates from it.
    cluster.repoint(2, 1).unwrap();
    let report = doctor.until("DR203");
    report.says("DR203", "node1", "another node replicates from it");
    assert_eq!(report.find("DR203")["severity"], "error");

    // DR201: it takes writes.
    cluster.replica(0).set("read_only", "OFF").unwrap();
    let report = doctor.report();
    report.says("DR201", "node1", "SET GLOBAL read_only = ON");
    assert!(!report.has("DR003"), "{:#}", report.json);
}

#[test]
fn servers_with_one_id_and_servers_without_a_log_are_found() {
    let cluster = well()
        .node_setting(1, "server_id", "77")
        .node_setting(2, "server_id", "77")
        .replicas(2)
        .start()
        .unwrap();
    // DR208.
    let report = quiet(&cluster).report();
    report.says("DR208", "node1", "node1 and node2 have one");
    drop(cluster);

    // DR205, DR004.
    let cluster = well().setting("skip_log_bin", "").start().unwrap();
    let report = quiet(&cluster).finds(&["DR004", "DR205"]);
    report.says("DR205", "node0", "log_bin = ON");
}
