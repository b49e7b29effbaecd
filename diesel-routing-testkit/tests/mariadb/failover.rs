use std::time::Duration;

use diesel_routing_testkit::ServerError;

use crate::{arrives, cluster, is_mariadb, read, stays_behind, wait_until, write};

#[test]
fn a_promoted_replica_takes_writes() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    let error = replica.execute("UPDATE n SET n = 2").unwrap_err();
    let ServerError::Sql { source, .. } = error else {
        panic!("{error:?}");
    };
    assert!(source.to_string().contains("1290"), "{source}");
    assert!(replica.is_read_only().unwrap());

    cluster.primary().kill().unwrap();
    replica.promote().unwrap();
    write(replica, 2);
    assert!(!replica.is_read_only().unwrap());
    assert!(!replica.is_receiving().unwrap());
    assert_eq!(cluster.primary().name(), replica.name());
    replica.restart().unwrap();
    write(replica, 3);
}

#[test]
fn a_promoted_replica_has_applied_what_it_had_received() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    replica.pause_replay().unwrap();
    cluster
        .primary()
        .execute("INSERT INTO n VALUES (2), (3)")
        .unwrap();
    let position = cluster.primary().position().unwrap();
    wait_until(|| replica.received().unwrap() == position);
    cluster.primary().kill().unwrap();
    replica.resume_replay().unwrap();
    replica.promote().unwrap();
    assert_eq!(
        replica
            .query_value("SELECT COUNT(*) FROM n")
            .unwrap()
            .as_deref(),
        Some("3")
    );
}

#[test]
fn a_paused_or_delayed_replica_can_be_promoted_and_loses_what_it_had_not_applied() {
    let cluster = cluster(2);
    cluster.replica(0).pause_replay().unwrap();
    cluster
        .replica(1)
        .set_apply_delay(Duration::from_secs(3600))
        .unwrap();
    write(cluster.primary(), 2);
    for replica in cluster.replicas() {
        replica.promote().unwrap();
        assert_eq!(read(replica), 1);
        write(replica, 3);
    }
}

#[test]
fn after_a_failover_the_others_follow_where_they_are_pointed() {
    let cluster = cluster(2);
    cluster.primary().kill().unwrap();
    cluster.replica(0).promote().unwrap();
    write(cluster.primary(), 2);
    assert_eq!(read(cluster.replica(1)), 1, "it follows the dead primary");

    cluster.repoint(2, 1).unwrap();
    arrives(&cluster, cluster.replica(1), 2);
}

#[test]
fn a_repointed_replica_depends_on_its_new_upstream_alone() {
    let cluster = cluster(2);
    cluster.repoint(2, 1).unwrap();
    write(cluster.primary(), 2);
    arrives(&cluster, cluster.node(2), 2);
    cluster.node(1).stop_receiving().unwrap();
    write(cluster.primary(), 3);
    stays_behind(&cluster, cluster.node(1));
    assert_eq!(read(cluster.node(2)), 2);
    cluster.repoint(2, 0).unwrap();
    cluster.node(1).resume_receiving().unwrap();
    arrives(&cluster, cluster.node(2), 3);
}

#[test]
fn a_split_brain_is_two_nodes_that_take_writes() {
    let cluster = cluster(1);
    let old = cluster.primary();
    let new = cluster.split_brain(1).unwrap();
    write(old, 10);
    write(new, 20);
    assert_eq!((read(old), read(new)), (10, 20));
    let is_mariadb = is_mariadb(old);
    let (old, new) = (old.position().unwrap(), new.position().unwrap());
    assert_ne!(old, new);
    if is_mariadb {
        // One number of the sequence, given away twice: only the server's id differs.
        assert_eq!(old.replacen("0-1-", "0-2-", 1), new);
    }
    assert_eq!(cluster.primary().index(), 1);
}

#[test]
fn a_rebuilt_node_follows_the_new_primary_behind_its_old_url() {
    let cluster = cluster(1);
    let (old, url) = (cluster.primary(), cluster.primary().url());
    let new = cluster.split_brain(1).unwrap();
    write(old, 10);
    write(new, 20);

    cluster.rebuild(0).unwrap();
    arrives(&cluster, old, 20);
    assert!(old.is_read_only().unwrap());
    assert_eq!(old.url(), url);
    cluster.cut_replication(0).unwrap();
    write(new, 21);
    stays_behind(&cluster, old);
    cluster.rebuild(0).unwrap();
    arrives(&cluster, old, 21);
}

#[test]
fn a_dead_primary_is_rebuilt_as_a_replica_of_the_promoted_one() {
    let cluster = cluster(1);
    cluster.primary().kill().unwrap();
    cluster.replica(0).promote().unwrap();
    write(cluster.primary(), 2);
    cluster.rebuild(0).unwrap();
    arrives(&cluster, cluster.node(0), 2);
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    let cluster = cluster(2);
    cluster.repoint(2, 1).unwrap();
    for (refused, words) in [
        (
            cluster.rebuild(0),
            "node0: cannot be rebuilt: it is the primary",
        ),
        (
            cluster.repoint(1, 2),
            "node1: cannot follow another node: node2 is fed by it",
        ),
        (
            cluster.repoint(1, 1),
            "node1: cannot follow another node: node1 is fed by it",
        ),
        (
            cluster.break_replay(0),
            "node0: cannot break its replay: it follows no other node",
        ),
        (
            cluster.primary().pause_replay(),
            "node0: cannot pause its replay: it follows no other node",
        ),
        (
            cluster.primary().promote(),
            "node0: cannot be promoted: it follows no other node",
        ),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, ServerError::Refused { .. }), "{error:?}");
        assert!(error.to_string().starts_with(words), "{error}");
    }
    assert_eq!(
        cluster.primary().index(),
        0,
        "a failed promotion changes nothing"
    );
}
