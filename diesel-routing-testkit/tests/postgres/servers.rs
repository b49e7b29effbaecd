use std::fs;
use std::time::Duration;

use diesel_routing_testkit::{PgCluster, ServerError};

use crate::{SOON, arrives, cluster, read, write};

#[test]
fn a_cluster_starts_with_standbys_that_have_everything() {
    let cluster = cluster(2);
    assert_eq!(cluster.nodes().len(), 3);
    assert!(!cluster.primary().is_in_recovery().unwrap());
    for standby in cluster.standbys() {
        assert!(standby.is_in_recovery().unwrap());
        assert_eq!(
            standby.position().unwrap(),
            cluster.primary().position().unwrap()
        );
        assert_eq!(read(standby), 1);
    }
}

#[test]
fn a_standby_at_the_end_of_a_segment_has_everything() {
    let cluster = cluster(1);
    // The primary now stands behind the header of a segment that holds nothing else.
    cluster
        .primary()
        .admin_execute("SELECT pg_switch_wal()")
        .unwrap();
    let position = cluster.primary().position().unwrap();
    assert_eq!(position % (16 << 20), 0);
    cluster.wait_until_caught_up(SOON).unwrap();
    assert_eq!(cluster.standby(0).position().unwrap(), position);
}

#[test]
fn the_application_user_is_no_superuser() {
    let answer = cluster(0)
        .primary()
        .query_value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        .unwrap();
    assert_eq!(answer.as_deref(), Some("f"));
}

#[test]
fn a_killed_node_is_gone_and_comes_back_with_what_was_committed() {
    let cluster = cluster(1);
    let pid = cluster.primary().pid().unwrap();
    cluster.primary().kill().unwrap();
    assert!(!cluster.primary().is_running());
    assert!(fs::metadata(format!("/proc/{pid}")).is_err());
    assert!(matches!(
        cluster.primary().execute("SELECT"),
        Err(ServerError::Sql { .. })
    ));

    cluster.primary().start().unwrap();
    assert_eq!(read(cluster.primary()), 1);
    write(cluster.primary(), 2);
    arrives(&cluster, cluster.standby(0), 2);
}

#[test]
fn a_frozen_node_can_be_killed() {
    let cluster = cluster(1);
    cluster.standby(0).freeze().unwrap();
    cluster.standby(0).kill().unwrap();
    assert!(!cluster.standby(0).is_running());
    cluster.standby(0).start().unwrap();
    arrives(&cluster, cluster.standby(0), 1);
}

#[test]
fn a_stopped_standby_is_not_waited_for_and_catches_up_after_its_start() {
    let cluster = cluster(2);
    let standby = cluster.standby(0);
    standby.stop().unwrap();
    standby.stop().unwrap();
    assert!(matches!(
        standby.freeze(),
        Err(ServerError::NotRunning { .. })
    ));
    write(cluster.primary(), 2);
    cluster.wait_until_caught_up(SOON).unwrap();

    standby.start().unwrap();
    standby.start().unwrap();
    arrives(&cluster, standby, 2);
}

#[test]
fn a_restarted_primary_keeps_its_standbys() {
    let cluster = cluster(1);
    cluster.primary().restart().unwrap();
    write(cluster.primary(), 2);
    arrives(&cluster, cluster.standby(0), 2);
}

#[test]
fn a_setting_holds_for_sessions_opened_after_it_and_a_bad_one_is_withdrawn() {
    let cluster = PgCluster::builder()
        .setting("work_mem", "5MB")
        .start()
        .unwrap();
    let node = cluster.primary();
    let work_mem = || node.query_value("SHOW work_mem").unwrap().unwrap();
    assert_eq!(work_mem(), "5MB");
    node.set("work_mem", "6MB").unwrap();
    assert_eq!(work_mem(), "6MB");

    for (name, value) in [("work_mem", "lots"), ("work_memory", "6MB")] {
        let error = node.set(name, value).unwrap_err();
        assert!(matches!(error, ServerError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
    node.set("max_connections", "77").unwrap();
    node.restart().unwrap();
    assert_eq!(
        node.query_value("SHOW max_connections").unwrap().unwrap(),
        "77"
    );
    assert_eq!(work_mem(), "6MB");
}

#[test]
fn fewer_connections_than_the_default_are_possible_on_standbys_too() {
    let cluster = PgCluster::builder()
        .standbys(1)
        .setting("max_connections", "20")
        .start()
        .unwrap();
    let standby = cluster.standby(0);
    assert_eq!(
        standby
            .query_value("SHOW max_connections")
            .unwrap()
            .unwrap(),
        "20"
    );
}

#[test]
fn a_node_without_hot_standby_starts_and_refuses_connections() {
    let cluster = cluster(1);
    let standby = cluster.standby(0);
    standby.set("hot_standby", "off").unwrap();
    standby.restart().unwrap();
    assert!(standby.is_running());
    assert!(matches!(
        standby.query_value("SELECT 1"),
        Err(ServerError::Sql { .. })
    ));
}

#[test]
fn clusters_share_a_system_identifier_unless_one_has_its_own() {
    let (one, other) = (cluster(0), cluster(0));
    let own = PgCluster::builder().own_identity().start().unwrap();
    let identifier = |cluster: &PgCluster| cluster.primary().system_identifier().unwrap();
    assert_eq!(identifier(&one), identifier(&other));
    assert_ne!(identifier(&one), identifier(&own));
}

#[test]
fn a_server_that_refuses_to_run_shows_its_log() {
    let cluster = cluster(0);
    cluster.primary().stop().unwrap();
    cluster.primary().set("shared_buffers", "lots").unwrap();
    let error = cluster.primary().start().unwrap_err();
    assert!(matches!(error, ServerError::Exited { .. }), "{error:?}");
    assert!(error.to_string().contains("shared_buffers"), "{error}");
}

#[test]
fn a_step_that_takes_too_long_names_itself() {
    let cluster = PgCluster::builder()
        .timeout(Duration::from_secs(3))
        .start()
        .unwrap();
    let error = cluster
        .primary()
        .execute("SELECT pg_sleep(3600)")
        .unwrap_err();
    assert!(matches!(error, ServerError::Timeout { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("node0: a statement was not done within 3s"),
        "{error}"
    );
}

#[test]
fn a_missing_server_and_an_impossible_topology_are_told_before_anything_starts() {
    let error = PgCluster::builder()
        .bin_dir("/nowhere")
        .start()
        .unwrap_err();
    assert!(error.to_string().contains("looked in /nowhere"), "{error}");
    let error = PgCluster::builder().standby_of(1).start().unwrap_err();
    assert!(
        error.to_string().contains("node1: cannot be set up"),
        "{error}"
    );
}
