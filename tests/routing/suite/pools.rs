//! What pools lend, and what they say when they cannot.

use std::error::Error as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::world::{World, count, nodes};
use super::*;

#[test]
fn an_exhausted_pool_names_the_node_and_the_wait() {
    run(async {
        let cluster = Cluster::start(0);
        let timeout = Duration::from_millis(300);
        let primary = cluster.primary().read_pool_size(1);
        let router = wait!(builder().primary(primary.checkout_timeout(timeout)).build()).unwrap();
        let held = wait!(router.read_primary()).unwrap();
        let since = Instant::now();
        let error = wait!(router.read_primary()).unwrap_err();
        let took = since.elapsed();
        let Error::Checkout {
            node, step, waited, ..
        } = &error
        else {
            panic!("{error:?}")
        };
        assert_eq!((node.as_str(), *step), ("primary", Step::Wait));
        assert!(*waited >= timeout && *waited <= took, "{waited:?}");
        let words = error.to_string();
        assert!(
            words.contains("`primary`") && words.contains("wait"),
            "{words}"
        );
        assert!(words.contains("connections held too long"), "{words}");
        drop(held);
        drop(wait!(router.read_primary()).expect("the connection is back"));
    });
}

/// Returns a connection of the replica, once it has opened one within its share of a caller's time.
async fn from_the_replica(router: &Router) -> ReadConn<Replica> {
    let since = Instant::now();
    loop {
        let conn = wait!(router.read_eventual()).unwrap();
        if conn.route().node == "replica-0" {
            return conn;
        }
        assert!(since.elapsed() < Duration::from_secs(20));
    }
}

/// Callers waited for a replica's pool to the end of their time, however idle the other nodes were.
#[test]
fn a_read_goes_elsewhere_when_a_replicas_pool_is_exhausted() {
    run(async {
        let cluster = Cluster::start(1);
        let replica = cluster.replica(0).read_pool_size(1);
        let router = wait!(
            builder()
                .primary(cluster.primary())
                .replica(replica.checkout_timeout(Duration::from_secs(20)))
                .node_share(Duration::from_millis(50))
                .build()
        )
        .unwrap();
        let held = from_the_replica(&router).await;
        let since = Instant::now();
        let other = wait!(router.read_eventual()).unwrap();
        assert_eq!(other.route().reason, Reason::Fallback);
        assert!(since.elapsed() < Duration::from_secs(10));
        drop(other);
        drop(held);
        drop(from_the_replica(&router).await);
    });
}

/// Such a read was told to raise the pool's size, and not that no replica serves.
#[test]
fn a_read_past_the_budget_for_reads_without_a_replica_is_told_of_it() {
    run(async {
        let cluster = Cluster::start(1);
        let timeout = Duration::from_millis(500);
        let timely = |node: Node| node.checkout_timeout(timeout).read_pool_size(1);
        let router = wait!(
            builder()
                .primary(timely(cluster.primary()).fallback_pool_size(1))
                .replica(timely(cluster.replica(0)))
                .node_share(Duration::from_millis(200))
                .build()
        )
        .unwrap();
        let _replicas = from_the_replica(&router).await;
        let _budget = wait!(router.read_eventual()).unwrap();
        let since = Instant::now();
        let error = wait!(router.read_eventual()).unwrap_err();
        let took = since.elapsed();
        let Error::NoReplica { node, budget, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((&**node, *budget), ("primary", 1));
        let words = error.to_string();
        assert!(words.contains("`replica-0` is up"), "{words}");
        assert!(words.contains("Node::fallback_pool_size"), "{words}");
        // In time, which ends while the replica is tried once more; and not much later.
        assert!(took >= timeout && took < timeout * 3, "{took:?}");
    });
}

#[test]
fn writes_do_not_wait_for_readers_of_the_primary() {
    run(async {
        let world = World::sized(0, 1, |builder| builder).await;
        let reader = wait!(world.router.read_primary()).unwrap();
        drop(wait!(world.router.write()).expect("writes have a pool of their own"));
        drop(reader);
    });
}

#[test]
fn a_closed_router_lends_nothing_and_says_so_at_once() {
    run(async {
        let world = World::start(1).await;
        let session = world.router.session();
        let mut held = wait!(session.read_eventual()).unwrap();
        world.router.clone().close();
        let since = Instant::now();
        for (error, node) in [
            (wait!(session.read()).map(drop), "replica-0"),
            (wait!(session.write()).map(drop), "primary"),
            (wait!(world.router.read_primary()).map(drop), "primary"),
        ] {
            let error = error.unwrap_err();
            assert!(
                matches!(&error, Error::Checkout { node: of, step: Step::Closed, .. } if of == node),
                "{error:?}"
            );
            assert!(error.to_string().contains("build a new one"), "{error}");
        }
        assert!(since.elapsed() < Duration::from_secs(5));
        assert_eq!(count(&mut held).await, 2, "a handle that is out goes on");
    });
}

#[test]
fn the_set_up_hook_runs_on_every_connection_of_every_pool() {
    run(async {
        let calls: &AtomicUsize = Box::leak(Box::default());
        let world = World::with(1, |builder| {
            builder.on_connect(hook!(|_conn| {
                calls.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }))
        })
        .await;
        let mut before = calls.load(Ordering::SeqCst);
        let mut ran = || {
            let now = calls.load(Ordering::SeqCst);
            std::mem::replace(&mut before, now) < now
        };
        let _replica = wait!(world.router.read_eventual()).unwrap();
        assert!(ran(), "the replica's");
        let _reader = wait!(world.router.read_primary()).unwrap();
        assert!(ran(), "the primary's, for reads");
        let _writer = wait!(world.router.write()).unwrap();
        assert!(ran(), "the primary's, for writes");
    });
}

#[test]
fn a_set_up_hook_that_fails_is_named_at_build_time() {
    run(async {
        let cluster = Cluster::start(0);
        let failing = nodes(&cluster, 1).on_connect(hook!(|conn| {
            wait!(conn.batch_execute("this is no SQL"))
        }));
        let error = wait!(failing.build()).unwrap_err();
        assert!(
            matches!(&error, Error::Checkout { node, step: Step::SetUp, .. } if node == "primary"),
            "{error:?}"
        );
        assert!(error.source().is_some(), "it keeps its cause");
    });
}

#[test]
fn connections_are_reused() {
    run(async {
        let calls: &AtomicUsize = Box::leak(Box::default());
        let world = World::with(1, |builder| {
            builder.on_connect(hook!(|_conn| {
                calls.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }))
        })
        .await;
        drop(wait!(world.router.read_eventual()).unwrap());
        let opened = calls.load(Ordering::SeqCst);
        for _ in 0..20 {
            count(&mut wait!(world.router.read_eventual()).unwrap()).await;
        }
        assert_eq!(calls.load(Ordering::SeqCst), opened);
    });
}
