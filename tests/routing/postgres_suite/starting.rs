//! Starting with what is there: the configuration says where servers may be found, and the router finds out what they
//! are.

use std::time::Instant;

use diesel_routing::{Health, NodeStatus};

use super::states::{status, until_read_from, until_written_to};
use super::world::count;
use super::*;

/// A node whose failures do not last.
fn quick(node: Node) -> Node {
    node.read_pool_size(2)
        .write_pool_size(2)
        .checkout_timeout(Duration::from_millis(1500))
}

/// The replica of this index, as it was configured once.
fn replica(cluster: &Cluster, index: usize) -> Node {
    let url = cluster.node(index + 1).url();
    quick(Node::new(format!("replica-{index}"), url))
}

/// A builder with the nodes as they were configured once, whatever they are now.
fn configured(cluster: &Cluster) -> Builder {
    let primary = quick(Node::new("primary", cluster.node(0).url()));
    (1..cluster.nodes().len())
        .map(|node| replica(cluster, node - 1))
        .fold(builder().primary(primary), Builder::replica)
}

async fn started(builder: Builder) -> Router {
    let since = Instant::now();
    let router = wait!(builder.build()).unwrap();
    assert!(
        since.elapsed() < Duration::from_secs(4),
        "{:?}",
        since.elapsed()
    );
    router
}

/// Waits until the router says this of a node.
fn until(router: &Router, name: &str, what: impl Fn(&NodeStatus) -> bool) {
    let since = Instant::now();
    while !what(&status(router, name)) {
        let late = since.elapsed() > Duration::from_secs(20);
        assert!(!late, "{:?}", status(router, name));
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn no_primary(error: &Error) -> String {
    assert!(matches!(error, Error::NoPrimary { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn a_replica_that_is_down_is_missed_at_the_start_and_serves_once_it_is_back() {
    run(async {
        let cluster = Cluster::start(2);
        cluster.standby(1).kill().unwrap();
        let router = started(configured(&cluster)).await;
        until_read_from(&router, "replica-0").await;
        drop(wait!(router.write()).unwrap());
        let missing = status(&router, "replica-1");
        assert_eq!(missing.health, Health::Down);
        assert!(missing.problem.is_some(), "{missing:?}");
        cluster.standby(1).start().unwrap();
        until_read_from(&router, "replica-1").await;
    });
}

#[test]
fn a_name_that_leads_nowhere_keeps_nobody_from_starting() {
    run(async {
        let cluster = Cluster::start(1);
        let nowhere = Node::new("nowhere", "postgres://app@no-such-host.invalid/app");
        let router = started(configured(&cluster).replica(nowhere)).await;
        until_read_from(&router, "replica-0").await;
        assert_eq!(status(&router, "nowhere").health, Health::Down);
    });
}

#[test]
fn a_node_that_hangs_takes_no_more_than_the_build_timeout_and_serves_once_it_answers() {
    run(async {
        let cluster = Cluster::start(1);
        let proxy = cluster.standby(0).proxy().unwrap();
        proxy.hang().unwrap();
        let limit = Duration::from_millis(500);
        let since = Instant::now();
        let router = started(
            builder()
                .primary(quick(cluster.primary()))
                .replica(quick(Node::new("replica-0", proxy.url())))
                .build_timeout(limit),
        )
        .await;
        assert!(since.elapsed() >= limit, "{:?}", since.elapsed());
        let hanging = status(&router, "replica-0");
        assert_eq!(hanging.health, Health::Down);
        let words = hanging.problem.unwrap();
        assert!(words.contains("did not answer within 500ms"), "{words}");
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert_eq!(conn.route().reason, Reason::Fallback);
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);
        proxy.restore().unwrap();
        until_read_from(&router, "replica-0").await;
    });
}

#[test]
fn without_a_primary_replicas_serve_and_what_needs_it_fails_until_it_is_back() {
    run(async {
        let cluster = Cluster::start(2);
        let keys = || TokenKeys::new(1, [7; 32]).unwrap();
        let before = started(configured(&cluster).token_keys(keys())).await;
        let session = before.session();
        drop(wait!(session.write()).unwrap());
        world::rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let token = wait!(session.token()).unwrap().to_string();
        cluster.catch_up();
        cluster.node(0).kill().unwrap();

        let router = started(configured(&cluster).token_keys(keys())).await;
        for name in ["replica-0", "replica-1"] {
            until_read_from(&router, name).await;
        }
        let mut conn = wait!(router.session().read()).unwrap();
        assert_eq!(conn.route().reason, Reason::NothingToCatchUp);
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);
        // What a replica is proved to have, it serves.
        let resumed = router.resume(&token);
        let mut conn = wait!(resumed.read()).unwrap();
        assert_eq!(conn.route().reason, Reason::Covered);
        assert_eq!(world::name(&mut conn).await, "anna");
        drop(conn);

        for error in [
            wait!(router.write()).map(drop).unwrap_err(),
            wait!(router.read_primary()).map(drop).unwrap_err(),
            wait!(router.read_bounded(Duration::from_secs(1)))
                .map(drop)
                .unwrap_err(),
        ] {
            let words = no_primary(&error);
            for part in [
                "no node takes writes",
                "`primary` is down",
                "`replica-0` only replays another's writes",
                "promote a replica",
            ] {
                assert!(words.contains(part), "{words}");
            }
        }
        assert!(router.status().nodes.iter().all(|node| !node.is_primary));
        cluster.node(0).start().unwrap();
        until_written_to(&router, "primary").await;
        until(&router, "primary", |node| {
            node.is_primary && node.notice.is_none()
        });
        drop(wait!(router.read_primary()).unwrap());
    });
}

#[test]
fn after_a_failover_the_old_configuration_starts_with_the_old_primary_dead() {
    run(async {
        let cluster = Cluster::start(2);
        cluster.split_brain(1).unwrap();
        cluster.node(0).kill().unwrap();
        cluster.repoint(2, 1).unwrap();
        // An account without `pg_read_all_stats` sees the standby's new timeline once that is in its control file.
        let follows = "SELECT min_recovery_end_timeline = 2 FROM pg_control_recovery()";
        let since = Instant::now();
        while cluster.node(2).admin_value(follows).unwrap().as_deref() != Some("t") {
            cluster.node(1).admin_execute("CHECKPOINT").unwrap();
            cluster.node(2).admin_execute("CHECKPOINT").unwrap();
            assert!(since.elapsed() < Duration::from_secs(20));
        }
        let router = started(configured(&cluster)).await;
        assert_eq!(wait!(router.write()).unwrap().route().node, "replica-0");
        let promoted = status(&router, "replica-0");
        assert!(promoted.is_primary);
        assert_eq!(promoted.configured, Some(NodeRole::ReplaysWrites));
        let notice = promoted.notice.unwrap();
        assert!(
            notice.contains("configured as a replica and takes the writes"),
            "{notice}"
        );
        until_read_from(&router, "replica-1").await;
        // It comes back as a standby of the new primary.
        cluster.rebuild(0).unwrap();
        until_read_from(&router, "primary").await;
    });
}

#[test]
fn after_a_failover_the_old_configuration_starts_with_the_old_primary_a_standby() {
    run(async {
        let cluster = Cluster::start(1);
        cluster.split_brain(1).unwrap();
        cluster.rebuild(0).unwrap();
        let router = started(configured(&cluster)).await;
        assert_eq!(wait!(router.write()).unwrap().route().node, "replica-0");
        until_read_from(&router, "primary").await;
        let demoted = status(&router, "primary");
        assert_eq!(demoted.configured, Some(NodeRole::TakesWrites));
        assert!(!demoted.is_primary);
        let notice = demoted.notice.unwrap();
        assert!(notice.contains("`replica-0` takes the writes"), "{notice}");
    });
}

/// The rule of a running router: the newest history wins.
#[test]
fn of_two_nodes_that_take_writes_at_the_start_the_one_on_the_older_history_gets_nothing() {
    run(async {
        let cluster = Cluster::start(1);
        cluster.split_brain(1).unwrap();
        let router = started(configured(&cluster)).await;
        assert_eq!(wait!(router.write()).unwrap().route().node, "replica-0");
        let old = status(&router, "primary");
        assert_eq!(old.health, Health::Excluded, "{old:?}");
        let route = wait!(router.read_eventual()).unwrap();
        assert_eq!(
            (route.route().node, route.route().reason),
            ("replica-0", Reason::Fallback)
        );
    });
}

#[test]
fn a_readers_name_that_leads_to_the_primary_is_noticed_and_serves_what_is_there() {
    run(async {
        let cluster = Cluster::start(0);
        let socket = cluster.node(0).socket_dir().display().to_string();
        let url = format!("postgresql:///app?user=app&port=5432&host={socket}");
        let router = started(configured(&cluster).replica(quick(Node::new("twin", url)))).await;
        assert_eq!(wait!(router.write()).unwrap().route().node, "primary");
        assert_eq!(count(&mut wait!(router.read_eventual()).unwrap()).await, 2);
        let twin = status(&router, "twin");
        assert_eq!(twin.health, Health::Up);
        let notice = twin.notice.unwrap();
        assert!(
            notice.contains("leads to the server of `primary`"),
            "{notice}"
        );
    });
}

#[test]
fn nodes_of_which_nothing_is_said_are_found_out_and_followed() {
    run(async {
        let cluster = Cluster::start(2);
        // The primary is neither the first nor the last.
        let names = [(1, "a"), (0, "b"), (2, "c")];
        let unsaid = names
            .iter()
            .map(|(index, name)| quick(Node::new(*name, cluster.node(*index).url())))
            .fold(builder(), Builder::node);
        let router = started(unsaid.require_all()).await;
        assert_eq!(wait!(router.write()).unwrap().route().node, "b");
        for name in ["a", "c"] {
            until_read_from(&router, name).await;
        }
        for node in router.status().nodes {
            assert_eq!(
                (node.configured, node.notice.clone()),
                (None, None),
                "{node:?}"
            );
        }
        cluster.split_brain(1).unwrap();
        until_written_to(&router, "a").await;
    });
}

#[test]
fn standbys_alone_serve_reads_and_the_one_that_is_promoted_takes_the_writes() {
    run(async {
        let cluster = Cluster::start(2);
        let standbys = || {
            builder()
                .node(replica(&cluster, 0))
                .node(replica(&cluster, 1))
        };
        let error = wait!(standbys().require_all().build()).unwrap_err();
        no_primary(&error);
        let router = started(standbys()).await;
        for name in ["replica-0", "replica-1"] {
            until_read_from(&router, name).await;
        }
        no_primary(&wait!(router.write()).map(drop).unwrap_err());
        cluster.split_brain(2).unwrap();
        until_written_to(&router, "replica-1").await;
    });
}

#[test]
fn where_no_node_answers_each_is_named_with_its_cause() {
    run(async {
        let cluster = Cluster::start(1);
        cluster.node(0).kill().unwrap();
        cluster.standby(0).kill().unwrap();
        let error = wait!(configured(&cluster).build()).unwrap_err();
        let Error::NoNode { failures } = &error else {
            panic!("{error:?}")
        };
        let nodes: Vec<_> = failures
            .iter()
            .map(|failure| match failure {
                Error::Checkout { node, step, .. } => (node.as_str(), *step),
                _ => panic!("{failure:?}"),
            })
            .collect();
        assert_eq!(
            nodes,
            [("primary", Step::Connect), ("replica-0", Step::Connect)]
        );
        let words = error.to_string();
        for part in ["`primary`", "`replica-0`", "check the URL"] {
            assert!(words.contains(part), "{words}");
        }
    });
}

#[test]
fn a_router_that_requires_all_of_its_nodes_names_the_one_that_is_missing() {
    run(async {
        let cluster = Cluster::start(1);
        cluster.standby(0).kill().unwrap();
        let error = wait!(configured(&cluster).require_all().build()).unwrap_err();
        assert!(
            matches!(&error, Error::Checkout { node, step: Step::Connect, .. } if node == "replica-0"),
            "{error:?}"
        );
        let proxy = cluster.node(0).proxy().unwrap();
        proxy.hang().unwrap();
        let hanging = builder()
            .primary(quick(Node::new("primary", proxy.url())))
            .require_all()
            .build_timeout(Duration::from_millis(300));
        let error = wait!(hanging.build()).unwrap_err();
        let Error::Checkout { node, source, .. } = &error else {
            panic!("{error:?}")
        };
        let words = source.to_string();
        assert_eq!(node, "primary");
        assert!(words.contains("did not answer within 300ms"), "{words}");
    });
}

#[test]
fn nodes_of_two_clusters_never_start_together() {
    run(async {
        let cluster = Cluster::start(1);
        let other = diesel_routing_testkit::PgCluster::builder()
            .standbys(1)
            .own_identity()
            .start()
            .unwrap();
        let stranger = |index: usize| quick(Node::new("stranger", other.node(index).url()));
        cluster.node(0).kill().unwrap();
        for builder in [
            configured(&cluster).node(stranger(0)),
            configured(&cluster).replica(stranger(1)),
        ] {
            let error = wait!(builder.build()).unwrap_err();
            assert!(
                matches!(&error, Error::Config(ConfigError::OtherCluster { .. })),
                "{error:?}"
            );
            assert!(error.to_string().contains("stranger"), "{error}");
        }
    });
}

#[test]
fn an_account_that_may_not_ask_for_positions_is_told_the_grant_and_the_way_without() {
    run(async {
        let cluster = Cluster::start(0);
        cluster
            .node(0)
            .admin_execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
            .unwrap();
        // The testkit's roles work in a database of their own.
        let error = wait!(configured(&cluster).build()).unwrap_err();
        let Error::Config(ConfigError::MayNotAsk { node, why }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(node, "primary");
        assert!(why.contains("pg_control_system"), "{why}");
        let words = error.to_string();
        for part in ["GRANT EXECUTE ON FUNCTION", "window_only()"] {
            assert!(words.contains(part), "{words}");
        }
        wait!(configured(&cluster).window_only().build()).unwrap();
    });
}

#[test]
fn a_router_that_asks_for_no_roles_must_be_told_them_and_misses_nodes_all_the_same() {
    run(async {
        let cluster = Cluster::start(1);
        let unsaid = configured(&cluster).node(Node::new("unsaid", cluster.node(0).url() + "?"));
        let error = wait!(unsaid.window_only().build()).unwrap_err();
        let expected = ConfigError::NoRole {
            node: "unsaid".into(),
        };
        assert!(
            matches!(&error, Error::Config(found) if *found == expected),
            "{error:?}"
        );
        cluster.standby(0).kill().unwrap();
        let router = started(configured(&cluster).window_only()).await;
        assert_eq!(count(&mut wait!(router.read_eventual()).unwrap()).await, 2);
        let swapped = builder()
            .primary(replica(&cluster, 0))
            .replica(quick(cluster.primary()))
            .window_only();
        let error = wait!(swapped.build()).unwrap_err();
        assert!(matches!(error, Error::WrongRole { .. }), "{error:?}");
    });
}
