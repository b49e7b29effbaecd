//! What pools count, and what follows from it; what is said when it does not fit; what is said of a switch.

use std::time::{Duration, Instant};

use diesel_routing::{Mode, PoolKind, PoolStatus, Sizing, Status};

use super::world::{builder, over, set_theme};
use super::*;
use crate::events::Events;

const HELD: Duration = Duration::from_millis(20);

fn pool(status: &Status, node: &str, kind: PoolKind) -> PoolStatus {
    let node = status.nodes.iter().find(|found| found.name == node);
    let pools = &node.expect("a node").pools;
    *pools.iter().find(|pool| pool.pool == kind).expect("a pool")
}

/// Takes connections, keeps them for a while, and looks what was counted.
async fn counted(router: &Router) {
    let since = Instant::now();
    // Its lag is unknown at first.
    while router
        .read_eventual()
        .await
        .expect("a connection")
        .route()
        .is_primary
    {
        in_time(since, "a read from the replica");
    }
    let before = router.status();
    let since = Instant::now();
    for _ in 0..5 {
        let conn = router.read_eventual().await.expect("a connection");
        assert!(!conn.route().is_primary);
        tokio::time::sleep(HELD).await;
        drop(conn);
    }
    for _ in 0..3 {
        set_theme(&router.session(), "dark").await;
    }
    let (took, after) = (since.elapsed(), router.status());
    let since = |node, kind| {
        let (before, after) = (pool(&before, node, kind), pool(&after, node, kind));
        (
            after.loans - before.loans,
            after.time_in_use - before.time_in_use,
        )
    };
    let (loans, time) = since("standby-0", PoolKind::Read);
    assert_eq!(loans, 5);
    assert!(time >= HELD * 5 && time <= took, "{time:?} of {took:?}");
    let (loans, time) = since("primary", PoolKind::Write);
    assert_eq!(loans, 3);
    assert!(time < took - HELD * 5, "{time:?} of {took:?}");
    assert_eq!(since("primary", PoolKind::Fallback).0, 0);

    // What is out is not counted yet.
    let conn = router.read_eventual().await.expect("a connection");
    let now = pool(&router.status(), "standby-0", PoolKind::Read);
    assert_eq!(now.loans, pool(&after, "standby-0", PoolKind::Read).loans);
    drop(conn);

    let advice = Sizing::between(&before, &after).peak(1.0).recommend();
    let in_use = advice.replica_read.in_use;
    let expected = (HELD * 5).as_secs_f64() / took.as_secs_f64();
    assert!(
        (expected * 0.8..=1.0).contains(&in_use),
        "{expected}: {advice}"
    );
    assert_eq!(
        Sizing::between(&after, &after)
            .recommend()
            .replica_read
            .in_use,
        0.0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pools_count_loans_and_the_time_that_they_took() {
    let cluster = cluster(1);
    counted(&builder(&cluster).build().await.expect("a router")).await;
    let deadpool = over(&cluster, Router::deadpool_builder()).build().await;
    counted(&deadpool.expect("a router")).await;
}

/// On one thread, the watchers' too.
#[tokio::test]
async fn more_connections_than_the_servers_take_is_said_at_once() {
    let cluster = wide_cluster(1);
    let events = Events::default();
    let _heard = tracing::subscriber::set_default(events.clone());
    let build = async |instances| {
        let router = builder(&cluster).expected_instances(instances);
        router.build().await.expect("a router").status()
    };
    // 4 to read, 4 to write, 5 for reads without a replica, and the watcher's.
    let status = build(20).await;
    let said = events.take();
    assert_eq!(said, [""; 0]);
    for node in &status.nodes {
        let takes = node.max_connections.expect("a number");
        assert!((290..=300).contains(&takes), "{takes}");
    }
    let advice = Sizing::since_start(&status).recommend();
    assert_eq!(advice.warnings, [""; 0]);

    let status = build(22).await;
    let said = events.take();
    assert_eq!(said.len(), 2, "{said:#?}");
    for node in ["primary", "standby-0"] {
        let about = |line: &&String| line.contains(&format!("node=\"{node}\""));
        let line = said.iter().find(about).expect("a warning of each node");
        assert!(line.contains("needed=308 instances=22"), "{line}");
    }
    assert_eq!(status.expected_instances, 22);
    let advice = Sizing::since_start(&status).recommend();
    assert!(
        advice.warnings[0].starts_with("the present sizes would be 308"),
        "{advice}"
    );
}

#[tokio::test]
async fn every_change_of_the_switch_is_said_once() {
    let cluster = cluster(1);
    let router = builder(&cluster).build().await.expect("a router");
    let events = Events::default();
    let _heard = tracing::subscriber::set_default(events.clone());
    router.set_mode(Mode::PrimaryOnly);
    router.set_mode(Mode::PrimaryOnly);
    router.set_mode(Mode::On);
    router.set_replica_share(100).expect("a share");
    router.set_replica_share(10).expect("a share");
    router.set_replica_share(101).expect_err("no share");
    let said = events.take();
    assert_eq!(said.len(), 3, "{said:#?}");
    for (line, words) in said.iter().zip([
        "`mode`: on -> primary_only",
        "`mode`: primary_only -> on",
        "`replica_share`: 100 -> 10",
    ]) {
        assert!(line.contains(words), "{line}");
    }
}
