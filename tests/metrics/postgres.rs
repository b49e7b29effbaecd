//! What only servers with positions have: lag, questions, role changes.

use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use diesel_routing::pg::Router;
use diesel_routing::{Error, Node};
use diesel_routing_testkit::PgCluster;

use super::prometheus::{Scrape, install};

const LIMIT: Duration = Duration::from_secs(30);

/// Waits until the metrics of the router with this name are as they should be.
async fn until(router: &Router, name: &str, is_so: impl Fn(&Scrape) -> bool) -> Scrape {
    let since = Instant::now();
    loop {
        router.record_metrics();
        let scrape = Scrape::of(name);
        if is_so(&scrape) {
            return scrape;
        }
        assert!(since.elapsed() < LIMIT, "not in time: {:#?}", scrape.series);
        // The next answer of a watcher.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn write(router: &Router) -> Result<(), Error> {
    let mut conn = router.session().write().await?;
    conn.batch_execute("INSERT INTO writes SELECT FROM generate_series(1, 1000)")
        .await?;
    Ok(())
}

#[tokio::test]
async fn lag_questions_and_role_changes_are_told() {
    install();
    let cluster = PgCluster::builder().standbys(1).start().unwrap();
    cluster.primary().execute("CREATE TABLE writes ()").unwrap();
    cluster.wait_until_caught_up(LIMIT).unwrap();
    let builder = Router::builder().name("postgres");
    let builder = builder
        .primary(Node::new("db-1", cluster.primary().url()))
        .replica(Node::new("db-2", cluster.standby(0).url()));
    let router = builder.build().await.unwrap();
    let (one, two) = ([("node", "db-1")], [("node", "db-2")]);
    let scrape = until(&router, "postgres", |scrape| {
        scrape.find("diesel_routing_node_lag_bytes", &two) == Some(0.0)
    });
    let scrape = scrape.await;
    assert_eq!(scrape.value("diesel_routing_node_is_primary", &one), 1.0);
    assert_eq!(scrape.value("diesel_routing_node_is_primary", &two), 0.0);
    assert_eq!(scrape.value("diesel_routing_node_lag_seconds", &one), 0.0);
    assert_eq!(
        scrape.find("diesel_routing_node_lag_transactions", &two),
        None
    );
    let asked =
        |scrape: &Scrape, by| scrape.value("diesel_routing_questions_total", &[two[0], ("by", by)]);
    assert!(asked(&scrape, "watcher") > 0.0);

    // It stands still, and the log goes on.
    cluster.standby(0).pause_replay().unwrap();
    write(&router).await.unwrap();
    let behind = until(&router, "postgres", |scrape| {
        scrape.value("diesel_routing_node_lag_bytes", &two) > 1000.0
            && scrape.value("diesel_routing_node_lag_seconds", &two) > 0.05
    });
    behind.await;
    assert_eq!(router.status().captures, 1);
    cluster.standby(0).resume_replay().unwrap();

    // It is gone: reads fall back.
    cluster.wait_until_caught_up(LIMIT).unwrap();
    cluster.standby(0).kill().unwrap();
    let down = until(&router, "postgres", |scrape| {
        scrape.value("diesel_routing_node_up", &two) == 0.0
    });
    down.await;
    drop(router.read_eventual().await.unwrap());
    router.record_metrics();
    let scrape = Scrape::of("postgres");
    let fallbacks = [one[0], ("reason", "fallback"), ("pool", "fallback")];
    assert_eq!(scrape.loans(&fallbacks), 1.0);
    assert_eq!(scrape.value("diesel_routing_fallbacks_total", &[]), 1.0);

    // It takes the writes.
    cluster.standby(0).start().unwrap();
    cluster.primary().kill().unwrap();
    cluster.standby(0).promote().unwrap();
    let promoted = until(&router, "postgres", |scrape| {
        scrape.value("diesel_routing_node_is_primary", &two) == 1.0
    });
    let scrape = promoted.await;
    assert_eq!(scrape.value("diesel_routing_role_changes_total", &[]), 1.0);
    assert_eq!(scrape.value("diesel_routing_node_up", &one), 0.0);
    assert_eq!(router.status().role_changes, 1);
}

#[tokio::test]
async fn watchers_bring_metrics_up_to_date_without_a_call() {
    install();
    let cluster = PgCluster::builder().standbys(1).start().unwrap();
    let builder = Router::builder().name("watched");
    let builder = builder
        .primary(Node::new("db-1", cluster.primary().url()))
        .replica(Node::new("db-2", cluster.standby(0).url()));
    let router = builder.build().await.unwrap();
    drop(router.read_eventual().await.unwrap());
    let since = Instant::now();
    while Scrape::of("watched").loans(&[("reason", "eventual")]) == 0.0 {
        assert!(since.elapsed() < LIMIT, "nobody has told it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
