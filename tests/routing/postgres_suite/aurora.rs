//! Instances of Aurora PostgreSQL, as far as functions of its names over real replication show them. Never run on the real
//! service.

use std::collections::BTreeSet;
use std::time::Instant;

use diesel_routing::{Health, NodeStatus};

use super::states::{status, until_read_from, until_written_to};
use super::world::{name, nodes, rename};
use super::*;

diesel::define_sql_function! {
    /// What a server is set to.
    fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

const WINDOW: Duration = Duration::from_secs(2);
const BOUND: Duration = Duration::from_secs(1);

fn cluster(readers: usize) -> Cluster {
    let cluster = Cluster::start(readers);
    cluster.simulate_aurora().unwrap();
    cluster
}

fn aurora(cluster: &Cluster) -> Builder {
    nodes(cluster, 4).aurora().window(WINDOW)
}

async fn router(cluster: &Cluster) -> Router {
    wait!(aurora(cluster).build()).unwrap()
}

/// Has a reader say something else.
fn says(cluster: &Cluster, reader: usize, setting: &str, value: &str) {
    let setting = format!("aurora.{setting}");
    cluster.standby(reader).set(&setting, value).unwrap();
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

/// The node and the reason of a read that may be a second old.
async fn bounded(router: &Router) -> (String, Reason) {
    let session = router.session();
    let conn = wait!(session.read_bounded(BOUND)).unwrap();
    (conn.route().node.to_owned(), conn.route().reason)
}

#[test]
fn while_a_reader_does_not_replay_no_session_reads_what_was_before_its_write() {
    run(async {
        let cluster = cluster(1);
        let router = router(&cluster).await;
        until_read_from(&router, "replica-0").await;
        cluster.pause(0);
        let session = router.session();
        rename(&mut wait!(session.write()).unwrap(), "eve").await;
        let since = Instant::now();
        let mut reasons = Vec::new();
        while since.elapsed() < WINDOW * 2 {
            let mut conn = wait!(session.read()).unwrap();
            let reason = conn.route().reason;
            assert_eq!(name(&mut conn).await, "eve", "{reason}");
            if reasons.last() != Some(&reason) {
                reasons.push(reason);
            }
        }
        assert_eq!(reasons, [Reason::RecentWrite, Reason::Fallback]);
        // Any state will do for others.
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert_eq!(name(&mut conn).await, "ann");
        drop(conn);
        cluster.resume(0);
        loop {
            let mut conn = wait!(session.read()).unwrap();
            assert_eq!(name(&mut conn).await, "eve");
            if !conn.route().is_primary {
                break;
            }
            assert!(since.elapsed() < Duration::from_secs(20));
        }
    });
}

#[test]
fn a_read_that_bounds_its_age_comes_from_a_reader_that_says_so_and_has_heard_of_its_writer() {
    run(async {
        let cluster = cluster(1);
        let router = router(&cluster).await;
        let until_bounded = async |node: &str, expected: Reason| {
            let since = Instant::now();
            loop {
                let read = bounded(&router).await;
                if read == (node.to_owned(), expected) {
                    return;
                }
                assert!(since.elapsed() < Duration::from_secs(20), "{read:?}");
            }
        };
        until_bounded("replica-0", Reason::Bounded).await;
        for (setting, stale, fresh) in [
            ("lag", "8000", "10"),
            ("lag", "null", "10"),
            // It may be cut off, and go on serving what it has.
            ("writer_age", "30", "0.1"),
            ("writer_age", "null", "0.1"),
            // As if its clock were behind.
            ("writer_age", "-30", "0.1"),
            // Its own row is missing, or that of the writer.
            ("instances", "node0", "node0,node1"),
            ("instances", "node1", "node0,node1"),
        ] {
            says(&cluster, 0, setting, stale);
            until_bounded("primary", Reason::TooStale).await;
            until_read_from(&router, "replica-0").await;
            says(&cluster, 0, setting, fresh);
            until_bounded("replica-0", Reason::Bounded).await;
        }
        // Past the limit for all reads.
        says(&cluster, 0, "writer_age", "600");
        until_read_from(&router, "primary").await;
        let lag = status(&router, "replica-0").lag.unwrap();
        assert!(lag > Duration::from_secs(599), "{lag:?}");
        assert_eq!(status(&router, "primary").lag, Some(Duration::ZERO));
        let reader = status(&router, "replica-0");
        // Nobody asks why it lags by functions that it lacks.
        assert_eq!((reader.position, reader.notice), (None, None));
    });
}

#[test]
fn of_the_readers_behind_one_name_each_serves_by_its_own_word() {
    run(async {
        let cluster = cluster(2);
        says(&cluster, 1, "lag", "8000");
        let address = cluster
            .address([cluster.standby(0), cluster.standby(1)])
            .unwrap();
        let readers = Node::new("readers", address.url()).read_pool_size(4);
        let primary = builder().primary(cluster.primary());
        let router = wait!(primary.replica(readers).aurora().build()).unwrap();
        let instance = async |conn: &mut ReadConn<Replica>| {
            let instance = diesel::select(current_setting("aurora.instance"));
            wait!(instance.get_result::<String>(conn)).unwrap()
        };
        let (mut bounded, mut any) = (BTreeSet::new(), BTreeSet::new());
        let since = Instant::now();
        while bounded.is_empty() || any.len() < 2 {
            let session = router.session();
            let mut held = Vec::new();
            for _ in 0..4 {
                held.push(wait!(router.read_eventual()).unwrap());
            }
            for conn in &mut held {
                any.insert(instance(conn).await);
            }
            drop(held);
            let mut held = Vec::new();
            for _ in 0..4 {
                held.push(wait!(session.read_bounded(BOUND)).unwrap());
            }
            for conn in &mut held {
                if !conn.route().is_primary {
                    bounded.insert(instance(conn).await);
                }
            }
            assert!(since.elapsed() < Duration::from_secs(20), "{any:?}");
        }
        assert_eq!(bounded.into_iter().collect::<Vec<_>>(), ["node1"]);
        assert_eq!(any.into_iter().collect::<Vec<_>>(), ["node1", "node2"]);
        // Only one of them is watched at a time.
        says(&cluster, 1, "lag", "10");
        let mut bounded = BTreeSet::new();
        while bounded.len() < 2 {
            let session = router.session();
            let mut held = Vec::new();
            for _ in 0..4 {
                held.push(wait!(session.read_bounded(BOUND)).unwrap());
            }
            for conn in &mut held {
                if !conn.route().is_primary {
                    bounded.insert(instance(conn).await);
                }
            }
            let late = since.elapsed() > Duration::from_secs(40);
            assert!(!late, "{bounded:?}");
        }
    });
}

#[test]
fn a_failover_is_followed_and_a_reader_serves_once_it_follows_the_new_writer() {
    run(async {
        let cluster = cluster(2);
        let router = router(&cluster).await;
        until_written_to(&router, "primary").await;
        cluster.node(0).kill().unwrap();
        cluster.standby(0).promote().unwrap();
        until_written_to(&router, "replica-0").await;
        let session = router.session();
        rename(&mut wait!(session.write()).unwrap(), "eve").await;
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(name(&mut conn).await, "eve");
        drop(conn);
        // A process that starts now.
        let urls = cluster.nodes().iter().map(|node| node.url());
        let names = ["primary", "replica-0", "replica-1"];
        let nodes = names
            .iter()
            .zip(urls)
            .map(|(name, url)| Node::new(*name, url));
        let late = nodes.fold(builder().aurora(), Builder::node);
        let late = wait!(late.build()).unwrap();
        until_written_to(&late, "replica-0").await;
        drop(late);

        // The other reader still believes in the former writer.
        until(&router, "replica-1", |node| {
            let problem = node.problem.as_deref().unwrap_or_default();
            node.health == Health::Excluded
                && problem.contains("follows the writer `node0`, and `node1` takes")
        });
        // Once it has heard of the other one, whose row is newer.
        cluster
            .node(2)
            .set("aurora.former_writer", "node0")
            .unwrap();
        cluster.node(2).set("aurora.writer", "node1").unwrap();
        until_read_from(&router, "replica-1").await;
        // The former writer is a reader.
        cluster.node(0).set("aurora.writer", "node1").unwrap();
        cluster.rebuild(0).unwrap();
        until_read_from(&router, "primary").await;
        until_written_to(&router, "replica-0").await;
    });
}

#[test]
fn a_node_whose_status_fails_is_down_with_the_servers_words_until_it_answers() {
    run(async {
        let cluster = cluster(1);
        let router = router(&cluster).await;
        until_read_from(&router, "replica-0").await;
        says(&cluster, 0, "fails", "on");
        until(&router, "replica-0", |node| {
            let problem = node.problem.as_deref().unwrap_or_default();
            node.health == Health::Down && problem.contains("the status of the instances is not")
        });
        until_read_from(&router, "primary").await;
        says(&cluster, 0, "fails", "off");
        until_read_from(&router, "replica-0").await;
    });
}

#[test]
fn another_server_than_auroras_is_refused_and_so_is_aurora_without_being_told() {
    run(async {
        let plain = Cluster::start(1);
        let error = wait!(aurora(&plain).build()).unwrap_err();
        assert!(
            matches!(&error, Error::Config(ConfigError::NotAurora { node, .. }) if node == "primary"),
            "{error:?}"
        );
        let words = error.to_string();
        assert!(words.contains("leave out `aurora()`"), "{words}");

        let cluster = cluster(1);
        let error = wait!(nodes(&cluster, 4).build()).unwrap_err();
        let is_told = |error: &Error| matches!(error, Error::Config(ConfigError::IsAurora { .. }));
        assert!(is_told(&error), "{error:?}");
        let words = error.to_string();
        assert!(
            words.contains("ask for what it has with `aurora()`"),
            "{words}"
        );
        let reader = builder().node(cluster.replica(0));
        let error = wait!(reader.build()).unwrap_err();
        assert!(is_told(&error), "{error:?}");

        let logical = cluster.replica(0).logical().tag("reporting");
        let measured = builder().primary(cluster.primary()).replica(logical);
        let error = wait!(measured.aurora().build()).unwrap_err();
        assert!(
            matches!(&error, Error::Config(ConfigError::LogicalElsewhere { .. })),
            "{error:?}"
        );

        // The last one counts, and a single database is not asked.
        wait!(aurora(&cluster).window_only().build()).unwrap();
        wait!(builder().single_database(plain.primary()).aurora().build()).unwrap();
        let sql = "REVOKE EXECUTE ON FUNCTION aurora_replica_status() FROM PUBLIC";
        cluster.node(0).admin_execute(sql).unwrap();
        let error = wait!(aurora(&cluster).build()).unwrap_err();
        assert!(
            matches!(&error, Error::Config(ConfigError::MayNotAsk { .. })),
            "{error:?}"
        );
    });
}
