//! Nodes in other regions: what the reads of a class do about them.

use std::time::{Duration, Instant};

use diesel_routing::{
    CaughtUp, Class, ConfigError, Error, Primary, ReadConn, RegionPolicy, Replica, WriteConn,
    consistency,
};

use super::world::set_theme;
use super::*;

/// What a bounded read asks for, where the primary is near.
const NEAR: Duration = Duration::from_millis(50);
/// Why a session's read does not go to a replica that lacks its write: the primary may have been asked for the position first.
const BEHIND: [&str; 2] = ["not_caught_up", "capture_pending"];

// Each returns whether it ran on the primary.

#[consistency(bounded = "50ms", class = "timeline")]
async fn timeline(conn: &mut ReadConn<Replica, Connection>) -> Result<bool, Error> {
    Ok(conn.route().is_primary)
}

#[consistency(eventual, class = "hints")]
async fn any_hints(conn: &mut ReadConn<Replica, Connection>) -> Result<bool, Error> {
    Ok(conn.route().is_primary)
}

#[consistency(session, class = "hints")]
async fn hints(conn: &mut ReadConn<CaughtUp, Connection>) -> Result<bool, Error> {
    Ok(conn.route().is_primary)
}

#[consistency(strong, class = "hints")]
async fn present_hints(conn: &mut ReadConn<Primary, Connection>) -> Result<bool, Error> {
    Ok(conn.route().is_primary)
}

#[consistency(write, class = "hints")]
async fn hint(conn: &mut WriteConn<Connection>) -> Result<bool, Error> {
    Ok(conn.route().is_primary)
}

/// A router in this region; the primary is in `us`, and a replica in `eu`.
async fn router_in(region: &str, cluster: &Cluster, bound: Duration) -> Router {
    Router::builder()
        .window(HOUR)
        .zone(region)
        .class(
            "timeline",
            Class::new().region_policy(RegionPolicy::Bound(bound)),
        )
        .class("hints", Class::new().region_policy(RegionPolicy::Refuse))
        .primary(node("primary", cluster.primary()).zone("us"))
        .replica(node("standby", cluster.standby(0)).zone("eu"))
        .build()
        .await
        .expect("a router")
}

/// Writes, which the paused replica lacks, until no bounded read of the session is on it.
async fn outrun(session: &Session) {
    let since = Instant::now();
    loop {
        set_theme(session, "dark").await;
        let conn = session.read_bounded(NEAR).await.expect("a connection");
        if conn.route().is_primary {
            return;
        }
        in_time(since, "a read that is too stale");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_read_is_older_only_where_the_primary_is_far() {
    let cluster = cluster(1);
    let [far, near] = ["eu", "us"].map(|region| router_in(region, &cluster, HOUR));
    let (far, near) = (far.await.session(), near.await.session());
    cluster.standby(0).pause_replay().expect("paused");
    for session in [&far, &near] {
        outrun(session).await;
    }
    assert!(!timeline(&far).await.expect("a read"));
    assert!(timeline(&near).await.expect("a read"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounded_read_pays_for_the_way_once_the_replica_is_behind_the_bound_of_its_class() {
    let cluster = cluster(1);
    let session = router_in("eu", &cluster, 20 * NEAR).await.session();
    assert!(!timeline(&session).await.expect("a read"));
    cluster.standby(0).pause_replay().expect("paused");
    let since = Instant::now();
    while !timeline(&session).await.expect("a read") {
        set_theme(&session, "dark").await;
        in_time(since, "a read from the primary");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_only_another_region_could_serve_is_refused_by_its_class() {
    let cluster = cluster(1);
    let session = router_in("eu", &cluster, HOUR).await.session();
    let refused = |error: Error, expected: &[&str]| {
        let words = error.to_string();
        let Error::OtherRegion {
            node,
            region,
            reason,
            function,
        } = error
        else {
            panic!("{words}")
        };
        assert_eq!((node.as_str(), region.as_deref()), ("primary", Some("us")));
        assert!(expected.contains(&reason), "{reason}");
        assert!(words.contains(function.expect("a function")), "{words}");
    };
    assert!(!hints(&session).await.expect("a read"));
    refused(present_hints(&session).await.unwrap_err(), &["strong"]);

    cluster.standby(0).pause_replay().expect("paused");
    set_theme(&session, "dark").await;
    refused(hints(&session).await.unwrap_err(), &BEHIND);
    assert!(!any_hints(&session).await.expect("a read"));
    assert!(hint(&session).await.expect("writes go there"));
    let conn = session.read().await.expect("other reads go there");
    assert!(conn.route().is_primary);
    drop(conn);

    // It is asked for its position, as far as it is: its replica has the write then.
    cluster.standby(0).resume_replay().expect("resumed");
    let since = Instant::now();
    loop {
        match hints(&session).await {
            Ok(is_primary) => break assert!(!is_primary),
            Err(error) => refused(error, &BEHIND),
        }
        in_time(since, "a read in the region");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_depends_on_the_region_needs_a_router_that_knows_its_own() {
    let builder = Router::builder().primary(diesel_routing::Node::new("primary", "never://opened"));
    let class = Class::new().region_policy(RegionPolicy::Refuse);
    let error = builder.class("hints", class).build().await.unwrap_err();
    let expected = ConfigError::NoRegion {
        class: "hints".to_owned(),
    };
    assert!(
        matches!(&error, Error::Config(error) if *error == expected),
        "{error:?}"
    );
}
