//! Reads that fail for a node's reasons, and are run again on another.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::world::router;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_read_whose_node_dies_is_run_again_on_another() {
    let cluster = cluster(2);
    let session = router(&cluster).await.session();
    let runs = AtomicU32::new(0);
    let (first, second) = (std::sync::Mutex::new(None), std::sync::Mutex::new(None));
    let theme: String = session
        .reading(async |conn| {
            let node = conn.route().node.to_owned();
            if runs.fetch_add(1, Ordering::Relaxed) == 0 {
                let index = usize::from(node == "standby-1");
                *first.lock().expect("a lock") = Some(node);
                cluster.standby(index).kill().expect("killed");
            } else {
                *second.lock().expect("a lock") = Some(node);
            }
            settings::table
                .find(1)
                .select(settings::theme)
                .first(conn)
                .await
        })
        .await
        .expect("read on the other node");
    assert_eq!(theme, "light");
    assert_eq!(runs.into_inner(), 2);
    let (first, second) = (first.into_inner(), second.into_inner());
    assert_ne!(first.expect("a lock"), second.expect("a lock"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_on_every_node_gives_the_last_error_in_time() {
    let cluster = cluster(1);
    let session = router(&cluster).await.session();
    let since = Instant::now();
    let runs = AtomicU32::new(0);
    let error = session
        .reading(async |conn| {
            runs.fetch_add(1, Ordering::Relaxed);
            cluster.standby(0).kill().ok();
            cluster.primary().kill().ok();
            settings::table.count().get_result::<i64>(conn).await
        })
        .await
        .expect_err("no node is left");
    assert!(error.may_retry_read(), "{error:?}");
    assert!(since.elapsed() < Duration::from_secs(15));
}
