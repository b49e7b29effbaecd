//! A breaker on the primary, on servers that tell how loaded they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use diesel_routing::{Breaker, Class, Error, Priority, Signal, Strain};

use super::world::{over, set_theme, theme};
use super::*;

/// A router with a breaker, whose load is what the application tells, in hundredths.
async fn protected(cluster: &Cluster) -> (Router, Arc<AtomicU32>) {
    let load = Arc::new(AtomicU32::new(0));
    let told = Arc::clone(&load);
    let router = over(cluster, Router::builder())
        .breaker(Breaker::new().hold(Duration::from_millis(100)))
        .load_with(move || f64::from(AtomicU32::load(&told, Ordering::Relaxed)) / 100.0)
        .class("search", Class::new().priority(Priority::Low))
        .build()
        .await
        .expect("a router");
    (router, load)
}

/// Waits until the primary counts as this strained.
async fn until(router: &Router, strain: Strain) {
    let since = Instant::now();
    while router.status().breaker.map(|breaker| breaker.strain) != Some(strain) {
        in_time(since, strain.as_str());
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_account_is_told_which_share_of_the_primarys_connections_is_in_use() {
    let cluster = cluster(1);
    let (router, _) = protected(&cluster).await;
    let since = Instant::now();
    let share = loop {
        let breaker = router.status().breaker.expect("a breaker");
        let mut signals = breaker.signals.into_iter();
        if let Some((_, share)) = signals.find(|(signal, _)| *signal == Signal::Connections) {
            break share;
        }
        in_time(since, "an answer");
        // Watchers ask less often while nobody reads.
        drop(router.session().read().await.expect("a connection"));
    };
    assert!(share > 0.0 && share < 0.5, "{share}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_replicas_a_strained_primary_refuses_reads_and_takes_writes() {
    let cluster = cluster(1);
    let (router, load) = protected(&cluster).await;
    let session = router.session();
    assert!(!theme(&session).await.2, "a replica serves");
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;

    load.store(82, Ordering::Relaxed);
    until(&router, Strain::Strained).await;
    // What it wrote is on the primary alone, and nobody else may have it in time.
    let error = session.read().await.map(drop).expect_err("a refusal");
    let Error::Shed { node, strain, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((node.as_str(), *strain), ("primary", "strained"));
    assert!(error.retry_after() > Some(Duration::ZERO));
    assert!(!error.may_retry_read());
    // What a replica may serve, it serves.
    assert!(!theme(&router.session()).await.2);
    set_theme(&session, "darker").await;
    let conn = session.read_primary().await.expect("a strong read");
    assert!(conn.route().is_primary);
    drop(conn);
    // Outside sessions, only the primary serves.
    let conn = router.read().await.expect("a read");
    assert!(conn.route().is_primary);
    drop(conn);

    load.store(90, Ordering::Relaxed);
    until(&router, Strain::Open).await;
    assert!(matches!(router.read().await, Err(Error::Shed { .. })));
    set_theme(&session, "darkest").await;
    drop(session.read_primary().await.expect("a strong read"));
    let shed = router.status().breaker.expect("a breaker").shed;
    assert_eq!((shed.len(), shed[0].class.as_deref()), (1, None));
    assert_eq!(shed[0].reads, 2);

    load.store(10, Ordering::Relaxed);
    until(&router, Strain::Normal).await;
    assert_eq!(theme(&session).await.0, "darkest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_of_what_was_just_written_waits_for_its_replica_while_the_primary_is_strained() {
    let cluster = cluster(1);
    let (router, load) = protected(&cluster).await;
    let session = router.session().waiting(LIMIT);
    load.store(90, Ordering::Relaxed);
    until(&router, Strain::Open).await;
    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    let read = tokio::spawn(async move { theme(&session).await });
    cluster.standby(0).resume_replay().expect("resumed");
    let (theme, _, is_primary) = read.await.expect("a read");
    assert_eq!((theme.as_str(), is_primary), ("dark", false));
}
