//! PostgreSQL clusters that lose their primary, or have two.

use std::time::{Duration, Instant};

use crate::postgres::{allow, doctor, well};
use crate::report::{Doctor, config};

#[test]
fn a_cluster_in_the_middle_of_a_failover_is_described() {
    let cluster = well().standbys(2).start().unwrap();
    allow(&cluster);
    let doctor = doctor(&cluster);

    // DR003: two that take writes.
    cluster.split_brain(1).unwrap();
    let report = doctor.report();
    report.says("DR003", "node0", "node0 and node1 take writes");
    report.says("DR003", "node1", "timeline 2");

    // DR106, DR001: the old primary is gone, and a standby still waits for it.
    cluster.node(0).kill().unwrap();
    let report = doctor.report();
    assert!(!report.has("DR003"), "{:#}", report.json);
    report.says("DR106", "node2", "timeline 1");
    report.says("DR001", "node0", "does not answer");

    // DR005: what the configuration says is how it was.
    let nodes = [
        ("node0:primary", 0),
        ("node1:replica", 1),
        ("node2:replica", 2),
    ];
    let named = Doctor::of(nodes.map(|(name, node)| (name, cluster.node(node).url())));
    let report = named.with(&["--only", "role-mismatch"]).finds(&["DR005"]);
    report.says("DR005", "node1", "is a primary");

    // DR002: nobody takes writes.
    cluster.node(1).kill().unwrap();
    doctor.report().says("DR002", "", "node1 does not answer");

    // Nobody answers at all.
    cluster.node(2).kill().unwrap();
    let report = doctor.report();
    assert_eq!(report.code, 3, "{}", report.stderr);
    assert_eq!(report.codes(), ["DR001"]);
    assert!(
        report.stderr.contains("no node answers"),
        "{}",
        report.stderr
    );
}

#[test]
fn a_node_that_hangs_takes_no_longer_than_its_time() {
    let cluster = well().standbys(1).start().unwrap();
    allow(&cluster);
    cluster.standby(0).freeze().unwrap();
    let since = Instant::now();
    let report = doctor(&cluster).with(&["--timeout", "1s"]).report();
    assert!(
        since.elapsed() < Duration::from_secs(6),
        "{:?}",
        since.elapsed()
    );
    report.says("DR001", "node1", "no answer within 1s");
    // DR004: the primary is alone.
    report.says("DR004", "", "node1");
    cluster.standby(0).thaw().unwrap();
}

#[test]
fn nodes_of_another_cluster_and_other_roles_are_found() {
    let cluster = well().standbys(1).start().unwrap();
    let other = well().own_identity().start().unwrap();
    allow(&cluster);
    allow(&other);
    let [primary, standby] = [0, 1].map(|node| cluster.node(node).url());
    let nodes = [
        ("node0", &primary),
        ("node1", &standby),
        ("stranger", &other.primary().url()),
    ];

    // DR006: another cluster.
    let report = Doctor::of(nodes).report();
    report.says("DR006", "stranger", "different clusters");
    assert!(!report.has("DR003"), "{:#}", report.json);

    // DR111: a subscriber that does not subscribe.
    let text = |more: &str| {
        config(&format!(
            "[nodes.node0]\nurl = \"{primary}\"\n[nodes.node1]\nurl = \"{standby}\"\n\
             [nodes.stranger]\nurl = \"{}\"\nlogical = true\ntags = [\"far\"]\n{more}",
            other.primary().url()
        ))
    };
    let file = text("");
    Doctor::config(&file)
        .finds(&["DR111"])
        .says("DR111", "stranger", "has no subscription");
    let publisher = cluster.primary();
    publisher
        .admin_execute("CREATE PUBLICATION all_of_it FOR ALL TABLES")
        .unwrap();
    let sql = format!(
        "CREATE SUBSCRIPTION of_it CONNECTION 'host={} port=5432 user=postgres dbname=app' \
         PUBLICATION all_of_it WITH (connect = false)",
        publisher.socket_dir().display()
    );
    other.primary().admin_execute(&sql).unwrap();
    Doctor::config(&file)
        .finds(&["DR111"])
        .says("DR111", "stranger", "is disabled");
}
