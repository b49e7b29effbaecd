//! Servers that cannot do what they are given for: each is named, and what to do about it.

use std::error::Error as _;
use std::time::Instant;

use diesel_routing::{ConfigError, Error, Health, NodeStatus};
use diesel_routing_testkit::MariaClusterBuilder;

use super::flavours;
use super::*;

fn started(builder: MariaClusterBuilder) -> Cluster {
    let cluster = builder.start().expect("a cluster");
    for sql in SCHEMA {
        cluster.primary().execute(sql).expect("a table");
    }
    cluster
}

/// Both flavours' routers over a cluster of one replica.
fn routers(cluster: &Cluster) -> Vec<Result<flavours::Router, Error>> {
    let primary = node("primary", cluster.primary());
    let replica = node("replica", cluster.replica(0));
    flavours::Router::build_both(&primary, &[replica]).collect()
}

/// Waits until the status of node `index` is as it should be.
fn until(router: &flavours::Router, index: usize, is_so: impl Fn(&NodeStatus) -> bool) {
    let since = Instant::now();
    loop {
        let status = router.status();
        if is_so(&status.nodes[index]) {
            return;
        }
        assert!(since.elapsed() < LIMIT, "{status:?}");
        std::thread::yield_now();
    }
}

fn says(text: Option<&str>, words: &[&str]) -> bool {
    text.is_some_and(|text| words.iter().all(|word| text.contains(word)))
}

#[test]
fn a_primary_without_a_binary_log_is_refused_with_the_remedy() {
    let cluster = started(
        Cluster::builder()
            .replicas(1)
            .node_setting(0, "skip_log_bin", ""),
    );
    for router in routers(&cluster) {
        let error = router.expect_err("no positions").to_string();
        assert!(
            says(Some(&error), &["`primary`", "log_bin", "window_only"]),
            "{error}"
        );
    }
}

#[test]
fn a_primary_whose_numbers_are_in_no_order_is_refused_with_the_remedy() {
    let cluster = started(
        Cluster::builder()
            .replicas(1)
            .setting("gtid_strict_mode", "OFF"),
    );
    for router in routers(&cluster) {
        let error = router.expect_err("no order");
        let Error::Config(ConfigError::NoPositions { primary, why }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(primary, "primary");
        assert!(why.contains("SET GLOBAL gtid_strict_mode = 1"), "{why}");
    }
}

#[test]
fn a_replica_whose_numbers_are_in_no_order_serves_nothing_until_they_are() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    replica
        .admin_execute("SET GLOBAL gtid_strict_mode = 0")
        .expect("set");
    let routers: Vec<_> = routers(&cluster)
        .into_iter()
        .map(|router| router.expect("a router"))
        .collect();
    for router in &routers {
        until(router, 1, |node| {
            node.health == Health::Excluded
                && says(
                    node.problem.as_deref(),
                    &["SET GLOBAL gtid_strict_mode = 1"],
                )
        });
    }
    replica
        .admin_execute("SET GLOBAL gtid_strict_mode = 1")
        .expect("set");
    for router in &routers {
        until(router, 1, |node| {
            node.health == Health::Up && node.problem.is_none()
        });
    }
}

#[test]
fn a_replica_that_has_replayed_no_gtid_serves_nothing_and_its_state_says_why() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    for sql in [
        "STOP SLAVE",
        "RESET SLAVE ALL",
        "RESET MASTER",
        "SET GLOBAL gtid_slave_pos = ''",
    ] {
        replica.admin_execute(sql).expect(sql);
    }
    for router in routers(&cluster) {
        let router = router.expect("a router");
        until(&router, 1, |node| {
            node.health == Health::Excluded
                && says(
                    node.problem.as_deref(),
                    &["no transaction with a GTID", "MASTER_USE_GTID"],
                )
        });
    }
}

#[test]
fn a_replica_of_another_domain_is_refused_with_both_names() {
    let ours = cluster(0);
    let theirs = started(
        Cluster::builder()
            .replicas(1)
            .setting("gtid_domain_id", "7"),
    );
    theirs.wait_until_caught_up(LIMIT).expect("caught up");
    // Its tables were made before, in the template, so both know domain 0; what it wrote itself they don't.
    let replica = theirs.replica(0);
    for sql in [
        "STOP SLAVE",
        "RESET MASTER",
        "SET GLOBAL gtid_slave_pos = '7-1-1'",
    ] {
        replica.admin_execute(sql).expect(sql);
    }
    let primary = node("primary", ours.primary());
    let stranger = node("replica", replica);
    for router in flavours::Router::build_both(&primary, &[stranger]) {
        let error = router.expect_err("another cluster");
        let Error::Config(ConfigError::OtherCluster {
            replica,
            primary,
            why,
        }) = &error
        else {
            panic!("{error:?}")
        };
        assert_eq!((replica.as_str(), primary.as_str()), ("replica", "primary"));
        assert!(why.contains("GTID domain"), "{why}");
    }
}

#[test]
fn two_servers_with_one_id_are_refused_by_name() {
    let cluster = cluster(1);
    let id = cluster
        .primary()
        .query_value("SELECT @@global.server_id")
        .expect("asked");
    let sql = format!("SET GLOBAL server_id = {}", id.expect("an id"));
    cluster.replica(0).admin_execute(&sql).expect("set");
    for router in routers(&cluster) {
        let error = router.expect_err("the same id");
        let Error::Config(ConfigError::SameServerId { first, second, .. }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!((first.as_str(), second.as_str()), ("primary", "replica"));
    }
}

#[test]
fn a_server_that_is_the_primary_under_another_name_is_refused_where_all_must_be_there() {
    let cluster = cluster(1);
    let primary = node("primary", cluster.primary());
    let proxy = cluster.primary().proxy().expect("a proxy");
    let twin = diesel_routing::Node::new("twin", proxy.url());
    for router in flavours::Router::build_both_of_all(&primary, &[twin]) {
        let error = router.expect_err("one server twice").to_string();
        assert!(
            error.contains("`twin`") && error.contains("primary"),
            "{error}"
        );
    }
}

#[test]
fn a_replica_given_as_primary_is_refused_where_all_must_be_there() {
    let cluster = cluster(1);
    let primary = node("primary", cluster.replica(0));
    for router in flavours::Router::build_both_of_all(&primary, &[]) {
        let error = router.expect_err("it is a replica");
        assert!(matches!(error, Error::WrongRole { .. }), "{error:?}");
    }
}

#[test]
fn a_wrong_password_is_named_with_its_node_and_not_shown() {
    let cluster = cluster(0);
    let url = cluster.primary().url().replace("app@", "nobody:hunter2@");
    let nobody = diesel_routing::Node::new("primary", url);
    for router in flavours::Router::build_both(&nobody, &[]) {
        let error = router.expect_err("refused");
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        let words = format!("{error} {cause}");
        assert!(
            words.contains("`primary`") && !words.contains("hunter2"),
            "{words}"
        );
    }
}

#[test]
fn an_applier_that_has_stopped_is_in_the_nodes_state_with_its_error() {
    let cluster = cluster(1);
    let routers: Vec<_> = routers(&cluster)
        .into_iter()
        .map(|router| router.expect("a router"))
        .collect();
    cluster.break_replay(1).expect("broken");
    for router in &routers {
        until(router, 1, |node| {
            says(
                node.notice.as_deref(),
                &["applier is not running", "START SLAVE"],
            )
        });
    }
    cluster.replica(0).mend_replay().expect("mended");
    for router in &routers {
        until(router, 1, |node| node.notice.is_none());
    }
}

#[test]
fn a_missing_privilege_is_named_with_its_grant_and_positions_go_on() {
    let cluster = cluster(1);
    cluster
        .primary()
        .admin_execute("REVOKE SLAVE MONITOR ON *.* FROM app")
        .expect("revoked");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    for router in routers(&cluster) {
        let router = router.expect("a router");
        until(&router, 1, |node| {
            node.health == Health::Up
                && node.lag.is_some()
                && says(node.notice.as_deref(), &["GRANT SLAVE MONITOR ON *.*"])
        });
    }
}

#[test]
fn replication_without_gtids_is_in_the_nodes_state() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    for sql in [
        "STOP SLAVE",
        "CHANGE MASTER TO MASTER_USE_GTID = no",
        "START SLAVE",
    ] {
        replica.admin_execute(sql).expect(sql);
    }
    for router in routers(&cluster) {
        let router = router.expect("a router");
        until(&router, 1, |node| {
            says(
                node.notice.as_deref(),
                &["without GTIDs", "MASTER_USE_GTID = slave_pos"],
            )
        });
    }
}
