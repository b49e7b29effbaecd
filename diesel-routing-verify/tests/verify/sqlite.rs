//! On SQLite.

use std::time::Duration;

use diesel_routing::Node;
use diesel_routing::sqlite::Router;
use diesel_routing_testkit::SqliteCluster;
use diesel_routing_verify::Verification;

use crate::{assert_holds, stale};

async fn router(cluster: &SqliteCluster, window: Duration) -> Router {
    let builder = Router::builder()
        .primary(primary(cluster))
        .replica(replica(cluster))
        .window(window);
    builder.build().await.unwrap()
}

fn primary(cluster: &SqliteCluster) -> Node {
    // One writer: more would only wait for each other.
    Node::new("primary", cluster.primary_url()).write_pool_size(1)
}

fn replica(cluster: &SqliteCluster) -> Node {
    Node::new("replica", cluster.replica_url(0).unwrap())
}

async fn verify(window: Duration) -> diesel_routing_verify::Report {
    let cluster = SqliteCluster::builder()
        .lag(Duration::from_millis(300))
        .start()
        .unwrap();
    let router = router(&cluster, window).await;
    let verification = Verification::new(&router)
        .primary(&primary(&cluster))
        .replica(&replica(&cluster));
    let report = verification.seconds(4).clients(4).run().await.unwrap();
    assert!(
        report
            .not_checked
            .iter()
            .any(|what| what.contains("SQLite has no list")),
        "{report}"
    );
    report
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_longer_than_the_lag_shows_sessions_what_they_wrote() {
    // Lag on a busy machine is more than the cluster was told.
    let report = verify(Duration::from_secs(30)).await;
    assert_holds(&report);
    assert!(
        report
            .pools
            .iter()
            .all(|pool| pool.read_only == (pool.pool != "write")),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_shorter_than_the_lag_is_caught() {
    let report = verify(Duration::from_millis(1)).await;
    assert!(stale(&report).contains(&"read your writes"), "{report}");
}
