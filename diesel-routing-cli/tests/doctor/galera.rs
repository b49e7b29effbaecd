//! Galera clusters.

use diesel_routing_testkit::GaleraCluster;

use crate::report::Doctor;

#[test]
fn a_galera_cluster_that_may_lose_its_quorum_and_a_node_out_of_step_are_found() {
    let cluster = GaleraCluster::builder()
        .nodes(2)
        .setting("innodb_flush_log_at_trx_commit", "1")
        .setting("sync_binlog", "1")
        .start()
        .unwrap();
    let nodes = cluster.nodes().iter().map(|node| (node.name(), node.url()));
    let doctor = Doctor::of(nodes).with(&["--ignore", "no-tls"]);

    // DR302, DR303.
    let report = doctor.finds(&["DR302", "DR303"]);
    report.says("DR302", "node0", "wsrep_sync_wait");
    report.says("DR303", "", "2 nodes");
    assert_eq!(report.node("node1")["role"], "primary");
    assert!(report.node("node1")["cluster"].is_string());

    // DR301.
    cluster.desync(1).unwrap();
    let report = doctor.report();
    report.says("DR301", "node1", "Donor/Desynced");
    assert_eq!(report.code, 1);
    cluster.resync(1).unwrap();
    cluster.isolate(1).unwrap();
    doctor.report().says("DR301", "node1", "quorum");
}
