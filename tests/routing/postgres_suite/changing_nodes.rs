//! Nodes that come and go while clients work, on PostgreSQL.

use std::time::Instant;

use diesel_routing::Health;

use super::changing_load::Load;
use super::states::{status, until_read_from, until_written_to};
use super::world::count;
use super::*;

fn quick(node: Node) -> Node {
    node.read_pool_size(16)
        .write_pool_size(16)
        // Long: what is tested is not how a machine that is busy with other tests keeps the time.
        .checkout_timeout(Duration::from_secs(10))
}

/// A node by the name that the server has in the kit.
fn node(cluster: &Cluster, index: usize) -> Node {
    quick(Node::new(
        format!("node-{index}"),
        cluster.node(index).url(),
    ))
}

/// A router of the first nodes.
async fn router(cluster: &Cluster, nodes: usize) -> Router {
    let first = builder().primary(node(cluster, 0));
    let all = (1..nodes).map(|index| node(cluster, index));
    wait!(all.fold(first, Builder::replica).build()).unwrap()
}

/// The number of connections to a server that clients have.
fn connections(cluster: &Cluster, index: usize) -> u32 {
    let sql = "SELECT count(*) FROM pg_stat_activity \
               WHERE backend_type = 'client backend' AND usename = 'app' AND pid <> pg_backend_pid()";
    let count = cluster.node(index).admin_value(sql).unwrap();
    count.unwrap().parse().unwrap()
}

fn until_no_connections(cluster: &Cluster, index: usize) {
    let since = Instant::now();
    while connections(cluster, index) > 0 {
        let late = since.elapsed() > Duration::from_secs(5);
        assert!(!late, "{} are open", connections(cluster, index));
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_standby_that_is_added_under_load_serves_and_one_that_is_removed_fails_no_read() {
    run(async {
        let cluster = Cluster::start(2);
        let router = router(&cluster, 2).await;
        let load = Load::start(&router, 8);
        load.goes_on();
        let nodes = router.nodes();
        wait!(nodes.add(node(&cluster, 2))).unwrap();
        load.reads_from(&["node-1", "node-2"]);
        assert!(connections(&cluster, 1) > 0);
        assert_eq!(wait!(nodes.remove("node-1")).unwrap(), 0);
        until_no_connections(&cluster, 1);
        load.goes_on();
        let tally = load.end();
        assert_eq!(tally.failed_reads, [""; 0]);
        assert_eq!(tally.failed_writes, [""; 0]);
        assert!(tally.nodes.contains("node-2"), "{:?}", tally.nodes);
        assert_eq!(connections(&cluster, 1), 0);
        assert_eq!(nodes.names(), ["node-0", "node-2"]);
    });
}

#[test]
fn a_new_secret_takes_the_place_of_the_old_one_and_fails_nothing() {
    run(async {
        let cluster = Cluster::start(1);
        let server = cluster.node(0);
        server
            .admin_execute("CREATE ROLE other LOGIN PASSWORD 'two'")
            .unwrap();
        server.admin_execute("GRANT app TO other").unwrap();
        cluster.catch_up();
        for index in 0..2 {
            cluster
                .node(index)
                .set_access("local all other scram-sha-256")
                .unwrap();
        }
        let router = router(&cluster, 2).await;
        let load = Load::start(&router, 4);
        load.goes_on();
        let new = |index: usize, password: &str| {
            let url = cluster.node(index).url_for("other", "app");
            assert!(url.contains("other@"), "{url}");
            let url = url.replacen("other@", &format!("other:{password}@"), 1);
            quick(Node::new(format!("node-{index}"), url))
        };
        let nodes = router.nodes();
        for index in [1, 0] {
            assert_eq!(wait!(nodes.replace(new(index, "two"))).unwrap(), 0);
            until_no_connections(&cluster, index);
            load.goes_on();
        }
        let tally = load.end();
        assert_eq!(tally.failed_reads, [""; 0]);
        assert_eq!(tally.failed_writes, [""; 0]);
        assert_eq!(nodes.names().len(), 2);
        // A wrong one is told, and takes the place of none.
        let error = wait!(nodes.replace(new(1, "hunter2"))).unwrap_err();
        let words = format!("{error:?} {error}");
        assert!(words.contains("authentication failed"), "{words}");
        assert!(!words.contains("hunter2"), "{words}");
        assert_eq!(nodes.names().len(), 2);
        until_read_from(&router, "node-1").await;
    });
}

#[test]
fn without_its_primary_a_router_reads_on_and_writes_once_another_takes_writes() {
    run(async {
        let cluster = Cluster::start(2);
        let router = router(&cluster, 3).await;
        let session = router.session();
        let written = "UPDATE users SET name = 'eve' WHERE id = 2";
        let mut conn = wait!(session.write()).unwrap();
        wait!(conn.batch_execute(written)).unwrap();
        drop(conn);
        let since = Instant::now();
        while wait!(session.read()).unwrap().route().is_primary {
            assert!(since.elapsed() < Duration::from_secs(10));
        }
        let nodes = router.nodes();
        assert_eq!(wait!(nodes.remove("node-0")).unwrap(), 0);
        until_no_connections(&cluster, 0);
        let error = wait!(router.write()).unwrap_err();
        assert!(matches!(error, Error::NoPrimary { .. }), "{error:?}");
        assert!(!error.to_string().contains("node-0"), "{error}");
        let mut conn = wait!(session.read()).unwrap();
        assert!(!conn.route().is_primary);
        assert_eq!(count(&mut conn).await, 2);
        drop(conn);
        cluster.node(0).kill().unwrap();
        cluster.node(1).promote().unwrap();
        until_written_to(&router, "node-1").await;
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(count(&mut conn).await, 2);
    });
}

/// The old primary of a cluster that has failed over takes writes, and must get none: not even where the new primary is
/// removed.
#[test]
fn a_primary_that_is_removed_leaves_nothing_to_one_on_an_older_history() {
    run(async {
        let cluster = Cluster::start(1);
        let router = router(&cluster, 2).await;
        cluster.node(1).promote().unwrap();
        until_written_to(&router, "node-1").await;
        let since = Instant::now();
        while status(&router, "node-0").health != Health::Excluded {
            assert!(
                since.elapsed() < Duration::from_secs(10),
                "{:?}",
                router.status()
            );
        }
        wait!(router.nodes().remove("node-1")).unwrap();
        for _ in 0..3 {
            let error = wait!(router.write()).map(drop).unwrap_err();
            assert!(matches!(error, Error::NoPrimary { .. }), "{error:?}");
        }
        wait!(router.nodes().add(node(&cluster, 1))).unwrap();
        until_written_to(&router, "node-1").await;
    });
}

#[test]
fn without_its_last_replica_a_router_reads_from_the_primary_within_the_budget() {
    run(async {
        let cluster = Cluster::start(2);
        let router = router(&cluster, 3).await;
        let load = Load::start(&router, 4);
        load.goes_on();
        let nodes = router.nodes();
        wait!(nodes.remove("node-1")).unwrap();
        wait!(nodes.remove("node-2")).unwrap();
        let reason = wait!(router.read_eventual()).unwrap().route().reason;
        assert_eq!(reason, Reason::NoReplica);
        let tally = load.end();
        assert_eq!(tally.failed_reads, [""; 0]);
        wait!(nodes.add(node(&cluster, 2))).unwrap();
        until_read_from(&router, "node-2").await;
    });
}

#[test]
fn a_node_of_another_cluster_is_not_added_and_one_that_is_down_is_and_serves_later() {
    run(async {
        let (cluster, other) = (Cluster::start(1), Cluster::foreign());
        let router = router(&cluster, 1).await;
        let nodes = router.nodes();
        let foreign = quick(Node::new("foreign", other.node(0).url()));
        let error = wait!(nodes.add(foreign)).unwrap_err();
        match error {
            Error::Config(ConfigError::OtherCluster {
                replica, primary, ..
            }) => {
                assert_eq!((replica.as_str(), primary.as_str()), ("foreign", "node-0"));
            }
            error => panic!("{error:?}"),
        }
        assert_eq!(nodes.names(), ["node-0"]);
        until_no_connections_of(&other);
        cluster.node(1).kill().unwrap();
        wait!(nodes.add(node(&cluster, 1))).unwrap();
        assert_eq!(status(&router, "node-1").health, Health::Down);
        cluster.node(1).start().unwrap();
        until_read_from(&router, "node-1").await;
    });
}

fn until_no_connections_of(other: &Cluster) {
    until_no_connections(other, 0);
}

#[test]
fn where_every_node_is_required_one_that_is_down_is_not_added() {
    run(async {
        let cluster = Cluster::start(1);
        let strict = builder().primary(node(&cluster, 0)).require_all();
        let router = wait!(strict.build()).unwrap();
        cluster.node(1).kill().unwrap();
        let error = wait!(router.nodes().add(node(&cluster, 1))).unwrap_err();
        assert!(matches!(error, Error::Checkout { .. }), "{error:?}");
        assert_eq!(router.nodes().names(), ["node-0"]);
    });
}

/// Three servers by three others, the primary too, which fails over in between.
#[test]
fn a_rolling_replacement_of_all_nodes_fails_no_read_and_writes_for_less_than_a_second() {
    run(async {
        let cluster = Cluster::start(5);
        let router = router(&cluster, 3).await;
        let load = Load::start(&router, 16);
        load.goes_on();
        let nodes = router.nodes();
        for (old, new) in [(1, 3), (2, 4)] {
            load.reads_from(&[&format!("node-{old}")]);
            wait!(nodes.add(node(&cluster, new))).unwrap();
            wait!(nodes.remove(&format!("node-{old}"))).unwrap();
            load.reads_from(&[&format!("node-{new}")]);
        }
        wait!(nodes.add(node(&cluster, 5))).unwrap();
        // The primary is lost; whoever has received most takes over.
        cluster.node(0).kill().unwrap();
        let position = |index: &usize| cluster.node(*index).position().unwrap();
        let heir = [3, 4, 5].into_iter().max_by_key(position).unwrap();
        cluster.node(heir).promote().unwrap();
        wait!(nodes.remove("node-0")).unwrap();
        for other in [3, 4, 5].into_iter().filter(|&other| other != heir) {
            cluster.repoint(other, heir).unwrap();
        }
        until_written_to(&router, &format!("node-{heir}")).await;
        load.reads_from(&["node-3", "node-4", "node-5"]);
        let tally = load.end();
        assert_eq!(tally.failed_reads, [""; 0]);
        assert!(
            tally.down < Duration::from_secs(1),
            "{:?}: {:?}",
            tally.down,
            tally.failed_writes
        );
        let mut names = nodes.names();
        names.sort();
        assert_eq!(names, ["node-3", "node-4", "node-5"]);
        for gone in ["node-1", "node-3", "node-4", "node-5"] {
            assert!(tally.nodes.contains(gone), "{:?}", tally.nodes);
        }
        println!(
            "{} reads, {} writes, {:?} without",
            tally.reads, tally.writes, tally.down
        );
    });
}
