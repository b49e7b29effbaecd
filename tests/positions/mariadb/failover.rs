//! Who is the primary, and what a session's writes are worth after another node has become it.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use diesel_routing::{Error, Health, Reason};

use super::world::{builder, in_session, set_theme, theme, try_set_theme};
use super::*;

/// Makes the replica of this index the primary, while the old one goes on as its replica.
fn switch_over(cluster: &Cluster, index: usize) {
    let old = cluster.primary().index();
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    cluster
        .primary()
        .admin_execute("SET GLOBAL read_only = 1")
        .expect("read-only");
    cluster.node(index).promote().expect("promoted");
    for other in 0..cluster.nodes().len() {
        if other != index && other != old {
            cluster.repoint(other, index).expect("repointed");
        }
    }
}

/// What was written before is known to every replica by the server that wrote it.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_from_before_a_switchover_is_proved_on_the_replicas_of_the_new_primary() {
    let cluster = cluster(2);
    let router = in_session(&cluster).await;
    let session = router.session();
    set_theme(&session, "before").await;
    switch_over(&cluster, 1);
    let since = Instant::now();
    let other = router.session();
    while try_set_theme(&other, "after").await.is_err() {
        in_time(since, "a write to the new primary");
    }
    loop {
        let (value, reason, primary) = theme(&session).await;
        assert!(["before", "after"].contains(&value.as_str()), "{value}");
        if !primary {
            // The window is an hour.
            assert_eq!(reason, Reason::Covered);
            break;
        }
        in_time(since, "a read from a replica");
    }
}

/// The numbers of the new primary pass those that were lost: they prove nothing about them.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_was_lost_in_a_failover_is_covered_by_no_greater_number() {
    let cluster = cluster(2);
    let router = in_session(&cluster).await;
    let session = router.session();
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    for node in [1, 2] {
        cluster.cut_replication(node).expect("cut");
    }
    set_theme(&session, "lost").await;
    // Its position is known.
    let since = Instant::now();
    while theme(&session).await.1 != Reason::NotCaughtUp {
        in_time(since, "the capture of the write");
    }
    cluster.primary().kill().expect("killed");
    cluster.node(1).promote().expect("promoted");
    cluster.restore_replication(2).expect("restored");
    cluster.repoint(2, 1).expect("repointed");
    for id in 2..10 {
        let sql = format!("INSERT INTO settings VALUES ({id}, 'new')");
        cluster.node(1).execute(&sql).expect("a write");
    }
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    while !router.status().nodes[1].is_primary {
        in_time(since, "the news of the promotion");
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        let (_, reason, primary) = theme(&session).await;
        assert!(primary && reason != Reason::Covered, "{reason}");
    }
    // A session that lost nothing reads from the replica, once the router has heard that it follows.
    let (other, since) = (router.session(), Instant::now());
    while theme(&other).await.2 {
        in_time(since, "a read from the replica");
    }
}

/// A replica of the old primary counts on, with numbers of its own: another history.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_still_follows_the_old_primary_serves_no_session_of_the_new_one() {
    let cluster = cluster(2);
    let router = in_session(&cluster).await;
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    // Node 1 is promoted; node 2 goes on following node 0, which goes on taking writes.
    let promoted = cluster.split_brain(1).expect("split brain");
    promoted
        .execute("INSERT INTO settings VALUES (2, 'new')")
        .expect("a write");
    let old = cluster.node(0);
    for id in 100..120 {
        old.execute(&format!("INSERT INTO settings VALUES ({id}, 'old')"))
            .expect("a write");
    }
    let since = Instant::now();
    while !router.status().nodes[1].is_primary
        || router.status().nodes[0].health != Health::Excluded
    {
        in_time(since, "the news of the split brain");
        tokio::task::yield_now().await;
    }
    let session = router.session();
    set_theme(&session, "new").await;
    for _ in 0..20 {
        let (value, reason, primary) = theme(&session).await;
        assert_eq!((value.as_str(), primary), ("new", true), "{reason}");
    }
    let problem = router.status().nodes[0].problem.clone();
    assert!(
        problem
            .as_deref()
            .is_some_and(|why| why.contains("read_only")),
        "{problem:?}"
    );
}

/// Error 1290, for which Diesel has no kind.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_a_demoted_primary_refuses_makes_the_router_look_again() {
    let cluster = cluster(1);
    let hour = HOUR;
    let router = builder(&cluster)
        .watch_interval(hour)
        .max_lag(2 * hour)
        .build()
        .await
        .expect("a router");
    let session = router.session();
    let mut held = session.write().await.expect("a connection");
    switch_over(&cluster, 1);
    let refused = diesel::update(settings::table.find(1))
        .set(settings::theme.eq("refused"))
        .execute(&mut held)
        .await
        .expect_err("read-only");
    assert!(refused.to_string().contains("read-only"), "{refused}");
    drop(held);
    // Nobody asks within an hour but for that.
    let since = Instant::now();
    while !router.status().nodes[1].is_primary {
        in_time(since, "the news of the promotion");
        tokio::task::yield_now().await;
    }
    try_set_theme(&session, "after").await.expect("a write");
    // It was refused, so it counts as no write of unknown outcome.
    let error: Error = refused.into();
    assert!(!error.may_retry_read(), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_schema_is_a_write_and_is_proved_like_one() {
    let cluster = cluster(1);
    let router = in_session(&cluster).await;
    let session = router.session();
    cluster.replica(0).pause_replay().expect("paused");
    {
        let mut conn = session.write().await.expect("a connection");
        let ddl = diesel::sql_query("ALTER TABLE settings ADD COLUMN note TEXT");
        ddl.execute(&mut conn).await.expect("a new column");
    }
    let (_, reason, primary) = theme(&session).await;
    assert!(primary, "{reason}");
    cluster.replica(0).resume_replay().expect("resumed");
    let since = Instant::now();
    while theme(&session).await.2 {
        in_time(since, "a read from the replica");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_a_demoted_primary_are_not_lent_to_read_what_only_the_primary_has() {
    let cluster = cluster(1);
    let router = in_session(&cluster).await;
    let session = router.session();
    set_theme(&session, "before").await;
    switch_over(&cluster, 1);
    let since = Instant::now();
    loop {
        match session.read_primary().await {
            Ok(conn) if conn.route().node == "standby-0" => break,
            Ok(conn) => panic!("lent {}", conn.route()),
            Err(_) => in_time(since, "a connection to the new primary"),
        }
    }
}

/// It was decided for while it was the primary; by the time that it had a connection, it was a replica.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_of_the_primary_that_has_waited_is_not_served_by_what_has_become_a_replica() {
    let cluster = cluster(1);
    let proxy = cluster.node(0).proxy().expect("a proxy");
    let patient = diesel_routing::Node::new("old", proxy.url())
        .connect_timeout(LIMIT)
        .checkout_timeout(LIMIT);
    let router = Router::builder()
        .window(HOUR)
        .primary(patient)
        .replica(node("new", cluster.standby(0)))
        .build()
        .await
        .expect("a router");
    proxy.hang().expect("hangs");
    let mut read = pin!(router.read_primary());
    let waits = poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx).is_pending())).await;
    assert!(waits, "for a connection");
    switch_over(&cluster, 1);
    let since = Instant::now();
    while !router.status().nodes[1].is_primary {
        in_time(since, "the news of the promotion");
        tokio::task::yield_now().await;
    }
    proxy.restore().expect("restored");
    let conn = read.await.expect("a connection");
    assert_eq!(conn.route().node, "new");
}
