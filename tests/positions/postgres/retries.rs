//! Reads that PostgreSQL ends for reasons of its own, and that are run again on another node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use diesel_routing::pg::ReadConn;
use diesel_routing::{CaughtUp, Error, consistency, may_retry_read};
use diesel_routing_testkit::PgCluster;

use super::world::router;
use super::*;

diesel::define_sql_function! { fn pg_backend_pid() -> diesel::sql_types::Integer; }

/// Ends the server's side of every connection but the one that asks.
fn terminate_clients(node: &PgNode) {
    node.admin_execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
    )
    .expect("terminated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_ends_is_known_by_its_words_and_by_its_silence() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    let runs = AtomicU32::new(0);
    let number: i32 = session
        .reading(async |conn| {
            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                terminate_clients(cluster.standby(0));
            }
            diesel::select(1.into_sql::<diesel::sql_types::Integer>())
                .get_result(conn)
                .await
        })
        .await
        .expect("run again");
    assert_eq!((number, runs.into_inner()), (1, 2));

    // A plain handle leaves it to its user, and says that a read may be tried elsewhere.
    let mut conn = session.read_eventual().await.expect("a connection");
    terminate_clients(cluster.primary());
    terminate_clients(cluster.standby(0));
    let error = diesel::select(pg_backend_pid())
        .get_result::<i32>(&mut conn)
        .await;
    let error = error.expect_err("terminated");
    assert!(may_retry_read(&error), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_cancelled_by_recovery_runs_on_another_node_and_the_first_stays_in_use() {
    let cluster = Arc::new(cluster(1));
    let standby = cluster.standby(0);
    standby
        .set("max_standby_streaming_delay", "0")
        .expect("set");
    // The primary must not keep the rows for the standby's sake.
    standby.set("hot_standby_feedback", "off").expect("set");
    let since = Instant::now();
    let held = "SELECT count(*) FROM pg_stat_replication WHERE backend_xmin IS NOT NULL";
    while cluster
        .primary()
        .admin_value(held)
        .expect("asked")
        .as_deref()
        != Some("0")
    {
        in_time(since, "the end of the standby's feedback");
    }
    let router = router(&cluster).await;
    let session = router.session();
    let runs = AtomicU32::new(0);
    let error = std::sync::Mutex::new(None);
    let count: i64 = session
        .reading(async |conn| {
            if runs.fetch_add(1, Ordering::Relaxed) > 0 {
                return settings::table.count().get_result(conn).await;
            }
            assert!(!conn.route().is_primary);
            // The query holds the rows that VACUUM then removes on the primary.
            let servers = Arc::clone(&cluster);
            let conflict = tokio::task::spawn_blocking(move || {
                let asleep = "SELECT count(*) FROM pg_stat_activity \
                              WHERE state = 'active' AND query LIKE '%pg_sleep%' \
                              AND pid <> pg_backend_pid()";
                let since = Instant::now();
                let count = || servers.standby(0).admin_value(asleep).expect("asked");
                while count().as_deref() != Some("1") {
                    in_time(since, "a query on the standby");
                }
                let primary = servers.primary();
                primary.execute("DELETE FROM settings").expect("a write");
                primary.execute("VACUUM settings").expect("vacuumed");
            });
            let query = diesel_routing::pg::ReadSql::check(
                "SELECT count(*), pg_sleep(20)::text FROM settings",
            )
            .expect("a read");
            let (result, conflict) = tokio::join!(query.execute(conn), conflict);
            conflict.expect("a conflict");
            *error.lock().expect("a lock") = Some(format!("{result:?}"));
            result.map(|_| -1)
        })
        .await
        .expect("run again on the primary");
    let error = error.into_inner().expect("a lock").expect("a conflict");
    assert_eq!((count, runs.into_inner()), (0, 2), "{error}");
    assert!(error.contains("conflict with recovery"), "{error}");
    // It is no reason to leave the node: reads go on there.
    let status = router.status();
    assert_eq!(status.nodes[1].problem, None);
    let conn = router.read_eventual().await.expect("a connection");
    assert_eq!(conn.route().node, "standby-0");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_that_is_the_query_s_own_is_not_run_again() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    let runs = AtomicU32::new(0);
    let error = session
        .reading(async |conn| {
            runs.fetch_add(1, Ordering::Relaxed);
            settings::table
                .find(99)
                .select(settings::theme)
                .first::<String>(conn)
                .await
        })
        .await
        .expect_err("no such row");
    assert!(error.is_not_found(), "{error}");
    assert_eq!(error.node(), Some("standby-0"));
    assert_eq!(runs.swap(0, Ordering::Relaxed), 1);
    let error = session
        .reading(async |conn| {
            runs.fetch_add(1, Ordering::Relaxed);
            diesel_routing::pg::ReadSql::check("SELECT 1 / 0")
                .expect("a read")
                .execute(conn)
                .await
        })
        .await
        .expect_err("a division by zero");
    assert!(!error.may_retry_read(), "{error}");
    assert_eq!(runs.into_inner(), 1);
}

/// An application's error that says nothing of what it is about.
#[derive(Debug, thiserror::Error)]
#[error("the page cannot be shown")]
struct Hidden;

impl From<Error> for Hidden {
    fn from(_: Error) -> Self {
        Self
    }
}

#[consistency(session, retry)]
async fn one(
    conn: &mut ReadConn<CaughtUp>,
    cluster: &PgCluster,
    runs: &AtomicU32,
) -> Result<i32, Hidden> {
    if runs.fetch_add(1, Ordering::Relaxed) == 0 {
        terminate_clients(cluster.standby(0));
    }
    diesel::select(1.into_sql::<diesel::sql_types::Integer>())
        .get_result(conn)
        .await
        .map_err(|_| Hidden)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_known_by_its_statements_whatever_the_application_makes_of_it() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    let runs = AtomicU32::new(0);
    assert_eq!(one(&session, &cluster, &runs).await.expect("run again"), 1);
    assert_eq!(runs.swap(0, Ordering::Relaxed), 2);

    // Its watcher has lost its connection as well: another router's has not.
    let session = router(&cluster).await.session();
    let number: Result<i32, Hidden> = session
        .reading(async |conn| {
            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                terminate_clients(cluster.standby(0));
            }
            let query = diesel::select(1.into_sql::<diesel::sql_types::Integer>());
            query.get_result(conn).await.map_err(|_| Hidden)
        })
        .await;
    assert_eq!(number.expect("run again"), 1);
    assert_eq!(runs.into_inner(), 2);
}

diesel::table! {
    notes {
        id -> Integer,
    }
}

#[consistency(session, retry)]
async fn notes(conn: &mut ReadConn<CaughtUp>, runs: &AtomicU32) -> Result<(i64, bool), Error> {
    runs.fetch_add(1, Ordering::Relaxed);
    let count = notes::table.count().get_result(conn).await?;
    Ok((count, conn.route().is_primary))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_may_run_again_does_on_the_primary_where_a_replica_lacks_the_table() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    cluster.standby(0).pause_replay().expect("paused");
    let table = "CREATE TABLE notes (id int PRIMARY KEY)";
    cluster.primary().execute(table).expect("a table");
    let runs = AtomicU32::new(0);
    let read = notes(&session, &runs).await.expect("read on the primary");
    assert_eq!((read, runs.into_inner()), ((0, true), 2));
}
