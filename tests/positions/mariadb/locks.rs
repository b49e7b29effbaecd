//! What a replica lets through, and what the types and the statement check do not.

use std::time::Instant;

use diesel::sql_types::Integer;
use diesel_async::{AsyncConnection as _, AsyncMysqlConnection, SimpleAsyncConnection as _};
use diesel_routing::mysql::ReadSql;

use super::world::router;
use super::*;

/// With a read handle this does not compile: `ui-tests/tests/fail/row_locks/lock_in_share_mode.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn a_raw_connection_may_lock_rows_on_a_replica_and_stops_its_replication() {
    let cluster = cluster(1);
    let replica = cluster.replica(0);
    let mut raw = AsyncMysqlConnection::establish(&replica.url())
        .await
        .expect("a connection");
    raw.batch_execute("SET SESSION TRANSACTION READ ONLY")
        .await
        .expect("read-only");
    raw.batch_execute("START TRANSACTION").await.expect("begun");
    // Neither the server's role nor the session's mode keeps it from the lock.
    diesel_async::RunQueryDsl::execute(
        diesel::sql_query("SELECT * FROM settings WHERE id = 1 LOCK IN SHARE MODE"),
        &mut raw,
    )
    .await
    .expect("locked");
    let theme = "SELECT theme FROM settings WHERE id = 1";
    cluster
        .primary()
        .execute("UPDATE settings SET theme = 'dark' WHERE id = 1")
        .expect("a write");
    let waits = "SELECT variable_value FROM information_schema.global_status \
                 WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'";
    let since = Instant::now();
    while replica.admin_value(waits).expect("asked").as_deref() == Some("0") {
        in_time(since, "an applier that waits for the lock");
    }
    let seen = replica.query_value(theme).expect("asked");
    assert_eq!(seen.as_deref(), Some("light"), "replication has stopped");
    raw.batch_execute("ROLLBACK").await.expect("rolled back");
    cluster.wait_until_caught_up(LIMIT).expect("it goes on");
    assert_eq!(
        replica.query_value(theme).expect("asked").as_deref(),
        Some("dark")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hides_a_lock_from_the_types_is_refused_before_it_is_sent() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    for sql in [
        "SELECT GET_LOCK('a', 1)",
        "SELECT id FROM settings LOCK IN SHARE MODE",
        "SELECT id FROM settings FOR UPDATE SKIP LOCKED",
        "LOCK TABLES settings READ",
        "SELECT RELEASE_LOCK('a')",
        "SELECT MASTER_GTID_WAIT('0-1-1', 1) INTO @x",
    ] {
        assert!(ReadSql::check(sql).is_err(), "{sql}");
    }
    let mut conn = router.read_eventual().await.expect("a connection");
    assert_eq!(conn.route().node, "standby-0");
    let fragment = diesel::dsl::sql::<Integer>("GET_LOCK('a', 1)");
    let error = settings::table
        .select(fragment)
        .first::<i32>(&mut conn)
        .await;
    let error = error.expect_err("a lock").to_string();
    assert!(error.contains("GET_LOCK"), "{error}");
}

/// Also where the word of the types was broken: error 1792, which Diesel knows, not 1290.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_is_vouched_for_as_a_read_is_refused_by_the_server() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    for mut conn in [
        router.read_eventual().await.expect("a connection"),
        router
            .session()
            .at_level(diesel_routing::Level::Strong)
            .read_eventual()
            .await
            .expect("a connection"),
    ] {
        let write = ReadSql::vouch("UPDATE settings SET theme = 'dark'");
        let error = write.execute(&mut conn).await.expect_err("read-only");
        assert!(
            matches!(
                error,
                diesel::result::Error::DatabaseError(
                    diesel::result::DatabaseErrorKind::ReadOnlyTransaction,
                    _
                )
            ),
            "{error:?}"
        );
    }
}
