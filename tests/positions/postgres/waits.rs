//! Waiting on the server that will run the read, from PostgreSQL 19 on.

use std::time::Instant;

use diesel_routing::Reason;

use super::world::{router, set_theme, theme};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_may_wait_waits_on_its_standby_where_that_can() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    let session = router.session();
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    let waiting = session.waiting(LIMIT);
    let read = tokio::spawn(async move { theme(&waiting).await });
    let standby = cluster.standby(0);
    let ask = |sql: &str| standby.admin_value(sql).expect("asked").unwrap_or_default();
    let can_wait = ask("SELECT current_setting('server_version_num')::int >= 190000") == "t";
    if can_wait {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'WaitForWalReplay'";
        let since = Instant::now();
        while ask(waits) == "0" {
            assert!(!read.is_finished(), "it did not wait");
            in_time(since, "a wait on the server");
            tokio::task::yield_now().await;
        }
    }
    standby.resume_replay().expect("resumed");
    let (value, reason, primary) = read.await.expect("a read");
    assert_eq!(
        (value.as_str(), reason, primary),
        ("dark", Reason::Covered, false)
    );
}
