//! Futures that are dropped while a connection gets its settings, or is reset.

use std::time::Duration;

use diesel_routing::Node;
use futures_util::future::FutureExt as _;

use super::values::value;
use super::*;

const TENANT: &str = "current_setting('app.tenant', true)";

#[test]
fn a_checkout_that_is_dropped_half_way_leaves_nothing_to_the_next() {
    run(async {
        let cluster = Cluster::start(0);
        let proxy = cluster.node(0).proxy().unwrap();
        let primary = Node::new("primary", proxy.url())
            .write_pool_size(1)
            .checkout_timeout(Duration::from_secs(10));
        let router = builder().primary(primary).build().await.unwrap();
        let of = |tenant: &str| {
            let session = router.session();
            session.with_settings([("app.tenant", tenant)]).unwrap()
        };
        drop(of("6").write().await.unwrap());
        proxy.set_delay(Duration::from_millis(10));
        let mut cut = 0;
        for millis in (0..60).step_by(5) {
            for tenant in ["7", "8"] {
                let session = of(tenant);
                let checkout = tokio::time::timeout(Duration::from_millis(millis), session.write());
                match checkout.await {
                    Ok(conn) => {
                        let mut conn = conn.unwrap();
                        assert_eq!(value(&mut conn, TENANT).await, tenant);
                        conn.batch_execute("SET search_path = pg_catalog")
                            .await
                            .unwrap();
                        assert_eq!(value(&mut conn, TENANT).await, tenant);
                    }
                    Err(_) => cut += 1,
                }
                // Its next user may be cut short as well, while the connection is reset.
                let _ = router.write().now_or_never();
                let mut conn = router.write().await.unwrap();
                assert!(["", "NULL"].contains(&&*value(&mut conn, TENANT).await));
                let path = value(&mut conn, "current_setting('search_path')").await;
                assert!(path.contains("public"), "{path}");
            }
        }
        assert!(cut > 2, "{cut} were cut short");
    });
}

#[test]
fn notifications_that_came_for_one_user_do_not_reach_the_next() {
    run(async {
        let cluster = Cluster::start(0);
        let primary = cluster.primary().write_pool_size(2);
        let router = builder().primary(primary).build().await.unwrap();
        let mut other = router.write().await.unwrap();
        let mut conn = router.write().await.unwrap();
        conn.batch_execute("LISTEN leak").await.unwrap();
        let backend = value(&mut conn, "pg_backend_pid()::text").await;
        other.batch_execute("NOTIFY leak, 'mine'").await.unwrap();
        // It has arrived with this answer.
        value(&mut conn, "pg_backend_pid()::text").await;
        drop(conn);
        let mut next = router.write().await.unwrap();
        assert_eq!(value(&mut next, "pg_backend_pid()::text").await, backend);
        let mut notifications = std::pin::pin!(next.notifications_stream());
        let notification = futures_util::StreamExt::next(&mut notifications).now_or_never();
        assert!(notification.is_none(), "{notification:?}");
    });
}
