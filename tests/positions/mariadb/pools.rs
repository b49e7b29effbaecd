//! Connections whose check was cut short.

use std::time::Duration;

use super::*;

diesel::define_sql_function! { fn connection_id() -> diesel::sql_types::BigInt; }

/// bb8 takes one back whose check it gave up; the answer that comes late would be the next statement's.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_whose_check_was_given_up_is_not_lent_again() {
    let cluster = cluster(1);
    let proxy = cluster.replica(0).proxy().expect("a proxy");
    let replica = diesel_routing::Node::new("replica", proxy.url())
        .read_pool_size(1)
        .connect_timeout(Duration::from_millis(300))
        .checkout_timeout(Duration::from_millis(300));
    for (pool, builder) in [
        ("bb8", Router::builder()),
        ("deadpool", Router::deadpool_builder()),
    ] {
        let router = builder
            .window_only()
            .check_after_idle(Duration::ZERO)
            .primary(node("primary", cluster.primary()))
            .replica(replica.clone())
            .build()
            .await
            .expect("a router");
        let id = async || {
            let mut conn = router.read_eventual().await.expect("a connection");
            assert_eq!(conn.route().node, "replica");
            let id: i64 = diesel::select(connection_id())
                .get_result(&mut conn)
                .await
                .expect("an id");
            id
        };
        let first = id().await;
        assert_eq!(id().await, first, "it is kept");
        proxy.hang().expect("hangs");
        let elsewhere = router.read_eventual().await;
        assert!(elsewhere.is_err() || elsewhere.is_ok_and(|conn| conn.route().is_primary));
        proxy.restore().expect("restored");
        assert_ne!(id().await, first, "{pool}");
    }
}
