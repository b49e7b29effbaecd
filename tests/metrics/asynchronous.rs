use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::result::DatabaseErrorKind;
use diesel_routing::prelude::*;
use diesel_routing::sqlite::{ReadConn, Router};
use diesel_routing::{CaughtUp, Class, Error, Node, NodeStatus, PoolKind, Reason, TokenKeys};

use super::prometheus::{Scrape, install};
use super::schema::users;
use super::{cluster, nodes, reports};

async fn router(cluster: &diesel_routing_testkit::SqliteCluster, name: &str) -> Router {
    let (primary, replica) = nodes(cluster);
    let builder = Router::builder().name(name);
    let builder = builder.primary(primary).replica(replica);
    builder.build().await.unwrap()
}

async fn add_user(session: &diesel_routing::sqlite::Session, id: i32) {
    let mut conn = session.write().await.unwrap();
    let insert = diesel::insert_into(users::table).values(users::id.eq(id));
    insert.execute(&mut conn).await.unwrap();
}

fn lost() -> Error {
    let why = Box::new("the server closed the connection".to_owned());
    diesel::result::Error::DatabaseError(DatabaseErrorKind::ClosedConnection, why).into()
}

/// Reads and writes by what is known of them, in three ways.
async fn use_it(router: &Router) {
    let session = router.session();
    add_user(&session, 1).await;
    drop(session.read().await.unwrap());
    for _ in 0..3 {
        drop(router.session().read().await.unwrap());
    }
    drop(router.read_eventual().await.unwrap());
    drop(router.read_primary().await.unwrap());
    drop(session.on(reports()).read_eventual().await.unwrap());
}

#[tokio::test]
async fn loans_are_counted_by_node_pool_reason_and_level() {
    install();
    let cluster = cluster();
    let router = router(&cluster, "loans").await;
    use_it(&router).await;
    router.record_metrics();
    let scrape = Scrape::of("loans");
    for (node, role, pool, reason, level, count) in [
        ("primary", "primary", "write", "write", "write", 1.0),
        ("primary", "primary", "read", "recent_write", "session", 1.0),
        (
            "replica",
            "replica",
            "read",
            "nothing_to_catch_up",
            "session",
            3.0,
        ),
        ("replica", "replica", "read", "eventual", "eventual", 1.0),
        ("primary", "primary", "read", "strong", "strong", 1.0),
        (
            "primary", "primary", "fallback", "fallback", "eventual", 1.0,
        ),
    ] {
        let labels = [
            ("node", node),
            ("role", role),
            ("pool", pool),
            ("reason", reason),
            ("level", level),
            ("class", "none"),
        ];
        assert_eq!(scrape.loans(&labels), count, "{labels:?}");
    }
    assert_eq!(scrape.loans(&[]), 8.0);
    assert_eq!(scrape.value("diesel_routing_fallbacks_total", &[]), 1.0);
    let share = scrape.value("diesel_routing_reads_off_primary_ratio", &[]);
    assert_eq!(share, 4.0 / 7.0);
    // The same without the feature.
    let status = router.status();
    assert_eq!(status.name, "loans");
    let reads = status.reads;
    assert_eq!((reads.total, reads.off_primary, reads.fallbacks), (7, 4, 1));
    let on = |node: usize, reason| {
        let NodeStatus { loans, .. } = &status.nodes[node];
        let found = loans.iter().find(|loans| loans.reason == reason).unwrap();
        (found.pool, found.level, found.count)
    };
    assert_eq!(on(0, Reason::Write), (PoolKind::Write, "write", 1));
    assert_eq!(
        on(1, Reason::NothingToCatchUp),
        (PoolKind::Read, "session", 3)
    );
    assert_eq!(on(0, Reason::Fallback), (PoolKind::Fallback, "eventual", 1));
}

#[tokio::test]
async fn times_are_recorded_for_each_loan_and_each_connection() {
    install();
    let cluster = cluster();
    let router = router(&cluster, "times").await;
    use_it(&router).await;
    router.record_metrics();
    let scrape = Scrape::of("times");
    let replica = [("node", "replica"), ("pool", "read")];
    let pool = [
        replica[0],
        replica[1],
        ("db_client_connection_pool_name", "replica/read"),
    ];
    for (name, count) in [("wait", 4.0), ("use", 4.0), ("create", 1.0)] {
        let name = format!("db_client_connection_{name}_time_seconds");
        assert_eq!(scrape.value(&format!("{name}_count"), &pool), count);
        assert!(scrape.value(&format!("{name}_sum"), &pool) > 0.0, "{name}");
        let past = [pool[0], pool[1], ("le", "+Inf")];
        assert_eq!(scrape.value(&format!("{name}_bucket"), &past), count);
    }
    let connections = |pool: &[(&str, &str)], state| {
        let labels = [pool, &[("db_client_connection_state", state)]].concat();
        scrape.value("db_client_connection_count", &labels)
    };
    assert_eq!(connections(&pool, "idle"), 1.0);
    assert_eq!(connections(&pool, "used"), 0.0);
    assert_eq!(scrape.value("db_client_connection_max", &replica), 3.0);
    let conn = router.read_eventual().await.unwrap();
    router.record_metrics();
    let scrape = Scrape::of("times");
    let used = [pool[0], pool[1], ("db_client_connection_state", "used")];
    assert_eq!(scrape.value("db_client_connection_count", &used), 1.0);
    drop(conn);
}

#[tokio::test]
async fn who_waits_for_a_connection_is_pending_and_in_vain_a_time_out() {
    install();
    let cluster = cluster();
    let (primary, replica) = nodes(&cluster);
    let primary = primary.checkout_timeout(Duration::from_millis(200));
    let builder = Router::builder().name("pending").primary(primary);
    let router = builder.replica(replica).build().await.unwrap();
    let held = router.write().await.unwrap();
    let waiting = tokio::spawn({
        let router = router.clone();
        async move { router.write().await.map(drop) }
    });
    let write = |status: &diesel_routing::Status| status.nodes[0].pools[1];
    while write(&router.status()).pending == 0 {
        assert!(!waiting.is_finished(), "it has not waited");
        tokio::task::yield_now().await;
    }
    router.record_metrics();
    let pool = [("node", "primary"), ("pool", "write")];
    let pending = "db_client_connection_pending_requests";
    assert_eq!(Scrape::of("pending").value(pending, &pool), 1.0);
    waiting.await.unwrap().unwrap_err();
    router.record_metrics();
    let scrape = Scrape::of("pending");
    assert_eq!(scrape.value(pending, &pool), 0.0);
    let timeouts = "db_client_connection_timeouts_total";
    assert_eq!(scrape.value(timeouts, &pool), 1.0);
    let failed = "diesel_routing_failed_checkouts_total";
    assert_eq!(scrape.value(failed, &[("cause", "wait")]), 1.0);
    let status = router.status();
    assert_eq!(write(&status).timeouts, 1);
    assert_eq!(status.failed_checkouts, [("wait", 1)]);
    drop(held);
}

#[tokio::test]
async fn what_is_refused_or_run_again_is_counted() {
    install();
    let cluster = cluster();
    let (primary, replica) = nodes(&cluster);
    let builder = Router::builder().name("refused").primary(primary);
    let builder = builder.replica(replica);
    let keys = TokenKeys::new(1, [7; 32]).unwrap();
    let router = builder.token_keys(keys).build().await.unwrap();
    let session = router.session();
    session.read_sql("DELETE FROM users").unwrap_err();
    drop(router.resume("no token"));
    let runs = AtomicU32::new(0);
    let read = async |_: &mut ReadConn<CaughtUp>| match runs.fetch_add(1, Ordering::Relaxed) {
        0 => Err(lost()),
        again => Ok(again),
    };
    assert_eq!(session.reading(read).await.unwrap(), 1);
    router.record_metrics();
    let scrape = Scrape::of("refused");
    for (name, labels, count) in [
        (
            "diesel_routing_refused_statements_total",
            &[("finding", "sql_write")][..],
            1.0,
        ),
        (
            "diesel_routing_rejected_tokens_total",
            &[("cause", "malformed")],
            1.0,
        ),
        ("diesel_routing_rejected_tokens_total", &[], 1.0),
        ("diesel_routing_retries_total", &[], 1.0),
        ("diesel_routing_captures_total", &[], 0.0),
        ("diesel_routing_role_changes_total", &[], 0.0),
    ] {
        assert_eq!(scrape.value(name, labels), count, "{name} {labels:?}");
    }
    let status = router.status();
    assert_eq!(status.refused_statements, [("sql_write", 1)]);
    assert_eq!((status.retries, status.captures), (1, 0));
    add_user(&session, 1).await;
    assert_eq!(router.status().captures, 1);
}

#[tokio::test]
async fn however_many_classes_there_are_the_labels_are_few() {
    const MOST: usize = 32;
    install();
    let cluster = cluster();
    let (primary, replica) = nodes(&cluster);
    let mut builder = Router::builder().name("classes").primary(primary);
    for class in 0..MOST + 8 {
        builder = builder.class(format!("class-{class}"), Class::new());
    }
    let router = builder.replica(replica).build().await.unwrap();
    let session = router.session();
    for class in 0..MOST + 8 {
        let session = session.class(format!("class-{class}"));
        drop(session.read_eventual().await.unwrap());
    }
    // A class that is not there is a failure, and no label.
    session.class("nobody").read().await.unwrap_err();
    router.record_metrics();
    let scrape = Scrape::of("classes");
    assert_eq!(scrape.loans(&[("class", "class-7")]), 1.0);
    assert_eq!(scrape.loans(&[("class", "other")]), 8.0);
    assert_eq!(scrape.values_of("class").len(), MOST + 1);
    let failed = "diesel_routing_failed_checkouts_total";
    assert_eq!(scrape.value(failed, &[("cause", "configuration")]), 1.0);
}

#[tokio::test]
async fn a_recorder_that_comes_after_the_router_gets_all_that_was_counted() {
    let cluster = cluster();
    let router = router(&cluster, "late").await;
    use_it(&router).await;
    install();
    router.record_metrics();
    use_it_again(&router).await;
    router.record_metrics();
    let scrape = Scrape::of("late");
    assert_eq!(scrape.loans(&[]), 9.0);
    let pool = [("node", "replica"), ("pool", "read")];
    let times = scrape.value("db_client_connection_use_time_seconds_count", &pool);
    assert!(times >= 1.0, "{times}");
}

async fn use_it_again(router: &Router) {
    drop(router.read_eventual().await.unwrap());
}

#[tokio::test]
async fn a_removed_nodes_gauges_end_and_its_counters_go_on_when_it_is_back() {
    install();
    let cluster = cluster();
    let router = router(&cluster, "removed").await;
    use_it(&router).await;
    router.record_metrics();
    let node = [("node", "replica")];
    assert_eq!(
        Scrape::of("removed").value("diesel_routing_node_up", &node),
        1.0
    );
    // What came since the last update counts as well.
    drop(router.read_eventual().await.unwrap());
    router.nodes().remove("replica").await.unwrap();
    let scrape = Scrape::of("removed");
    assert!(scrape.value("diesel_routing_node_up", &node).is_nan());
    assert!(
        scrape
            .value("diesel_routing_node_lag_seconds", &node)
            .is_nan()
    );
    assert_eq!(scrape.value("db_client_connection_count", &node), 0.0);
    assert_eq!(scrape.value("db_client_connection_max", &node), 0.0);
    assert_eq!(scrape.loans(&node), 5.0);
    assert_eq!(router.status().reads.off_primary, 5);
    let again = Node::new("replica", cluster.replica_url(0).unwrap());
    router.nodes().add(again).await.unwrap();
    drop(router.read_eventual().await.unwrap());
    router.record_metrics();
    let scrape = Scrape::of("removed");
    assert_eq!(scrape.value("diesel_routing_node_up", &node), 1.0);
    assert_eq!(scrape.loans(&node), 6.0);
    assert_eq!(router.status().reads.off_primary, 6);
}

#[tokio::test]
async fn routers_are_told_apart_by_their_names() {
    install();
    let (one, two) = (cluster(), cluster());
    let routers = [router(&one, "orders").await, router(&two, "people").await];
    use_it(&routers[0]).await;
    use_it_again(&routers[1]).await;
    routers.iter().for_each(Router::record_metrics);
    assert_eq!(Scrape::of("orders").loans(&[]), 8.0);
    assert_eq!(Scrape::of("people").loans(&[]), 1.0);
}
