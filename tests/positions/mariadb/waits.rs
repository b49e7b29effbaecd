//! Waiting on the server that will run the read.

use std::time::{Duration, Instant};

use diesel_routing::Reason;

use super::world::{builder, router, set_theme, theme};
use super::*;

/// Longer than any test that passes takes.
const CHECKOUT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_may_wait_waits_on_its_replica_and_runs_there() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    let session = router.session();
    cluster.replica(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    let waiting = session.waiting(LIMIT);
    let read = tokio::spawn(async move { theme(&waiting).await });
    // The server says that it waits.
    let sql = "SELECT COUNT(*) FROM information_schema.processlist \
               WHERE info REGEXP 'MASTER_GTID_WAIT|WAIT_FOR_EXECUTED_GTID_SET' \
               AND info NOT LIKE '%processlist%'";
    let since = Instant::now();
    while cluster
        .replica(0)
        .admin_value(sql)
        .expect("asked")
        .as_deref()
        == Some("0")
    {
        assert!(!read.is_finished(), "it did not wait");
        in_time(since, "a wait on the server");
        tokio::task::yield_now().await;
    }
    cluster.replica(0).resume_replay().expect("resumed");
    let (value, reason, primary) = read.await.expect("a read");
    assert_eq!(
        (value.as_str(), reason, primary),
        ("dark", Reason::Covered, false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_in_vain_ends_at_the_primary_within_its_budget_and_the_connection_is_of_use() {
    let cluster = cluster(1);
    let one = node("primary", cluster.primary());
    let replica = node("standby-0", cluster.replica(0)).read_pool_size(1);
    let builder = Router::builder().window(HOUR).primary(one).replica(replica);
    let router = builder.build().await.expect("a router");
    let session = router.session();
    cluster.replica(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    let wait = Duration::from_millis(300);
    let since = Instant::now();
    let (value, reason, primary) = theme(&session.waiting(wait)).await;
    assert_eq!(
        (value.as_str(), reason, primary),
        ("dark", Reason::NotCaughtUp, true)
    );
    let took = since.elapsed();
    assert!(
        took >= wait && took < wait + Duration::from_secs(5),
        "{took:?}"
    );
    // The only connection to the replica.
    let conn = router.read_eventual().await.expect("a connection");
    assert_eq!(conn.route().node, "standby-0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_a_replica_whose_pool_is_full_ends_within_its_budget() {
    let cluster = cluster(1);
    let one = node("primary", cluster.primary());
    let replica = node("standby-0", cluster.replica(0))
        .read_pool_size(1)
        .checkout_timeout(CHECKOUT);
    let builder = Router::builder().window(HOUR).primary(one).replica(replica);
    let router = builder.build().await.expect("a router");
    let only = router.read_eventual().await.expect("a connection");
    assert_eq!(only.route().node, "standby-0");
    let session = router.session();
    cluster.replica(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    let since = Instant::now();
    let (value, reason, primary) = theme(&session.waiting(Duration::from_millis(50))).await;
    assert_eq!(
        (value.as_str(), reason, primary),
        ("dark", Reason::NotCaughtUp, true)
    );
    assert!(since.elapsed() < CHECKOUT / 2, "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_hangs_during_a_wait_leads_to_the_primary() {
    let cluster = cluster(1);
    let builder = builder(&cluster).watch_timeout(Duration::from_millis(200));
    let router = builder.build().await.expect("a router");
    let session = router.session();
    let replica = cluster.replica(0);
    replica.pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    let waiting = session.waiting(Duration::from_millis(500));
    let read = tokio::spawn(async move { theme(&waiting).await });
    replica.freeze().expect("frozen");
    let (value, _, primary) = read.await.expect("a read");
    assert_eq!((value.as_str(), primary), ("dark", true));
    replica.thaw().expect("thawed");
    replica.resume_replay().expect("resumed");
    let since = Instant::now();
    while theme(&session.waiting(PATIENCE)).await.2 {
        in_time(since, "a read from the replica");
    }
}

/// MariaDB's function compares numbers alone: on another history it says yes at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_mariadb_that_says_it_is_there_is_asked_for_its_history() {
    use diesel_async::AsyncConnection as _;
    use diesel_routing::{Gtid, MariaDbPosition, Position, RoutedConnection as _};
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    let mut conn = diesel_async::AsyncMysqlConnection::establish(&replica.url())
        .await
        .expect("a connection");
    let here: MariaDbPosition = replica
        .position()
        .expect("asked")
        .parse()
        .expect("a position");
    let last = here.gtids()[0];
    let elsewhere = Gtid::new(last.domain, last.server + 70, last.sequence - 1);
    let limit = Duration::from_millis(100);
    let facts = conn.facts(true).await.expect("facts");
    for (gtid, has_it) in [(last, true), (elsewhere, false)] {
        let required = Position::MariaDb(MariaDbPosition::new([gtid]));
        assert_eq!(
            conn.wait_for(&required, limit, &facts).await,
            Ok(has_it),
            "{gtid}"
        );
    }
}
