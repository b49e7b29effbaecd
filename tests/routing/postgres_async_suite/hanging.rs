//! Servers that take connections and then say nothing, and servers that take none.

use std::time::Instant;

use super::world::count;
use super::*;

const TIMEOUT: Duration = Duration::from_millis(400);

fn replica_behind(url: String) -> Node {
    Node::new("replica-0", url)
        .read_pool_size(1)
        .checkout_timeout(TIMEOUT)
        .connect_timeout(TIMEOUT)
}

fn node_and_step(error: &Error) -> (&str, Step) {
    match error {
        Error::Checkout { node, step, .. } => (node, *step),
        _ => panic!("{error:?}"),
    }
}

#[test]
fn building_a_router_that_requires_all_nodes_does_not_wait_for_one_that_hangs() {
    run(async {
        let cluster = Cluster::start(1);
        let proxy = cluster.standby(0).proxy().unwrap();
        proxy.hang().unwrap();
        let since = Instant::now();
        let hanging = builder()
            .primary(cluster.primary())
            .replica(replica_behind(proxy.url()))
            .require_all();
        let error = hanging.build().await.unwrap_err();
        assert_eq!(node_and_step(&error), ("replica-0", Step::Connect));
        assert!(since.elapsed() >= TIMEOUT);
    });
}

#[test]
fn a_pooled_connection_that_hangs_holds_nobody_up_for_long() {
    run(async {
        let cluster = Cluster::start(1);
        let proxy = cluster.standby(0).proxy().unwrap();
        let router = builder()
            .check_after_idle(Duration::ZERO)
            .primary(cluster.primary())
            .replica(replica_behind(proxy.url()))
            .build()
            .await
            .unwrap();
        drop(router.read_eventual().await.unwrap());
        proxy.hang().unwrap();
        let since = Instant::now();
        match router.read_eventual().await {
            Ok(conn) => assert!(conn.route().is_primary),
            Err(error) => panic!("{error:?}"),
        }
        assert!(since.elapsed() < 4 * TIMEOUT, "{:?}", since.elapsed());
        drop(router.write().await.expect("the primary is untouched"));

        proxy.restore().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut conn = loop {
            match router.read_eventual().await {
                Ok(conn) => break conn,
                Err(error) => assert!(Instant::now() < deadline, "{error:?}"),
            }
        };
        assert_eq!(count(&mut conn).await, 2);
    });
}

/// The reads that began before the watcher gave the node up, in about a second, failed after three.
#[test]
fn a_replica_that_freezes_fails_no_read_and_holds_none_up_for_long() {
    run(async {
        let cluster = Cluster::start(2);
        let proxy = cluster.standby(0).proxy().unwrap();
        let router = builder()
            .primary(cluster.primary())
            .replica(Node::new("replica-0", proxy.url()))
            .replica(cluster.replica(1))
            .build()
            .await
            .unwrap();
        for _ in 0..20 {
            count(&mut router.read_eventual().await.unwrap()).await;
        }
        proxy.hang().unwrap();
        let (mut reads, mut others) = (tokio::task::JoinSet::new(), tokio::task::JoinSet::new());
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        for _ in 0..1000 {
            ticks.tick().await;
            let session = router.session();
            reads.spawn(async move {
                let since = Instant::now();
                let read =
                    session.reading(async |conn| users::table.count().get_result(conn).await);
                let counted: Result<i64, Error> = read.await;
                (counted, since.elapsed())
            });
            let router = router.clone();
            others.spawn(async move {
                let since = Instant::now();
                count(&mut router.read_primary().await.unwrap()).await;
                since.elapsed()
            });
        }
        let reads = reads.join_all().await;
        for (counted, _) in &reads {
            assert_eq!(counted.as_ref().ok(), Some(&2), "{counted:?}");
        }
        let slowest = reads.iter().map(|(_, took)| *took).max().unwrap();
        let noise = others.join_all().await.into_iter().max().unwrap();
        println!(
            "the slowest of 1000 reads in 10 s without a replica: {slowest:?}, on the primary: {noise:?}"
        );
        // 0.35 s on an idle machine: the time to the watcher's question, and a node's share. A busy one holds reads up
        // that have nothing to do with the replica.
        assert!(slowest < Duration::from_millis(500) + noise, "{slowest:?}");
        proxy.restore().unwrap();
    });
}

/// They waited for the replicas to the end of their time, and the idle primary was never asked.
#[test]
fn a_crowd_of_reads_is_served_by_the_primary_when_all_replicas_hang() {
    run(async {
        let cluster = Cluster::start(2);
        let proxies = [0, 1].map(|index| cluster.standby(index).proxy().unwrap());
        let replica = |index: usize| Node::new(format!("replica-{index}"), proxies[index].url());
        let router = builder()
            .primary(cluster.primary())
            .replica(replica(0))
            .replica(replica(1))
            .build()
            .await
            .unwrap();
        for _ in 0..20 {
            count(&mut router.read_eventual().await.unwrap()).await;
        }
        for proxy in &proxies {
            proxy.hang().unwrap();
        }
        let since = Instant::now();
        let mut reads = tokio::task::JoinSet::new();
        for _ in 0..1000 {
            let session = router.session();
            reads.spawn(async move {
                let read =
                    session.reading(async |conn| users::table.count().get_result(conn).await);
                let counted: Result<i64, Error> = read.await;
                counted
            });
        }
        for counted in reads.join_all().await {
            assert_eq!(counted.as_ref().ok(), Some(&2), "{counted:?}");
        }
        println!("1000 reads took {:?}", since.elapsed());
        for proxy in &proxies {
            proxy.restore().unwrap();
        }
    });
}

#[test]
fn connections_can_be_opened_by_a_function_of_the_users() {
    run(async {
        use diesel_async::{AsyncConnection as _, AsyncPgConnection};
        let cluster = Cluster::start(0);
        let url = cluster.node(0).url();
        let router = builder()
            .primary(Node::new("primary", "an alias"))
            .connect_with(move |request| {
                assert_eq!(request.url(), "an alias");
                let url = url.clone();
                Box::pin(async move { AsyncPgConnection::establish(&url).await })
            })
            .build()
            .await
            .unwrap();
        assert_eq!(count(&mut router.read().await.unwrap()).await, 2);
    });
}

// bb8 frees the place of a connection that failed only after its opening has said so: who asked in between waited for an
// opening that had ended, until its time was over.
#[test]
fn each_caller_in_a_row_learns_at_once_why_a_node_cannot_be_reached() {
    run(async {
        let timely = |node: Node| {
            node.write_pool_size(1)
                .checkout_timeout(Duration::from_secs(2))
        };
        let cluster = Cluster::start(0);
        let checking = builder().check_after_idle(Duration::ZERO);
        let router = wait!(checking.primary(timely(cluster.primary())).build()).unwrap();
        drop(wait!(router.write()).unwrap());
        cluster.node(0).kill().unwrap();
        for _ in 0..500 {
            match wait!(router.write()).map(drop).unwrap_err() {
                Error::Checkout { step, .. } => assert_eq!(step, Step::Connect),
                error => panic!("{error:?}"),
            }
        }
    });
}

#[test]
fn a_node_whose_adding_is_given_up_is_gone_and_may_be_added_again() {
    run(async {
        let cluster = Cluster::start(1);
        let router = builder().primary(cluster.primary()).build().await.unwrap();
        let nodes = router.nodes();
        let proxy = cluster.standby(0).proxy().unwrap();
        proxy.hang().unwrap();
        let node = replica_behind(proxy.url()).connect_timeout(Duration::from_secs(30));
        let given_up = tokio::time::timeout(TIMEOUT, nodes.add(node.clone())).await;
        assert!(given_up.is_err(), "{given_up:?}");
        assert_eq!(router.status().nodes.len(), 1);
        // What replaces a node is given up, and the node stays.
        let url = proxy.url();
        let given_up =
            tokio::time::timeout(TIMEOUT, nodes.replace(Node::new("primary", url))).await;
        assert!(given_up.is_err(), "{given_up:?}");
        assert_eq!(nodes.names(), ["primary"]);
        drop(router.write().await.expect("the primary is untouched"));
        proxy.restore().unwrap();
        nodes.add(node).await.unwrap();
        let conn = router.read_eventual().await.unwrap();
        assert_eq!(conn.route().node, "replica-0");
    });
}
