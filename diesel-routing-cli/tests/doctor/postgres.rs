//! PostgreSQL clusters that are well, and those that lose their replication.

use std::time::Duration;

use diesel_routing_testkit::{PgCluster, PgClusterBuilder, PgNode};

use crate::pgbouncer::PgBouncer;
use crate::report::{Doctor, config};

const LIMIT: Duration = Duration::from_secs(20);

/// A cluster in which there is nothing to find, once [`allow`] was called.
pub(crate) fn well() -> PgClusterBuilder {
    PgCluster::builder()
        .setting("fsync", "on")
        .setting("full_page_writes", "on")
        .setting("max_standby_streaming_delay", "30s")
}

/// Lets the account see everything, and limits its statements.
pub(crate) fn allow(cluster: &PgCluster) {
    let sql = "GRANT pg_monitor TO app; ALTER ROLE app SET statement_timeout = '30s'; \
               ALTER ROLE app SET idle_in_transaction_session_timeout = '30s'";
    cluster.primary().admin_execute(sql).unwrap();
    cluster.wait_until_caught_up(LIMIT).unwrap();
}

pub(crate) fn doctor(cluster: &PgCluster) -> Doctor {
    Doctor::of(cluster.nodes().iter().map(|node| (node.name(), node.url())))
}

/// Changes a setting of the account, for all nodes.
fn alter(cluster: &PgCluster, sql: &str) {
    cluster
        .primary()
        .admin_execute(&format!("ALTER ROLE app {sql}"))
        .unwrap();
    cluster.wait_until_caught_up(LIMIT).unwrap();
}

#[test]
fn nothing_is_found_in_a_cluster_that_is_well() {
    let cluster = well().standbys(1).standby_of(1).start().unwrap();
    let doctor = doctor(&cluster);

    // DR017: without the privilege, the rest works.
    let limited = doctor.clone().with(&["--only", "sees-too-little"]).report();
    assert_eq!(limited.code, 0, "a note fails nothing");
    limited.says("DR017", "node1", "pg_monitor");

    allow(&cluster);
    let report = doctor.finds(&[]);
    assert_eq!(report.code, 0, "{}", report.stderr);
    let text = String::from_utf8(doctor.run().stdout).unwrap();
    for words in [
        "node0",
        "PostgreSQL 1",
        "primary",
        "timeline 1",
        "no findings",
    ] {
        assert!(text.contains(words), "no {words:?} in {text}");
    }
    assert_eq!(report.node("node0")["role"], "primary");
    assert_eq!(report.node("node1")["upstream"]["node"], "node0");
    assert_eq!(report.node("node2")["upstream"]["node"], "node1");
    for replica in ["node1", "node2"] {
        let node = report.node(replica);
        assert!(
            node["lag"]["at_most_ms"].as_u64().unwrap() < 2000,
            "{node:#}"
        );
        assert!(
            node["clock_offset_ms"].as_f64().unwrap().abs() < 500.0,
            "{node:#}"
        );
        assert_eq!(node["cluster"], report.node("node0")["cluster"]);
    }

    // DR105: a node in between that the doctor is not told of.
    let nodes = [cluster.node(0), cluster.node(2)].map(|node| (node.name(), node.url()));
    Doctor::of(nodes)
        .finds(&["DR105"])
        .says("DR105", "node2", "none of the nodes");
}

#[test]
fn a_standby_that_does_not_follow_is_found() {
    let cluster = well().standbys(2).start().unwrap();
    allow(&cluster);
    let (primary, standby) = (cluster.primary(), cluster.standby(0));
    let doctor = doctor(&cluster);

    // DR103: delayed on purpose.
    standby.set_apply_delay(Duration::from_secs(90)).unwrap();
    doctor
        .clone()
        .with(&["--only", "DR103"])
        .finds(&["DR103"])
        .says("DR103", "node1", "1m 30s");
    standby.set_apply_delay(Duration::ZERO).unwrap();

    // DR102, DR011: paused, and so behind a class's limit.
    standby.pause_replay().unwrap();
    primary.execute("CREATE TABLE t (n int)").unwrap();
    let urls: Vec<_> = cluster.nodes().iter().map(PgNode::url).collect();
    let file = config(&format!(
        "zone = \"here\"\n[classes.feed]\nmax_lag = \"300ms\"\n\
         [nodes.node0]\nurl = \"{}\"\nzone = \"here\"\n[nodes.node1]\nurl = \"{}\"\n[nodes.node2]\nurl = \"{}\"\nzone = \"there\"\n",
        urls[0], urls[1], urls[2]
    ));
    let report = Doctor::config(&file).finds(&["DR011", "DR020", "DR102"]);
    assert_eq!(report.code, 1);
    report.says("DR102", "node1", "pg_wal_replay_resume");
    report.says("DR011", "node1", "`classes.feed.max_lag` allows 300ms");
    report.says("DR020", "", "zone `here`");
    standby.resume_replay().unwrap();

    // DR101: cut off.
    cluster.cut_replication(1).unwrap();
    let report = doctor
        .clone()
        .with(&["--only", "replica-not-receiving"])
        .until("DR101");
    report.says("DR101", "node1", "primary_conninfo");
    assert_eq!(report.codes(), ["DR101"]);
    cluster.restore_replication(1).unwrap();

    // DR109: less room than the primary.
    primary.set("max_connections", "150").unwrap();
    primary.restart().unwrap();
    let report = doctor.clone().with(&["--only", "DR109"]).report();
    report.says("DR109", "node1", "150 on node0");
    report.says("DR109", "node2", "max_connections");
}

#[test]
fn settings_by_which_reads_fail_on_a_standby_are_found() {
    let cluster = well().standbys(1).start().unwrap();
    allow(&cluster);
    let standby = cluster.standby(0);
    let doctor = doctor(&cluster);

    // DR107, DR108: reads against replay.
    standby.set("hot_standby_feedback", "off").unwrap();
    doctor
        .finds(&["DR107"])
        .says("DR107", "node1", "cancelled so far");
    alter(&cluster, "SET statement_timeout = '10s'");
    doctor.finds(&[]);
    standby.set("hot_standby_feedback", "on").unwrap();
    standby.set("max_standby_streaming_delay", "-1").unwrap();
    let report = doctor.finds(&["DR108"]);
    assert_eq!(report.find("DR108")["severity"], "note");
    alter(&cluster, "SET statement_timeout = 0");
    // DR115: nothing limits a statement.
    let report = doctor.finds(&["DR108", "DR115"]);
    assert_eq!(report.find("DR108")["severity"], "warning");
    report.says("DR115", "node1", "statement_timeout = 0");
    standby.set("max_standby_streaming_delay", "30s").unwrap();
    alter(&cluster, "SET statement_timeout = '30s'");

    // DR110: a level that standbys do not know.
    alter(
        &cluster,
        "SET default_transaction_isolation = 'serializable'",
    );
    doctor
        .finds(&["DR110"])
        .says("DR110", "node1", "serializable");
    alter(&cluster, "RESET default_transaction_isolation");

    // DR120: rows that standbys do not have.
    cluster
        .primary()
        .execute("CREATE UNLOGGED TABLE cache (n int)")
        .unwrap();
    doctor.finds(&["DR120"]).says("DR120", "node0", "cache");
    cluster.primary().execute("DROP TABLE cache").unwrap();

    // DR021: other results.
    standby.set("timezone", "Asia/Tokyo").unwrap();
    doctor
        .finds(&["DR021"])
        .says("DR021", "node1", "`Asia/Tokyo` here");
}

#[test]
fn what_stands_between_is_found() {
    let cluster = well().standbys(2).start().unwrap();
    allow(&cluster);
    let primary = cluster.primary();
    let nodes = |extra: (&str, String)| {
        let nodes = [
            (primary.name().to_owned(), primary.url()),
            (extra.0.to_owned(), extra.1),
        ];
        Doctor::of(nodes).with(&["--ignore", "no-tls"])
    };

    // DR018: a pooler that shares its connections among clients.
    let bouncer = PgBouncer::start(cluster.standby(0), "transaction");
    nodes(("pooled", bouncer.url()))
        .report()
        .says("DR018", "pooled", "session mode");
    drop(bouncer);
    let bouncer = PgBouncer::start(cluster.standby(0), "session");
    assert!(!nodes(("pooled", bouncer.url())).report().has("DR018"));
    drop(bouncer);
    let bouncer = PgBouncer::start(cluster.standby(0), "statement");
    nodes(("pooled", bouncer.url()))
        .report()
        .says("DR018", "pooled", "session mode");

    // DR007: a name for both standbys.
    let address = cluster.address(cluster.standbys()).unwrap();
    nodes(("reader", address.url()))
        .report()
        .says("DR007", "reader", "2 servers");

    // DR008: another name for the primary. DR015: not encrypted.
    let proxy = primary.proxy().unwrap();
    let twice = nodes(("again", proxy.url()));
    let report = twice.report();
    report.says("DR008", "again", "node0");
    assert!(
        !report.has("DR003"),
        "one server is no split brain: {:#}",
        report.json
    );
    let plain = Doctor::of([("node0", proxy.url())])
        .with(&["--only", "no-tls"])
        .report();
    plain.says("DR015", "node0", "sslmode=verify-full");
    assert_eq!(plain.find("DR015")["severity"], "note");
}
