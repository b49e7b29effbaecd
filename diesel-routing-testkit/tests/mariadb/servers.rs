use std::fs;
use std::time::Duration;

use diesel_routing_testkit::{MariaCluster, ServerError};

use crate::{arrives, cluster, read, write};

#[test]
fn a_cluster_starts_with_replicas_that_have_everything() {
    let cluster = cluster(2);
    assert_eq!(cluster.nodes().len(), 3);
    assert!(!cluster.primary().is_read_only().unwrap());
    for replica in cluster.replicas() {
        assert!(replica.is_read_only().unwrap());
        assert!(replica.is_receiving().unwrap());
        assert!(!replica.is_replay_paused().unwrap());
        assert_eq!(
            replica.position().unwrap(),
            cluster.primary().position().unwrap()
        );
        assert_eq!(read(replica), 1);
    }
}

#[test]
fn a_new_cluster_has_written_nothing() {
    let cluster = MariaCluster::builder().replicas(1).start().unwrap();
    for node in cluster.nodes() {
        assert_eq!(node.position().unwrap(), "");
    }
}

#[test]
fn the_application_user_may_do_nothing_outside_its_database_but_look_at_replication() {
    let cluster = cluster(1);
    let node = cluster.replica(0);
    for refused in [
        "SET GLOBAL read_only = 0",
        "CREATE DATABASE other",
        "SELECT * FROM mysql.global_priv",
    ] {
        let answer = node.execute(refused);
        assert!(matches!(answer, Err(ServerError::Sql { .. })), "{refused}");
    }
    assert!(node.query_value("SHOW REPLICA STATUS").unwrap().is_some());
}

#[test]
fn a_killed_node_is_gone_and_comes_back_with_what_was_committed() {
    let cluster = cluster(1);
    let pid = cluster.primary().pid().unwrap();
    write(cluster.primary(), 2);
    cluster.primary().kill().unwrap();
    assert!(!cluster.primary().is_running());
    assert!(fs::metadata(format!("/proc/{pid}")).is_err());
    assert!(matches!(
        cluster.primary().execute("SELECT 1"),
        Err(ServerError::Sql { .. })
    ));

    cluster.primary().start().unwrap();
    assert_eq!(read(cluster.primary()), 2);
    write(cluster.primary(), 3);
    arrives(&cluster, cluster.replica(0), 3);
}

#[test]
fn a_frozen_node_can_be_killed() {
    let cluster = cluster(1);
    cluster.replica(0).freeze().unwrap();
    cluster.replica(0).kill().unwrap();
    assert!(!cluster.replica(0).is_running());
    cluster.replica(0).start().unwrap();
    arrives(&cluster, cluster.replica(0), 1);
}

/// It does not note at every transaction which relay log it applies, and removes those that it has applied.
#[test]
fn a_killed_replica_that_looks_for_a_relay_log_which_is_gone_follows_again() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    replica.kill().unwrap();
    let noted = replica.data_dir().join("relay-log.info");
    let text = fs::read_to_string(&noted).unwrap();
    assert!(text.contains("relay.0000"), "{text}");
    fs::write(&noted, text.replace("relay.0000", "relay.9999")).unwrap();
    replica.start().unwrap();
    write(cluster.primary(), 2);
    arrives(&cluster, replica, 2);
}

#[test]
fn a_stopped_replica_is_not_waited_for_and_catches_up_after_its_start() {
    let cluster = cluster(2);
    let replica = cluster.replica(0);
    replica.stop().unwrap();
    replica.stop().unwrap();
    assert!(matches!(
        replica.freeze(),
        Err(ServerError::NotRunning { .. })
    ));
    write(cluster.primary(), 2);
    cluster.wait_until_caught_up(crate::SOON).unwrap();

    replica.start().unwrap();
    replica.start().unwrap();
    arrives(&cluster, replica, 2);
    assert!(replica.is_read_only().unwrap());
}

#[test]
fn a_restarted_primary_keeps_its_replicas() {
    let cluster = cluster(1);
    cluster.primary().restart().unwrap();
    write(cluster.primary(), 2);
    arrives(&cluster, cluster.replica(0), 2);
}

#[test]
fn a_server_that_refuses_to_run_shows_its_log() {
    let cluster = cluster(0);
    cluster.primary().stop().unwrap();
    cluster.primary().set("no_such_option", "1").unwrap();
    let error = cluster.primary().start().unwrap_err();
    assert!(matches!(error, ServerError::Exited { .. }), "{error:?}");
    assert!(error.to_string().contains("no_such_option"), "{error}");
}

#[test]
fn a_step_that_takes_too_long_names_itself() {
    let cluster = MariaCluster::builder()
        .timeout(Duration::from_secs(4))
        .start()
        .unwrap();
    let error = cluster.primary().execute("SELECT SLEEP(3600)").unwrap_err();
    assert!(matches!(error, ServerError::Timeout { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("node0: a statement was not done within 4s"),
        "{error}"
    );
}

#[test]
fn a_missing_server_and_an_impossible_topology_are_told_before_anything_starts() {
    let error = MariaCluster::builder()
        .bin_dir("/nowhere")
        .start()
        .unwrap_err();
    assert!(error.to_string().contains("looked in /nowhere"), "{error}");
    let error = MariaCluster::builder().replica_of(1).start().unwrap_err();
    assert!(
        error.to_string().contains("node1: cannot be set up"),
        "{error}"
    );
}
