//! A server that goes back in replay.

use std::time::{Duration, Instant};

use diesel_routing::Level;

use super::world::{over, set_theme, theme};
use super::*;
use crate::history::number;

/// Kills the process that serves a connection: the postmaster ends all others, and replays from its last restartpoint.
/// It stays the same process, with the same start time.
fn crash(node: &PgNode) {
    let started = || node.admin_value("SELECT pg_postmaster_start_time()");
    let before = started().expect("a time");
    let idle = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let pid = node.admin_value(idle).expect("an answer");
    let pid = pid.expect("a backend");
    let killed = std::process::Command::new("kill")
        .args(["-9", &pid])
        .status();
    assert!(killed.expect("run").success());
    let since = Instant::now();
    // The old connections end; then the server comes back.
    loop {
        let is_there = |pid: &str| {
            node.admin_value(&format!("SELECT 1 FROM pg_stat_activity WHERE pid = {pid}"))
        };
        if is_there(&pid).is_ok_and(|found| found.is_none()) {
            break;
        }
        in_time(since, "the reset");
        std::thread::yield_now();
    }
    assert_eq!(started().expect("a time"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_a_crash_has_set_back_is_not_read_from_by_who_saw_more() {
    for (pool, builder) in [
        ("bb8", Router::builder()),
        ("deadpool", Router::deadpool_builder()),
    ] {
        let cluster = cluster(1);
        let standby = cluster.standby(0);
        // From here it will go on.
        cluster
            .primary()
            .admin_execute("CHECKPOINT")
            .expect("a checkpoint");
        cluster.wait_until_caught_up(LIMIT).expect("caught up");
        standby.admin_execute("CHECKPOINT").expect("a restartpoint");
        let router = over(&cluster, builder)
            .wait(PATIENCE)
            .build()
            .await
            .expect("a router");
        let (writer, reader) = (router.session(), router.session());
        for round in 1..=5 {
            set_theme(&writer, &round.to_string()).await;
        }
        cluster.wait_until_caught_up(LIMIT).expect("caught up");
        // Both have read all there is on the standby, and stay with it.
        let since = Instant::now();
        for session in [&writer, &reader] {
            loop {
                let (value, _, primary) = theme(session).await;
                if !primary && number(&value) == 5 {
                    break;
                }
                in_time(since, "a read from the standby");
            }
        }
        // Once it is consistent again, it waits an hour with each commit.
        standby.set_apply_delay(HOUR).expect("a delay");
        crash(standby);
        let there = standby.query_value("SELECT theme FROM settings WHERE id = 1");
        let there = there.expect("an answer").expect("a row");
        assert!(number(&there) < 5, "it was not set back: {there}");
        let since = Instant::now();
        let mut came_back = false;
        while !came_back || since.elapsed() < Duration::from_secs(1) {
            for session in [&writer, &reader] {
                let read = async || {
                    let mut conn = session.read().await?;
                    let theme = settings::table.find(1).select(settings::theme);
                    let theme: String = theme.first(&mut conn).await?;
                    Ok::<_, diesel_routing::Error>((theme, conn.route().to_string()))
                };
                // A connection has ended with the crash.
                if let Ok((value, route)) = read().await {
                    assert_eq!(number(&value), 5, "{pool}: {route}");
                }
            }
            let mut conn = reader
                .at_level(Level::Eventual)
                .read_default()
                .await
                .expect("a connection");
            let theme = settings::table.find(1).select(settings::theme);
            let theme = theme.first::<String>(&mut conn).await;
            came_back |= theme.is_ok_and(|theme| number(&theme) < 5);
            in_time(since, "a read from the standby that was set back");
        }
    }
}
