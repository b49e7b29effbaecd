//! Nodes that come and go, with servers of any kind.

use super::world::{count, name, rename};
use super::*;

/// A router of the primary alone.
async fn alone(cluster: &Cluster) -> Router {
    wait!(builder().primary(cluster.primary()).build()).unwrap()
}

async fn eventual(router: &Router) -> (String, Reason) {
    let mut conn = wait!(router.read_eventual()).unwrap();
    assert_eq!(count(&mut conn).await, 2);
    let route = conn.route();
    (route.node.to_owned(), route.reason)
}

#[test]
fn a_replica_that_was_added_serves_reads_and_none_once_it_was_removed() {
    run(async {
        let cluster = Cluster::start(1);
        let router = alone(&cluster).await;
        assert_eq!(
            eventual(&router).await,
            ("primary".into(), Reason::NoReplica)
        );
        let nodes = router.nodes();
        wait!(nodes.add(cluster.replica(0))).unwrap();
        assert_eq!(nodes.names(), ["primary", "replica-0"]);
        assert_eq!(
            eventual(&router).await,
            ("replica-0".into(), Reason::Eventual)
        );
        assert_eq!(wait!(nodes.remove("replica-0")).unwrap(), 0);
        assert_eq!(nodes.names(), ["primary"]);
        assert_eq!(
            eventual(&router).await,
            ("primary".into(), Reason::NoReplica)
        );
        // Its place is free, and it may come back.
        wait!(nodes.add(cluster.replica(0))).unwrap();
        assert_eq!(
            eventual(&router).await,
            ("replica-0".into(), Reason::Eventual)
        );
        let status = router.status();
        let names: Vec<_> = status.nodes.iter().map(|node| node.name.as_str()).collect();
        assert_eq!(names, ["primary", "replica-0"]);
    });
}

#[test]
fn handles_and_sessions_outlive_the_nodes_that_they_are_of() {
    run(async {
        let cluster = Cluster::start(1);
        let router = alone(&cluster).await;
        let nodes = router.nodes();
        wait!(nodes.add(cluster.replica(0))).unwrap();
        let session = router.session();
        rename(&mut wait!(session.write()).unwrap(), "cleo").await;
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert_eq!(conn.route().node, "replica-0");
        let remover = {
            let (nodes, runtime) = (nodes.clone(), tokio::runtime::Handle::current());
            std::thread::spawn(move || {
                runtime.block_on(async { wait!(nodes.remove("replica-0")).unwrap() })
            })
        };
        while nodes.names().len() > 1 {
            std::thread::yield_now();
        }
        // It works until it is given back, and still says where it is from.
        assert_eq!(count(&mut conn).await, 2);
        assert_eq!(conn.route().node, "replica-0");
        assert!(!remover.is_finished(), "it waits for the handle");
        drop(conn);
        assert_eq!(remover.join().unwrap(), 0);
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(conn.route().node, "primary");
        assert_eq!(name(&mut conn).await, "cleo");
        drop(conn);
        // Another node in its place.
        wait!(nodes.add(Node::new("other", cluster.replica_url()))).unwrap();
        let mut conn = wait!(session.read()).unwrap();
        assert_eq!(name(&mut conn).await, "cleo");
    });
}

#[test]
fn a_handle_that_stays_out_is_counted_once_the_time_is_over() {
    run(async {
        let cluster = Cluster::start(1);
        let router = wait!(
            builder()
                .primary(cluster.primary())
                .replica(cluster.replica(0))
                .drain_timeout(Duration::from_millis(100))
                .build()
        )
        .unwrap();
        let mut conn = wait!(router.read_eventual()).unwrap();
        assert_eq!(conn.route().node, "replica-0");
        assert_eq!(wait!(router.nodes().remove("replica-0")).unwrap(), 1);
        assert_eq!(count(&mut conn).await, 2);
    });
}

#[test]
fn names_that_are_taken_or_unknown_are_refused_and_so_is_a_node_that_can_not_work() {
    run(async {
        let cluster = Cluster::start(1);
        let router = alone(&cluster).await;
        let nodes = router.nodes();
        let refused = |error: Error| match error {
            Error::Config(error) => error,
            error => panic!("{error:?}"),
        };
        let twice = Node::new("primary", cluster.replica_url());
        let error = refused(wait!(nodes.add(twice.clone())).unwrap_err());
        let name = || "primary".to_owned();
        assert_eq!(error, ConfigError::DuplicateName { name: name() });
        for error in [
            wait!(nodes.remove("nobody")).unwrap_err(),
            wait!(nodes.replace(Node::new("nobody", cluster.replica_url()))).unwrap_err(),
        ] {
            let words = refused(error).to_string();
            assert!(
                words.contains("`nobody`") && words.contains("`primary`"),
                "{words}"
            );
        }
        let error = refused(wait!(nodes.remove("primary")).unwrap_err());
        assert_eq!(error, ConfigError::LastNode { node: name() });
        let empty = cluster.replica(0).read_pool_size(0);
        let error = refused(wait!(nodes.add(empty)).unwrap_err());
        assert!(matches!(error, ConfigError::EmptyPool { .. }), "{error:?}");
        let same = Node::new("same", cluster.primary_url());
        let error = refused(wait!(nodes.add(same)).unwrap_err());
        assert!(
            matches!(error, ConfigError::ReplicaIsPrimary { .. }),
            "{error:?}"
        );
        assert_eq!(nodes.names(), ["primary"]);
        assert_eq!(
            eventual(&router).await,
            ("primary".into(), Reason::NoReplica)
        );
    });
}

#[test]
fn a_closed_router_and_one_of_a_single_database_change_no_nodes() {
    run(async {
        let cluster = Cluster::start(1);
        let router = alone(&cluster).await;
        router.close();
        let error = wait!(router.nodes().add(cluster.replica(0))).unwrap_err();
        let is_closed = matches!(
            error,
            Error::Checkout {
                step: Step::Closed,
                ..
            }
        );
        assert!(is_closed, "{error:?}");
        let single = wait!(builder().single_database(cluster.primary()).build()).unwrap();
        let nodes = single.nodes();
        for error in [
            wait!(nodes.add(cluster.replica(0))).unwrap_err(),
            wait!(nodes.remove("primary-replica")).unwrap_err(),
        ] {
            let is_single = matches!(error, Error::Config(ConfigError::NotSingle { .. }));
            assert!(is_single, "{error:?}");
        }
    });
}
