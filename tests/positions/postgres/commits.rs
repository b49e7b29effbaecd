//! What PostgreSQL calls a commit.

use std::time::Instant;

use diesel_routing::Reason;
use futures_util::future::try_join;

use super::world::{in_session, set_theme, theme, until_a_replica_serves};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_returning_write_is_captured_exactly_too() {
    let cluster = cluster(1);
    let router = in_session(&cluster).await;
    let session = router.session();
    let id: i32 = {
        let mut conn = session.write().await.expect("a connection");
        diesel::insert_into(settings::table)
            .values((settings::id.eq(2), settings::theme.eq("dark")))
            .returning(settings::id)
            .get_result(&mut conn)
            .await
            .expect("a row")
    };
    assert_eq!(id, 2);
    assert_eq!(until_a_replica_serves(&session).await.1, Reason::Covered);
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_share_a_connection_are_all_covered_whichever_is_answered_first() {
    let cluster = cluster(1);
    let router = in_session(&cluster).await;
    for round in 0..20 {
        let session = router.session();
        let now = format!("theme {round}");
        let conn = session.write().await.expect("a connection");
        let add = |id: i32| {
            let row = (settings::id.eq(id), settings::theme.eq("new"));
            diesel::insert_into(settings::table).values(row)
        };
        let row = settings::table.find(1);
        let update = diesel::update(row).set(settings::theme.eq(&now));
        let update = update.execute(&mut &conn);
        let add = add(100 + round).returning(settings::id);
        let add = add.get_result::<i32>(&mut &conn);
        let read = settings::table.count().get_result::<i64>(&mut &conn);
        let (rows, joined) = match round % 2 {
            0 => {
                let (update, (read, add)) =
                    try_join(update, try_join(read, add)).await.expect("all");
                (read, (update, add))
            }
            _ => {
                let (add, (update, read)) =
                    try_join(add, try_join(update, read)).await.expect("all");
                (read, (update, add))
            }
        };
        assert_eq!(joined, (1, 100 + round));
        drop(conn);
        let before = i64::from(round) + 1;
        assert!((before..=before + 1).contains(&rows), "{rows} rows");
        // The last of them counts, whoever waited for what.
        let since = Instant::now();
        loop {
            let mut read = session.read().await.expect("a connection");
            let rows: i64 = settings::table
                .count()
                .get_result(&mut read)
                .await
                .expect("rows");
            assert_eq!(rows, before + 1);
            if !read.route().is_primary {
                break;
            }
            in_time(since, "a read from a replica");
        }
        assert_eq!(theme(&session).await.0, now);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_are_not_flushed_yet_are_covered() {
    let cluster = cluster(1);
    cluster
        .primary()
        .set("synchronous_commit", "off")
        .expect("set");
    let router = in_session(&cluster).await;
    for round in 0..30 {
        let session = router.session();
        let theme_now = format!("theme {round}");
        set_theme(&session, &theme_now).await;
        let since = Instant::now();
        loop {
            let (value, _, primary) = theme(&session).await;
            assert_eq!(value, theme_now);
            if !primary {
                break;
            }
            in_time(since, "a read from a replica");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_that_wait_for_their_replay_are_read_from_the_replica_at_once() {
    let cluster = cluster(1);
    let primary = cluster.primary();
    primary.set("synchronous_standby_names", "*").expect("set");
    primary
        .set("synchronous_commit", "remote_apply")
        .expect("set");
    let router = in_session(&cluster).await;
    for round in 0..10 {
        let session = router.session();
        let theme_now = format!("theme {round}");
        set_theme(&session, &theme_now).await;
        // All that is waited for is the news of it.
        let (value, reason, primary) = theme(&session.waiting(LIMIT)).await;
        assert_eq!(
            (value, primary, reason),
            (theme_now, false, Reason::Covered)
        );
    }
}
