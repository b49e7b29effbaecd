//! Servers that take connections and then say nothing.

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
fn building_a_router_does_not_wait_for_a_node_that_hangs() {
    run(async {
        let cluster = Cluster::start(1);
        let proxy = cluster.standby(0).proxy().unwrap();
        proxy.hang().unwrap();
        let since = Instant::now();
        let hanging = builder()
            .primary(cluster.primary())
            .replica(replica_behind(proxy.url()));
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
        router.write().await.expect("the primary is untouched");

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

#[test]
fn connections_can_be_opened_by_a_function_of_the_users() {
    run(async {
        use diesel_async::{AsyncConnection as _, AsyncPgConnection};
        let cluster = Cluster::start(0);
        let url = cluster.node(0).url();
        let router = builder()
            .primary(Node::new("primary", "an alias"))
            .connect_with(move |alias| {
                assert_eq!(alias, "an alias");
                let url = url.clone();
                Box::pin(async move { AsyncPgConnection::establish(&url).await })
            })
            .build()
            .await
            .unwrap();
        assert_eq!(count(&mut router.read().await.unwrap()).await, 2);
    });
}
