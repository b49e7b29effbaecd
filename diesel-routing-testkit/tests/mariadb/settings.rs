//! Settings, also those that a careful operator would not choose.

use diesel_routing_testkit::{MariaCluster, ServerError};

use crate::{SOON, cluster, is_mariadb, wait_until};

#[test]
fn a_setting_holds_at_once_and_after_a_restart_and_a_bad_one_changes_nothing() {
    let cluster = MariaCluster::builder()
        .setting("max-connections", "50")
        .start()
        .unwrap();
    let node = cluster.primary();
    let connections = || {
        let sql = "SELECT @@global.max_connections";
        node.query_value(sql).unwrap().unwrap()
    };
    assert_eq!(connections(), "50");
    node.set("max_connections", "60").unwrap();
    assert_eq!(connections(), "60");
    for (name, value) in [("max_connections", "lots"), ("no_such_setting", "1")] {
        let error = node.set(name, value).unwrap_err();
        assert!(matches!(error, ServerError::Sql { .. }), "{error:?}");
    }
    // Of a running server this one can't be changed.
    node.set("back_log", "77").unwrap();
    node.restart().unwrap();
    assert_eq!(connections(), "60");
    let back_log = node.query_value("SELECT @@global.back_log").unwrap();
    assert_eq!(back_log.as_deref(), Some("77"));
}

#[test]
fn a_cluster_may_be_without_strict_gtids() {
    if !is_mariadb(cluster(0).primary()) {
        // MySQL's are always strict.
        return;
    }
    let cluster = MariaCluster::builder()
        .replicas(1)
        .setting("gtid_strict_mode", "OFF")
        .start()
        .unwrap();
    for node in cluster.nodes() {
        let strict = node
            .query_value("SELECT @@global.gtid_strict_mode")
            .unwrap();
        assert_eq!(strict.as_deref(), Some("0"));
    }
}

#[test]
fn a_replica_may_follow_by_file_instead_of_gtid() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    let follow = if is_mariadb(replica) {
        "STOP SLAVE; CHANGE MASTER TO master_use_gtid = no; START SLAVE"
    } else {
        "STOP REPLICA; CHANGE REPLICATION SOURCE TO source_auto_position = 0; START REPLICA"
    };
    replica.admin_execute(follow).unwrap();
    cluster
        .primary()
        .execute("INSERT INTO n VALUES (2)")
        .unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    let rows = replica.query_value("SELECT COUNT(*) FROM n").unwrap();
    assert_eq!(rows.as_deref(), Some("2"));
}

#[test]
fn a_primary_without_a_binary_log_starts_and_its_replica_says_why_it_gets_nothing() {
    let cluster = MariaCluster::builder()
        .replicas(1)
        .node_setting(0, "skip_log_bin", "")
        .start()
        .unwrap();
    let log = cluster.primary().query_value("SELECT @@log_bin").unwrap();
    assert_eq!(log.as_deref(), Some("0"));
    let error = cluster.replica(0).receive_error().unwrap().unwrap();
    assert!(error.contains("Binary log is not open"), "{error}");
}

#[test]
fn two_nodes_may_have_one_server_id() {
    let cluster = MariaCluster::builder()
        .replicas(1)
        .node_setting(1, "server_id", "1")
        .start()
        .unwrap();
    let error = cluster.replica(0).receive_error().unwrap().unwrap();
    assert!(error.contains("server ids"), "{error}");
    assert!(!cluster.replica(0).is_receiving().unwrap());
}

#[test]
fn a_replica_may_take_writes_by_mistake_and_then_stops_replaying() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    if !is_mariadb(replica) {
        // MySQL goes on: its GTIDs name the server that wrote.
        return;
    }
    replica.set("read_only", "OFF").unwrap();
    replica.execute("INSERT INTO n VALUES (7)").unwrap();
    cluster
        .primary()
        .execute("INSERT INTO n VALUES (8)")
        .unwrap();
    wait_until(|| replica.is_replay_paused().unwrap());
    let error = replica.replay_error().unwrap().unwrap();
    assert!(error.contains("out-of-order"), "{error}");
}

#[test]
fn a_cluster_may_have_a_domain_of_its_own() {
    if !is_mariadb(cluster(0).primary()) {
        return;
    }
    let cluster = MariaCluster::builder()
        .replicas(1)
        .setting("gtid_domain_id", "7")
        .start()
        .unwrap();
    cluster.primary().execute("CREATE TABLE n (n INT)").unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    assert_eq!(cluster.replica(0).position().unwrap(), "7-1-1");
}
