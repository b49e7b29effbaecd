//! The switch, thrown and thrown back, and the share of sessions that may use replicas.

use std::collections::BTreeSet;

use diesel_routing::{ConfigError, Error, Mode, Reason, Tag};

use super::world::{builder, in_session, set_theme, theme, until_a_replica_serves};
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_while_replicas_were_off_counts_once_they_are_on_again() {
    let cluster = cluster(1);
    let router = in_session(&cluster).await;
    let (session, other) = (router.session(), router.session());
    let (_, reason, is_primary) = theme(&session).await;
    assert_eq!((reason, is_primary), (Reason::NothingToCatchUp, false));
    cluster.standby(0).pause_replay().expect("paused");

    router.set_mode(Mode::PrimaryOnly);
    assert_eq!(router.status().mode, Mode::PrimaryOnly);
    set_theme(&session, "dark").await;
    for _ in 0..3 {
        let read = theme(&session).await;
        assert_eq!(read, ("dark".to_owned(), Reason::PrimaryOnly, true));
        let conn = session.read_eventual().await.expect("a connection");
        assert_eq!(
            (conn.route().is_primary, conn.route().reason),
            (true, Reason::PrimaryOnly)
        );
        drop(conn);
        let conn = router.read_eventual().await.expect("a connection");
        assert_eq!(conn.route().reason, Reason::PrimaryOnly);
        drop(conn);
        // What only the primary serves has the reason that it always has.
        let conn = session.read_primary().await.expect("a connection");
        assert_eq!(conn.route().reason, Reason::Strong);
    }

    router.set_mode(Mode::On);
    for _ in 0..3 {
        let (value, reason, is_primary) = theme(&session).await;
        assert_eq!((value.as_str(), is_primary), ("dark", true), "{reason}");
        assert_ne!(reason, Reason::PrimaryOnly);
    }
    // Another session needs nothing of that.
    let (value, _, is_primary) = theme(&other).await;
    assert_eq!((value.as_str(), is_primary), ("light", false));

    cluster.standby(0).resume_replay().expect("resumed");
    let (value, reason, _) = until_a_replica_serves(&session).await;
    assert_eq!((value.as_str(), reason), ("dark", Reason::Covered));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_of_a_replica_is_given_back_for_one_of_the_primary_once_replicas_are_off() {
    let cluster = cluster(1);
    let router = builder(&cluster).build().await.expect("a router");
    let session = router.session();
    let conn = session.read_eventual().await.expect("a connection");
    assert!(!conn.route().is_primary);
    router.set_mode(Mode::PrimaryOnly);
    let conn = conn.upgrade(&session).await.expect("a connection");
    assert!(conn.route().is_primary, "{}", conn.route());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_only_tagged_replicas_may_serve_fails_while_replicas_are_off() {
    let cluster = cluster(1);
    let builder = Router::builder()
        .primary(node("primary", cluster.primary()))
        .replica(node("standby-0", cluster.standby(0)).tag("reports"))
        .mode(Mode::PrimaryOnly);
    let router = builder.build().await.expect("a router");
    let session = router.session();
    let conn = session.on("reports").read_eventual().await;
    assert_eq!(
        conn.expect("a connection").route().reason,
        Reason::PrimaryOnly
    );
    let reports = session.on(Tag::new("reports").or_fail());
    let error = reports.read_eventual().await.expect_err("no replica");
    assert!(
        matches!(
            error,
            Error::NoTaggedReplica {
                reason: "primary_only",
                ..
            }
        ),
        "{error}"
    );
    // A share is no reason to fail: it may go nowhere else.
    router.set_mode(Mode::On);
    router.set_replica_share(0).expect("a share");
    let conn = reports.read_eventual().await.expect("a connection");
    assert!(!conn.route().is_primary);
    drop(conn);
    let conn = session.on("reports").read_eventual().await;
    assert_eq!(
        conn.expect("a connection").route().reason,
        Reason::OutsideShare
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_stays_on_one_side_of_the_share_in_every_process() {
    let cluster = cluster(1);
    let one = builder(&cluster).build().await.expect("a router");
    let other = builder(&cluster).replica_share(30).build().await;
    let other = other.expect("a router");
    one.set_replica_share(30).expect("a share");
    let mut served = BTreeSet::new();
    for user in 0..60 {
        let key = format!("user-{user}");
        for router in [&one, &other, &one] {
            // Whatever session it is, and whatever it has done.
            let session = router.session().keyed(&key);
            let conn = session.read().await.expect("a connection");
            let is_kept = conn.route().reason == Reason::OutsideShare;
            assert_eq!(conn.route().is_primary, is_kept, "{}", conn.route());
            served.insert((user, is_kept));
        }
    }
    assert_eq!(served.len(), 60, "a user was on both sides: {served:?}");
    let kept = served.iter().filter(|(_, is_kept)| *is_kept).count();
    // These keys' own draws are fixed.
    assert!((30..=54).contains(&kept), "{kept} of 60");

    // Whoever was in stays in as the share grows.
    one.set_replica_share(60).expect("a share");
    for (user, was_kept) in &served {
        let session = one.session().keyed(format!("user-{user}"));
        let conn = session.read_eventual().await.expect("a connection");
        assert!(*was_kept || !conn.route().is_primary, "user {user}");
    }
    let refused = one.set_replica_share(101);
    assert_eq!(
        refused,
        Err(ConfigError::ReplicaShare {
            percent: 101,
            class: None
        })
    );
    assert_eq!((one.replica_share(), one.status().replica_share), (60, 60));
    let built = builder(&cluster).replica_share(101).build().await;
    assert!(
        matches!(
            built,
            Err(Error::Config(ConfigError::ReplicaShare {
                percent: 101,
                ..
            }))
        ),
        "{built:?}"
    );
}
