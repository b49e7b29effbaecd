//! Clusters in which every node takes writes.

use diesel_routing_testkit::{GaleraCluster, MariaNode, ServerError};

use crate::{SOON, read, wait_until, write};

fn cluster(nodes: usize) -> GaleraCluster {
    let cluster = GaleraCluster::builder().nodes(nodes).start().unwrap();
    cluster
        .node(0)
        .execute("CREATE TABLE n (id INT PRIMARY KEY, n INT); INSERT INTO n VALUES (1, 1)")
        .unwrap();
    cluster.wait_until_caught_up(SOON).unwrap();
    cluster
}

/// A read that waits until the node has everything.
fn read_causally(node: &MariaNode) -> u32 {
    let sql = "SET wsrep_sync_wait = 1; SELECT n FROM n";
    node.query_value(sql).unwrap().unwrap().parse().unwrap()
}

fn code(refused: Result<(), ServerError>) -> String {
    match refused.unwrap_err() {
        ServerError::Sql { source, .. } => source.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_node_takes_writes_and_reads_those_of_the_others() {
    let cluster = cluster(3);
    for (writer, number) in cluster.nodes().iter().zip(2..) {
        assert_eq!(cluster.state(writer.index()).unwrap(), "Synced");
        assert_eq!(cluster.size(writer.index()).unwrap(), 3);
        write(writer, number);
        for reader in cluster.nodes() {
            assert_eq!(read_causally(reader), number);
        }
    }
    let position = cluster.node(0).position().unwrap();
    assert!(position.starts_with("0-1-"), "{position}");
    for node in cluster.nodes() {
        assert_eq!(node.position().unwrap(), position, "one history");
    }
}

#[test]
fn a_node_that_cannot_apply_is_synced_and_shows_old_rows() {
    let cluster = cluster(2);
    let (writer, reader) = (cluster.node(0), cluster.node(1));
    let lock = reader.lock_table("n").unwrap();
    write(writer, 2);
    assert_eq!(read(reader), 1);
    assert_eq!(cluster.state(1).unwrap(), "Synced");
    let behind = cluster.wait_until_caught_up(crate::A_WHILE);
    assert!(matches!(behind, Err(ServerError::Timeout { node, .. }) if node == reader.name()));

    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| read_causally(reader));
        wait_until(|| {
            let sql = "SELECT COUNT(*) FROM information_schema.processlist \
                       WHERE user = 'app' AND info LIKE '%FROM n'";
            reader.admin_value(sql).unwrap().as_deref() == Some("1")
        });
        assert!(!waiting.is_finished());
        drop(lock);
        assert_eq!(waiting.join().unwrap(), 2);
    });
}

#[test]
fn a_desynced_node_says_so_and_still_answers() {
    let cluster = cluster(2);
    cluster.desync(1).unwrap();
    assert_eq!(cluster.state(1).unwrap(), "Donor/Desynced");
    write(cluster.node(0), 2);
    assert_eq!(read_causally(cluster.node(1)), 2);
    cluster.resync(1).unwrap();
    assert_eq!(cluster.state(1).unwrap(), "Synced");
}

#[test]
fn an_isolated_node_refuses_until_it_rejoins_with_what_it_missed() {
    let cluster = cluster(3);
    cluster.isolate(2).unwrap();
    assert!(code(cluster.node(2).execute("SELECT n FROM n")).contains("1047"));
    cluster.wait_for_size(0, 2).unwrap();
    write(cluster.node(0), 2);
    cluster.rejoin(2).unwrap();
    assert_eq!(read_causally(cluster.node(2)), 2);
    assert_eq!(cluster.size(0).unwrap(), 3);
}

#[test]
fn of_two_nodes_neither_goes_on_alone_unless_it_is_made_the_cluster() {
    let cluster = cluster(2);
    cluster.node(1).kill().unwrap();
    cluster.wait_for_size(0, 1).unwrap();
    assert!(code(cluster.node(0).execute("SELECT n FROM n")).contains("1047"));
    cluster.bootstrap(0).unwrap();
    write(cluster.node(0), 2);
    cluster.node(1).start().unwrap();
    assert_eq!(read_causally(cluster.node(1)), 2);
}

#[test]
fn a_node_in_maintenance_refuses_and_is_synced() {
    let cluster = cluster(2);
    cluster.reject_queries(1).unwrap();
    assert!(code(cluster.node(1).execute("SELECT n FROM n")).contains("1047"));
    assert_eq!(cluster.state(1).unwrap(), "Synced");
    cluster.accept_queries(1).unwrap();
    assert_eq!(read(cluster.node(1)), 1);
}

#[test]
fn a_stopped_node_comes_back_with_what_it_missed() {
    let cluster = cluster(3);
    cluster.node(2).stop().unwrap();
    write(cluster.node(0), 2);
    cluster.node(2).start().unwrap();
    assert_eq!(read_causally(cluster.node(2)), 2);
}

#[test]
fn a_cluster_whose_nodes_were_all_killed_starts_again() {
    let cluster = cluster(2);
    for node in cluster.nodes() {
        node.kill().unwrap();
    }
    cluster.start_all().unwrap();
    for node in cluster.nodes() {
        assert_eq!(read_causally(node), 1);
    }
}

#[test]
fn what_replicas_can_do_is_refused_here() {
    let cluster = cluster(2);
    for refused in [cluster.node(1).pause_replay(), cluster.node(1).promote()] {
        let error = refused.unwrap_err();
        assert!(matches!(error, ServerError::Refused { .. }), "{error:?}");
    }
}

#[test]
fn a_missing_library_and_an_empty_cluster_are_told_before_anything_starts() {
    let error = GaleraCluster::builder()
        .provider("/nowhere.so")
        .start()
        .unwrap_err();
    let words = "no Galera server found, looked in /nowhere.so";
    assert!(error.to_string().starts_with(words), "{error}");
    let error = GaleraCluster::builder().nodes(0).start().unwrap_err();
    assert!(error.to_string().contains("no nodes"), "{error}");
}
