use diesel_routing_testkit::ServerError;

use crate::{arrives, cluster, read, stays_behind, write};

#[test]
fn a_promoted_standby_takes_writes_on_timeline_2() {
    let cluster = cluster(1);
    let standby = cluster.standby(0);
    assert!(
        standby.execute("UPDATE n SET n = 2").is_err(),
        "a standby takes no writes"
    );
    assert_eq!(cluster.primary().timeline().unwrap(), 1);
    assert_eq!(standby.timeline().unwrap(), 1);

    cluster.primary().kill().unwrap();
    standby.promote().unwrap();
    write(standby, 2);
    assert!(!standby.is_in_recovery().unwrap());
    assert_eq!(standby.timeline().unwrap(), 2);
    assert_eq!(cluster.primary().name(), standby.name());
}

#[test]
fn a_paused_standby_can_be_promoted() {
    let cluster = cluster(1);
    cluster.standby(0).pause_replay().unwrap();
    cluster.standby(0).promote().unwrap();
    write(cluster.standby(0), 2);
}

#[test]
fn after_a_failover_the_others_follow_where_they_are_pointed() {
    let cluster = cluster(2);
    cluster.primary().kill().unwrap();
    cluster.standby(0).promote().unwrap();
    write(cluster.primary(), 2);
    assert_eq!(read(cluster.standby(1)), 1, "it follows the dead primary");

    cluster.repoint(2, 1).unwrap();
    arrives(&cluster, cluster.standby(1), 2);
    assert_eq!(cluster.standby(1).timeline().unwrap(), 2);
}

#[test]
fn a_repointed_standby_depends_on_its_new_upstream_alone() {
    let cluster = cluster(2);
    cluster.repoint(2, 1).unwrap();
    write(cluster.primary(), 2);
    arrives(&cluster, cluster.node(2), 2);
    cluster.node(1).freeze_receiver().unwrap();
    write(cluster.primary(), 3);
    stays_behind(&cluster, cluster.node(1));
    assert_eq!(read(cluster.node(2)), 2);
    cluster.repoint(2, 0).unwrap();
    cluster.node(1).thaw().unwrap();
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
    assert_eq!((old.timeline().unwrap(), new.timeline().unwrap()), (1, 2));
    assert_eq!(
        old.system_identifier().unwrap(),
        new.system_identifier().unwrap()
    );
    assert_eq!(cluster.primary().name(), new.name());
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
    assert!(old.is_in_recovery().unwrap());
    assert_eq!(old.timeline().unwrap(), 2);
    assert_eq!(old.url(), url);
    cluster.cut_replication(0).unwrap();
    write(new, 21);
    stays_behind(&cluster, old);
}

#[test]
fn a_dead_primary_is_rebuilt_as_a_standby_of_the_promoted_one() {
    let cluster = cluster(1);
    cluster.primary().kill().unwrap();
    cluster.standby(0).promote().unwrap();
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
            cluster.primary().freeze_receiver(),
            "node0: cannot freeze its WAL receiver",
        ),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, ServerError::Refused { .. }), "{error:?}");
        assert!(error.to_string().starts_with(words), "{error}");
    }
    assert!(matches!(
        cluster.primary().pause_replay(),
        Err(ServerError::Sql { .. })
    ));
    assert!(matches!(
        cluster.primary().promote(),
        Err(ServerError::Sql { .. })
    ));
    assert_eq!(
        cluster.primary().index(),
        0,
        "a failed promotion changes nothing"
    );
}
