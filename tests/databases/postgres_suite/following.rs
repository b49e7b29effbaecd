//! Node sets that are followed for several databases.

use std::time::Instant;

use super::node_sets::followed;
use super::tenants::{in_time, on_a_replica, seed};
use super::*;

fn until_names(router: &Router, names: &[&str]) {
    let since = Instant::now();
    while router.nodes().names() != names {
        in_time(since, &router.status());
        std::thread::yield_now();
    }
}

#[test]
fn a_source_is_followed_for_as_long_as_there_is_a_router_for_any_database() {
    run(async {
        let cluster = Cluster::start(1);
        cluster.create_database("tenant_a");
        let router = wait!(builder().primary(cluster.primary()).build()).unwrap();
        let tell = followed(&router);
        let tenant = router.for_database("tenant_a").unwrap();
        seed(&tenant, "tenant_a").await;
        cluster.catch_up();
        tell.send(Ok(vec![])).unwrap();
        drop(router);
        tell.send(Ok(vec![cluster.replica(0)])).unwrap();
        until_names(&tenant, &["primary", "replica-0"]);
        assert_eq!(on_a_replica(&tenant).await, "tenant_a");
        // One that is closed follows none, but others do.
        let app = tenant.for_database("app").unwrap();
        tenant.close();
        tell.send(Ok(vec![cluster.replica(0).weight(2)])).unwrap();
        tell.send(Ok(vec![cluster.primary_as("primary-2")]))
            .unwrap();
        let since = Instant::now();
        while app.nodes().names().contains(&"replica-0".to_owned()) {
            in_time(since, &app.status());
            std::thread::yield_now();
        }
    });
}
