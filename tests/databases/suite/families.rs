//! What routers for several databases share: nodes, watchers; and how they end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use super::tenants::*;
use super::world::{name, rename};
use super::*;

static WRITES: AtomicU32 = AtomicU32::new(0);

/// Waits until the watcher of the first node has told another position.
async fn until_moved(router: &Router, writer: &Router) {
    let position = || router.status().nodes[0].position.clone();
    let (before, since) = (position(), Instant::now());
    let mut conn = wait!(writer.write()).unwrap();
    rename(
        &mut conn,
        &format!("write {}", WRITES.fetch_add(1, Ordering::Relaxed)),
    )
    .await;
    while position() == before {
        in_time(since, &router.status());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_node_that_is_added_replaced_or_removed_through_one_is_so_for_all() {
    run(async {
        let world = Tenants::start(2).await;
        let [a, b] = world.both();
        let nodes = a.nodes();
        wait!(nodes.remove("replica-0")).unwrap();
        assert_eq!(world.router.nodes().names(), ["primary", "replica-1"]);
        assert_eq!(on_a_replica(&b).await, "tenant_b");
        let held = loop {
            let conn = wait!(b.read_eventual()).unwrap();
            if conn.route().node == "replica-1" {
                break conn;
            }
        };
        assert_eq!(on_a_replica(&world.router).await, "ann");
        // One of another database is out: it is waited for, and closed as it comes back.
        let since = Instant::now();
        let runtime = tokio::runtime::Handle::current();
        let open = std::thread::scope(|scope| {
            let removing = scope.spawn(|| {
                runtime.block_on(async { wait!(world.router.nodes().remove("replica-1")) })
            });
            std::thread::sleep(Duration::from_millis(200));
            assert!(!removing.is_finished());
            drop(held);
            removing.join().unwrap()
        });
        assert_eq!(open.unwrap(), 0);
        assert!(since.elapsed() < Duration::from_secs(9), "{since:?}");
        for router in [&a, &b, &world.router] {
            assert_eq!(router.status().nodes.len(), 1);
            assert!(wait!(router.read_eventual()).unwrap().route().is_primary);
        }
        // The one that was added serves all, and so does the one that takes its place.
        wait!(world.router.nodes().add(world.cluster.replica(0))).unwrap();
        assert_eq!(on_a_replica(&b).await, "tenant_b");
        let before = open_on(&b, "replica-0");
        assert!(before > 0);
        wait!(b.nodes().replace(world.cluster.replica(0).weight(7))).unwrap();
        assert_eq!(open_on(&b, "replica-0"), 0);
        assert_eq!(on_a_replica(&b).await, "tenant_b");
        assert_eq!(on_a_replica(&world.router).await, "ann");
    });
}

fn open_on(router: &Router, name: &str) -> u32 {
    let nodes = router.status().nodes;
    let node = nodes.iter().find(|node| node.name == name).unwrap();
    node.pools.iter().map(|pool| pool.open).sum()
}

#[test]
fn the_watchers_end_with_the_last_router() {
    run(async {
        let Tenants { router, cluster } = Tenants::start(1).await;
        let [a, b] = TENANTS.map(|tenant| router.for_database(tenant).unwrap());
        until_moved(&b, &a).await;
        drop(router);
        until_moved(&b, &a).await;
        drop(a);
        until_connections(&cluster, "tenant_a", 0);
        until_moved(&b, &b).await;
        // Nodes come and go through any of them.
        wait!(b.nodes().remove("replica-0")).unwrap();
        wait!(b.nodes().add(cluster.replica(0))).unwrap();
        assert!(on_a_replica(&b).await.starts_with("write"));
        assert!(cluster.connections_to("app") > 0, "the watchers'");
        drop(b);
        until_connections(&cluster, "tenant_b", 0);
        until_connections(&cluster, "app", 0);
    });
}

#[test]
fn closing_one_closes_its_pools_alone() {
    run(async {
        let Tenants { router, cluster } = Tenants::start(1).await;
        let [a, b] = TENANTS.map(|tenant| router.for_database(tenant).unwrap());
        let mut held = wait!(a.read()).unwrap();
        let keeps = a.clone();
        a.close();
        for closed in [&a, &keeps] {
            let error = wait!(closed.read()).map(drop).unwrap_err();
            assert_closed(&error, Some("tenant_a"));
            assert!(closed.status().nodes[0].pools.is_empty());
            assert_closed(&closed.for_database("tenant_b").unwrap_err(), None);
            assert_closed(
                &wait!(closed.nodes().remove("replica-0")).unwrap_err(),
                None,
            );
        }
        assert_eq!(name(&mut held).await, "tenant_a", "it goes on working");
        drop(held);
        until_connections(&cluster, "tenant_a", 0);
        // The name gives a new one, which the old one's end does not touch.
        let again = b.for_database("tenant_a").unwrap();
        assert_eq!(on_a_replica(&again).await, "tenant_a");
        drop((a, keeps));
        let same = b.for_database("tenant_a").unwrap();
        assert_eq!(open(&same), open(&again));
        assert!(open(&again) > 0);

        router.close();
        assert_closed(&wait!(router.read()).map(drop).unwrap_err(), None);
        until_moved(&b, &again).await;
        let app = b.for_database("app").unwrap();
        assert_eq!(on_a_replica(&app).await, "ann");
        for last in [&app, &same, &b] {
            last.close();
        }
        for database in ["app", "tenant_a", "tenant_b"] {
            until_connections(&cluster, database, 0);
        }
    });
}

#[track_caller]
fn assert_closed(error: &Error, of: Option<&str>) {
    let Error::Checkout { step, database, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((*step, database.as_deref()), (Step::Closed, of));
}
