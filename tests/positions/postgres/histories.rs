//! Tokens of other clusters, and from before a promotion.

use std::time::{Duration, Instant};

use diesel_routing::{ManualClock, Node};
use diesel_routing::{Reason, Rejection};
use diesel_routing_testkit::PgCluster;

use super::tokens::{keys, process};
use super::world::{builder, set_theme, theme};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_cluster_says_nothing_here() {
    let (ours, theirs) = (cluster(1), {
        let other = PgCluster::builder().standbys(1).own_identity().start();
        other.expect("another cluster")
    });
    let (here, there) = (process(&ours, keys()).await, process(&theirs, keys()).await);
    let stranger = there.session();
    {
        let mut conn = stranger.write().await.expect("a connection");
        diesel::sql_query("CREATE TABLE t ()")
            .execute(&mut conn)
            .await
            .expect("a write");
    }
    let token = stranger.token().await.expect("a token");
    assert_eq!(
        here.session().absorb(token.as_str()),
        Err(Rejection::OtherCluster)
    );
    let (_, reason, primary) = theme(&here.resume(token.as_str())).await;
    assert_eq!((primary, reason), (false, Reason::NothingToCatchUp));
}

/// Else it would be sent to the old primary, which still takes writes.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_after_a_promotion_makes_a_router_ask_that_has_not_heard_of_it() {
    let cluster = cluster(1);
    let builder = builder(&cluster)
        .token_keys(keys())
        .watch_interval(HOUR)
        .max_lag(2 * HOUR);
    let there = builder.build().await.expect("a router");
    let promoted = cluster.split_brain(1).expect("split brain");
    let here = Router::builder().token_keys(keys());
    let here = here.primary(node("promoted", promoted)).build().await;
    let session = here.expect("a router").session();
    set_theme(&session, "dark").await;
    let token = session.token().await.expect("a token");
    let resumed = there.resume(token.as_str());
    let (value, _, primary) = theme(&resumed).await;
    assert_eq!((value.as_str(), primary), ("dark", true));
    let conn = resumed.read().await.expect("a connection");
    assert_eq!(conn.route().node, "standby-0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_from_before_a_promotion_sends_reads_to_the_primary_until_its_window_has_passed() {
    let cluster = cluster(2);
    let clock = ManualClock::default();
    let window = Duration::from_secs(60);
    let router = |first: usize| {
        let mut builder = Router::builder()
            .window(window)
            .clock(clock.clone())
            .token_keys(keys());
        builder = builder.primary(node("first", cluster.node(first)));
        for index in (0..3).filter(|index| *index != first) {
            builder = builder.replica(node(&format!("node-{index}"), cluster.node(index)));
        }
        builder
    };
    let here = Router::builder()
        .token_keys(keys())
        .primary(node("primary", cluster.primary()));
    let session = here.build().await.expect("a router").session();
    set_theme(&session, "dark").await;
    let token = session.token().await.expect("a token");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    cluster.split_brain(1).expect("split brain");
    cluster.rebuild(0).expect("rebuilt");
    cluster.repoint(2, 1).expect("repointed");
    let there = router(1).build().await.expect("a router");
    clock.set_wall(std::time::SystemTime::now());

    let (value, reason, primary) = theme(&there.resume(token.as_str())).await;
    assert_eq!(
        (value.as_str(), primary, reason),
        ("dark", true, Reason::OldHistory)
    );
    clock.advance(window + Duration::from_secs(1));
    let since = Instant::now();
    while theme(&there.resume(token.as_str())).await.2 {
        in_time(since, "a read from a replica, past the window");
    }
}

/// Whether the account sees the receiver was learnt from a receiver that was not there yet. So the standby was on the timeline
/// of its control file, which an idle server leaves as it is for minutes.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_standby_whose_receiver_begins_late_is_found_on_the_new_timeline() {
    let cluster = cluster(2);
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    cluster.cut_replication(2).expect("cut");
    let promoted = cluster.split_brain(1).expect("split brain");
    cluster.node(0).kill().expect("killed");
    let privileged = |server: &Server| server.url_for("postgres", "app");
    let router = Router::builder()
        .primary(Node::new("promoted", privileged(promoted)))
        .replica(Node::new("standby", privileged(cluster.node(2))))
        .build()
        .await
        .expect("a router");
    cluster.repoint(2, 1).expect("repointed");
    cluster.restore_replication(2).expect("restored");
    let since = Instant::now();
    loop {
        let session = router.session();
        let conn = session.read_bounded(LIMIT).await.expect("a connection");
        if conn.route().node == "standby" {
            return;
        }
        in_time(since, "a read from the standby");
    }
}
