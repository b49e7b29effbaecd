//! Configurations that are applied while a router runs, on servers of any kind.

use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Instant;

use diesel_routing::config::{RoutingConfig, Update, WhatChanged};
use serde_json::{Value, json};

use super::world::{count, rename};
use super::*;

/// The files with the nodes' URLs: a configuration has no passwords.
pub(crate) struct Secrets(tempfile::TempDir);

impl Secrets {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        this.put("primary", cluster.primary().url());
        for index in 0..cluster.replicas() {
            this.put(&format!("replica-{index}"), cluster.replica(index).url());
        }
        this
    }

    pub(crate) fn put(&self, node: &str, url: &str) {
        std::fs::write(self.0.path().join(node), url).unwrap();
    }

    /// Returns a configuration with these nodes, and what else is said of them and beside them.
    #[expect(clippy::needless_pass_by_value, reason = "callers write it in place")]
    pub(crate) fn config(&self, names: &[&str], nodes: Value, more: Value) -> RoutingConfig {
        let mut config = more;
        for name in names {
            let mut node = nodes.get(name).cloned().unwrap_or(json!({}));
            node["url_file"] = json!(self.0.path().join(name));
            node["role"] = json!(if *name == "primary" {
                "primary"
            } else {
                "replica"
            });
            config["nodes"][name] = node;
        }
        RoutingConfig::read(config).unwrap()
    }
}

pub(crate) async fn started(config: &RoutingConfig) -> Router {
    wait!(builder().config(config).build()).unwrap()
}

async fn eventual(router: &Router) -> (String, Reason) {
    let mut conn = wait!(router.read_eventual()).unwrap();
    assert_eq!(count(&mut conn).await, 2);
    let route = conn.route();
    (route.node.to_owned(), route.reason)
}

/// Returns the number of open connections of a node's pool, and the most that it opens.
fn pool(router: &Router, node: &str, kind: PoolKind) -> (u32, u32) {
    let status = router.status();
    let node = status.nodes.iter().find(|known| known.name == node);
    let pools = &node.unwrap().pools;
    let pool = pools.iter().find(|pool| pool.pool == kind).unwrap();
    (pool.open, pool.max_size)
}

#[test]
fn what_a_configuration_says_holds_at_once_and_stands_in_the_status() {
    run(async {
        let cluster = Cluster::start(1);
        let secrets = Secrets::of(&cluster);
        let names = ["primary", "replica-0"];
        let config = |more| secrets.config(&names, json!({}), more);
        let router = started(&config(json!({}))).await;
        assert_eq!(
            eventual(&router).await,
            ("replica-0".into(), Reason::Eventual)
        );
        let status = router.status().configuration;
        assert_eq!(
            (status.version, status.by, status.changes.len()),
            (1, None, 0)
        );
        let all = config(json!({ "balance": { "primary_share": 1.0 } }));
        let changes = wait!(router.apply(Update::new(&all).by("deploy 42"))).unwrap();
        assert_eq!(changes.to_string(), "`balance.primary_share`: unset -> 1.0");
        assert_eq!(
            eventual(&router).await,
            ("primary".into(), Reason::PrimaryShare)
        );
        let status = router.status().configuration;
        assert_eq!(
            (status.version, status.by.as_deref()),
            (2, Some("deploy 42"))
        );
        assert_eq!(status.changes, [changes.to_string()]);
        // The same again is no change.
        let changes = wait!(router.apply(&all)).unwrap();
        assert!(changes.is_empty() && changes.version == 2, "{changes:?}");
        assert_eq!(
            router.status().configuration.by.as_deref(),
            Some("deploy 42")
        );
        // What is left out again is as it was.
        wait!(router.apply(&config(json!({})))).unwrap();
        assert_eq!(
            eventual(&router).await,
            ("replica-0".into(), Reason::Eventual)
        );
        assert_eq!(router.status().configuration.version, 3);
    });
}

#[test]
fn nodes_come_and_go_and_those_that_stay_keep_their_connections() {
    run(async {
        let cluster = Cluster::start(2);
        let secrets = Secrets::of(&cluster);
        let config = |names: &[&str], nodes| secrets.config(names, nodes, json!({}));
        let router = started(&config(&["primary", "replica-0"], json!({}))).await;
        eventual(&router).await;
        rename(&mut wait!(router.write()).unwrap(), "cleo").await;
        let nodes =
            json!({ "replica-0": { "weight": 3, "tags": ["reporting"], "only_tagged": true } });
        let changes = wait!(router.apply(&config(
            &["primary", "replica-0", "replica-1"],
            nodes.clone()
        )));
        let changes = changes.unwrap();
        let became = |node: &str| {
            let change = changes.nodes.iter().find(|change| change.node == node);
            change.map(|change| change.what.clone())
        };
        assert_eq!(became("replica-1"), Some(WhatChanged::Added));
        assert_eq!(
            became("replica-0"),
            Some(WhatChanged::Adjusted { renewed: vec![] })
        );
        assert_eq!(became("primary"), None);
        assert_eq!(
            router.nodes().names(),
            ["primary", "replica-0", "replica-1"]
        );
        for (node, kind) in [("replica-0", PoolKind::Read), ("primary", PoolKind::Write)] {
            assert_eq!(pool(&router, node, kind).0, 1, "{node}");
        }
        for _ in 0..10 {
            assert_eq!(eventual(&router).await.0, "replica-1");
        }
        let conn = wait!(router.on("reporting").read_eventual()).unwrap();
        assert_eq!(conn.route().node, "replica-0");
        drop(conn);
        let changes = wait!(router.apply(&config(&["primary", "replica-0"], nodes))).unwrap();
        let gone = changes
            .nodes
            .iter()
            .map(|change| (&*change.node, &change.what));
        assert_eq!(
            gone.collect::<Vec<_>>(),
            [("replica-1", &WhatChanged::Removed)]
        );
        assert_eq!(router.nodes().names(), ["primary", "replica-0"]);
        assert_eq!(eventual(&router).await.0, "primary");
    });
}

#[test]
fn a_pool_whose_settings_change_is_new_and_the_others_stay() {
    run(async {
        let cluster = Cluster::start(1);
        let secrets = Secrets::of(&cluster);
        let names = ["primary", "replica-0"];
        let config = |size: u32| {
            let nodes = json!({ "primary": { "pools": { "read": { "size": size } } } });
            secrets.config(&names, nodes, json!({}))
        };
        let router = started(&config(2)).await;
        rename(&mut wait!(router.write()).unwrap(), "cleo").await;
        let mut held = wait!(router.read_primary()).unwrap();
        assert_eq!(pool(&router, "primary", PoolKind::Read), (1, 2));
        let changes = wait!(router.apply(&config(4))).unwrap();
        let what = WhatChanged::Adjusted {
            renewed: vec![PoolKind::Read],
        };
        assert_eq!(changes.nodes[0].what, what);
        assert_eq!(pool(&router, "primary", PoolKind::Read), (0, 4));
        assert_eq!(pool(&router, "primary", PoolKind::Write).0, 1);
        // What was lent before goes on working, and does not come back.
        assert_eq!(count(&mut held).await, 2);
        drop(held);
        assert_eq!(pool(&router, "primary", PoolKind::Read).0, 0);
        let mut conn = wait!(router.read_primary()).unwrap();
        assert_eq!(count(&mut conn).await, 2);
        assert_eq!(pool(&router, "primary", PoolKind::Read), (1, 4));
    });
}

#[test]
fn nothing_changes_if_anything_is_wrong() {
    run(async {
        let cluster = Cluster::start(2);
        let secrets = Secrets::of(&cluster);
        let names = ["primary", "replica-0"];
        let good = secrets.config(&names, json!({}), json!({ "max_lag": "30s" }));
        let router = started(&good).await;
        let share = json!({ "balance": { "primary_share": 1.0 } });
        let more = ["primary", "replica-0", "replica-1"];
        let mut wrong = Vec::new();
        // A node that is to take the place of another, and does not answer.
        secrets.put("replica-0", Cluster::UNREACHABLE);
        let error =
            wait!(router.apply(&secrets.config(&more, json!({}), share.clone()))).unwrap_err();
        assert!(
            matches!(&error, Error::Checkout { node, .. } if node == "replica-0"),
            "{error:?}"
        );
        wrong.push(error);
        // A secret that is not there.
        let mut config = secrets.config(&more, json!({}), share.clone());
        config.nodes.get_mut("replica-1").unwrap().url_file = Some("/not/there".to_owned());
        wrong.push(wait!(router.apply(&config)).unwrap_err());
        // What a running router cannot change.
        let mut config = secrets.config(&more, json!({}), share.clone());
        config.zone = Some("a".to_owned());
        config.watch.interval = Some(Duration::from_millis(20).into());
        let error = wait!(router.apply(&config)).unwrap_err();
        assert!(
            error.to_string().contains("`watch.interval`, `zone`"),
            "{error}"
        );
        wrong.push(error);
        // A class that needs to know where it is.
        let mut config = secrets.config(&more, json!({}), share.clone());
        config.classes.insert(
            "far".to_owned(),
            serde_json::from_str(r#"{"region":"refuse"}"#).unwrap(),
        );
        wrong.push(wait!(router.apply(&config)).unwrap_err());
        // No node that may be the primary.
        wrong.push(
            wait!(router.apply(&secrets.config(&["replica-1"], json!({}), share))).unwrap_err(),
        );
        for error in wrong {
            let is_known = matches!(error, Error::Config(_) | Error::Checkout { .. });
            assert!(is_known, "{error:?}");
        }
        let status = router.status().configuration;
        assert_eq!((status.version, &*status.changes), (1, &[][..]));
        assert!(status.problem.unwrap().contains("no primary"));
        assert_eq!(router.nodes().names(), ["primary", "replica-0"]);
        assert_eq!(
            eventual(&router).await,
            ("replica-0".into(), Reason::Eventual)
        );
        // The one that runs is still the one that changes are measured by.
        secrets.put("replica-0", cluster.replica(0).url());
        assert!(wait!(router.apply(&good)).unwrap().is_empty());
        assert_eq!(router.status().configuration.problem, None);
    });
}

#[test]
fn what_code_sets_after_a_configuration_counts_more_then_as_later() {
    run(async {
        let cluster = Cluster::start(1);
        let secrets = Secrets::of(&cluster);
        let config = |more| secrets.config(&["primary", "replica-0"], json!({}), more);
        let first = config(json!({ "balance": { "primary_share": 1.0 } }));
        let replicas = || diesel_routing::Balance::Random.include_primary(0.0);
        let after = wait!(builder().config(&first).balance(replicas()).build()).unwrap();
        let before = wait!(builder().balance(replicas()).config(&first).build()).unwrap();
        assert_eq!(eventual(&after).await.0, "replica-0");
        assert_eq!(eventual(&before).await.0, "primary");
        let second = config(json!({ "balance": { "primary_share": 0.75 }, "max_lag": "9s" }));
        let changes = wait!(after.apply(&second)).unwrap();
        let marks: Vec<_> = changes
            .settings
            .iter()
            .map(|change| (&*change.key, change.is_overridden))
            .collect();
        assert_eq!(marks, [("balance.primary_share", true), ("max_lag", false)]);
        for _ in 0..20 {
            assert_eq!(eventual(&after).await.0, "replica-0");
        }
    });
}

#[test]
fn a_router_that_began_without_a_configuration_takes_one_over() {
    run(async {
        let cluster = Cluster::start(1);
        let secrets = Secrets::of(&cluster);
        let router = wait!(
            builder()
                .primary(cluster.primary())
                .replica(cluster.replica(0))
                .build()
        );
        let router = router.unwrap();
        eventual(&router).await;
        let only = secrets.config(&["primary"], json!({}), json!({ "wait": "1ms" }));
        let changes = wait!(router.apply(&only)).unwrap();
        assert_eq!(changes.nodes, [], "the same node, and others stay");
        assert_eq!(pool(&router, "replica-0", PoolKind::Read).0, 1);
        let both = secrets.config(
            &["primary", "replica-0"],
            json!({}),
            json!({ "wait": "1ms" }),
        );
        assert_eq!(wait!(router.apply(&both)).unwrap().nodes, []);
        // Now it is the configuration's.
        assert_eq!(wait!(router.apply(&only)).unwrap().nodes.len(), 1);
        assert_eq!(router.nodes().names(), ["primary"]);
    });
}

#[test]
fn a_closed_router_applies_nothing() {
    run(async {
        let cluster = Cluster::start(0);
        let secrets = Secrets::of(&cluster);
        let router = started(&secrets.config(&["primary"], json!({}), json!({}))).await;
        router.close();
        let config = secrets.config(&["primary"], json!({}), json!({ "max_lag": "9s" }));
        let error = wait!(router.apply(&config)).unwrap_err();
        assert!(
            matches!(
                error,
                Error::Checkout {
                    step: Step::Closed,
                    ..
                }
            ),
            "{error:?}"
        );
    });
}

/// Two configurations take turns: under one, replica 0 serves; under the other there is replica 1, and the primary serves all.
#[test]
fn reads_during_reloads_are_routed_under_one_configuration_or_the_other() {
    run(async {
        let cluster = Cluster::start(2);
        let secrets = Secrets::of(&cluster);
        let one = secrets.config(&["primary", "replica-0"], json!({}), json!({}));
        let share = json!({ "balance": { "primary_share": 1.0 } });
        let other = secrets.config(&["primary", "replica-1"], json!({}), share);
        let router = started(&one).await;
        let is_over = AtomicBool::new(false);
        let reads = [const { AtomicUsize::new(0) }; 4];
        let runtime = tokio::runtime::Handle::current();
        std::thread::scope(|scope| {
            let readers = reads.each_ref().map(|reads| {
                scope.spawn(|| {
                    runtime.block_on(async {
                        let mut routes = HashSet::new();
                        while !AtomicBool::load(&is_over, Relaxed) {
                            routes.insert(eventual(&router).await);
                            reads.fetch_add(1, Relaxed);
                        }
                        routes
                    })
                })
            });
            let changed = scope.spawn(|| {
                runtime.block_on(async {
                    for _ in 0..15 {
                        for config in [&other, &one] {
                            let changes = wait!(router.apply(config)).unwrap();
                            assert_eq!(changes.nodes.len(), 2, "{changes}");
                            let before = reads.each_ref().map(|reads| reads.load(Relaxed));
                            let (since, limit) = (Instant::now(), Duration::from_secs(20));
                            for (reads, before) in std::iter::zip(&reads, before) {
                                // The one under way, and one that began since.
                                while reads.load(Relaxed) < before + 2 {
                                    assert!(since.elapsed() < limit, "a reader has stopped");
                                    std::thread::yield_now();
                                }
                            }
                        }
                    }
                })
            });
            let changed = changed.join();
            AtomicBool::store(&is_over, true, Relaxed);
            changed.unwrap();
            for reader in readers {
                let mut routes = reader.join().unwrap();
                // Of a read whose replica was taken out while it asked for a connection.
                routes.remove(&("primary".to_owned(), Reason::Fallback));
                let expected = [
                    ("primary".to_owned(), Reason::PrimaryShare),
                    ("replica-0".to_owned(), Reason::Eventual),
                ];
                // Half of one and half of the other would read from `replica-1`.
                assert_eq!(routes, HashSet::from(expected));
            }
        });
        assert_eq!(router.status().configuration.version, 31);
    });
}
