//! Which replicas serve a read: those with a tag, and the primary for its share.

use diesel_routing::{Balance, Tag};

use super::world::{World, nodes, rename};
use super::*;

/// A router over a primary and two replicas, the second of which is for reports, with one connection in each pool.
async fn tagged(cluster: &Cluster, timeout: Duration) -> Router {
    let sized = |node: Node| node.read_pool_size(1).checkout_timeout(timeout);
    wait!(
        builder()
            .primary(sized(cluster.primary()))
            .replica(sized(cluster.replica(0)))
            .replica(sized(cluster.replica(1)).tag("reporting").tag("search"))
            .node_share(Duration::from_millis(300))
            .window_only()
            .build()
    )
    .unwrap()
}

const TIMEOUT: Duration = Duration::from_secs(10);

#[test]
fn a_read_on_a_tag_goes_to_a_replica_that_has_it() {
    run(async {
        let cluster = Cluster::start(2);
        let router = tagged(&cluster, TIMEOUT).await;
        let session = router.session();
        for _ in 0..10 {
            for tag in ["reporting", "search"] {
                let conn = wait!(session.on(tag).read_eventual()).unwrap();
                assert_eq!(conn.route().to_string(), "replica-1 (eventual)");
                drop(conn);
                let conn = wait!(router.on(tag).read_eventual()).unwrap();
                assert_eq!(conn.route().node, "replica-1");
                drop(conn);
                let conn = wait!(router.on(tag).session().read()).unwrap();
                assert_eq!(conn.route().node, "replica-1");
            }
        }
        let limited = session.on(Tag::new("reporting").or_fail());
        assert!(wait!(limited.write()).unwrap().route().is_primary);
        assert!(wait!(limited.read_primary()).unwrap().route().is_primary);
    });
}

#[test]
fn a_read_that_no_replica_with_the_tag_serves_goes_where_its_caller_says() {
    run(async {
        let cluster = Cluster::start(2);
        let timeout = Duration::from_millis(1500);
        let router = tagged(&cluster, timeout).await;
        let session = router.session();
        let held = wait!(session.on("reporting").read_eventual()).unwrap();
        let tag = || Tag::new("reporting");
        for (tag, route) in [
            (tag(), "replica-0 (eventual)"),
            (tag().or_any_replica(), "replica-0 (eventual)"),
            (tag().or_primary(), "primary (fallback)"),
        ] {
            let conn = wait!(session.on(tag).read_eventual()).unwrap();
            assert_eq!(conn.route().to_string(), route);
        }
        // It has nowhere else to go, so it waits for as long as it may.
        let since = std::time::Instant::now();
        let error = wait!(session.on(tag().or_fail()).read_eventual()).unwrap_err();
        assert!(
            matches!(&error, Error::Checkout { node, step: Step::Wait, .. } if node == "replica-1"),
            "{error:?}"
        );
        assert!(since.elapsed() >= timeout, "{:?}", since.elapsed());
        drop(held);
        drop(wait!(session.on(tag().or_fail()).read_eventual()).expect("the connection is back"));
    });
}

#[test]
fn a_read_that_is_limited_to_a_tag_fails_rather_than_read_from_the_primary() {
    run(async {
        let cluster = Cluster::start(2);
        let router = tagged(&cluster, TIMEOUT).await;
        let session = router.session();
        rename(&mut wait!(session.write()).unwrap(), "anna").await;
        let conn = wait!(session.on("reporting").read()).unwrap();
        assert_eq!(conn.route().to_string(), "primary (recent_write)");
        drop(conn);
        let error = wait!(session.on(Tag::new("reporting").or_fail()).read()).unwrap_err();
        let Error::NoTaggedReplica { tag, reason, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((tag.as_str(), *reason), ("reporting", "recent_write"));
        let words = error.to_string();
        assert!(words.contains("`replica-1` is up"), "{words}");
    });
}

#[test]
fn a_tag_that_no_node_has_is_an_error_that_names_those_there_are() {
    run(async {
        let cluster = Cluster::start(2);
        let router = tagged(&cluster, TIMEOUT).await;
        let expected = |error: Error| {
            assert!(
                matches!(&error, Error::Config(ConfigError::NoSuchTag { tag, .. }) if tag == "reports"),
                "{error:?}"
            );
            let words = error.to_string();
            assert!(words.contains("`reporting`, `search`"), "{words}");
        };
        let session = router.session().on("reports");
        expected(wait!(session.read()).unwrap_err());
        expected(wait!(session.read_eventual()).unwrap_err());
        expected(wait!(router.on("reports").read_eventual()).unwrap_err());
        let conn = wait!(router.read_eventual()).unwrap();
        expected(wait!(conn.upgrade(&session)).unwrap_err());
    });
}

#[test]
fn a_replica_that_is_reserved_serves_no_other_reads() {
    run(async {
        let cluster = Cluster::start(2);
        let reserved = cluster.replica(1).tag("reporting").only_tagged();
        let router = wait!(
            builder()
                .primary(cluster.primary())
                .replica(cluster.replica(0))
                .replica(reserved)
                .window_only()
                .build()
        )
        .unwrap();
        for _ in 0..50 {
            let conn = wait!(router.read_eventual()).unwrap();
            assert_eq!(conn.route().node, "replica-0");
        }
        let conn = wait!(router.on("reporting").read_eventual()).unwrap();
        assert_eq!(conn.route().node, "replica-1");
    });
}

#[test]
fn the_primary_serves_its_share_at_every_level_that_a_replica_may_serve() {
    run(async {
        let half = Balance::LeastOfTwo.include_primary(0.5);
        let world = World::with(1, |builder| builder.balance(half)).await;
        let mut shares = [0; 4];
        for _ in 0..200 {
            let session = world.router.session();
            let first = wait!(session.read()).unwrap().route().is_primary;
            let reads = [
                wait!(session.read()).unwrap().route().is_primary,
                wait!(session.read_eventual()).unwrap().route().is_primary,
            ];
            assert_eq!(reads, [first; 2], "a session stays on one side");
            let conn = wait!(world.router.read_eventual()).unwrap();
            let is_primary = conn.route().is_primary;
            assert_eq!(is_primary, conn.route().reason == Reason::PrimaryShare);
            let all = [first, reads[0], reads[1], is_primary];
            for (share, is_primary) in shares.iter_mut().zip(all) {
                *share += u32::from(is_primary);
            }
        }
        // 100 each on average; five standard deviations are 35.
        assert!(
            shares.iter().all(|share| (65..=135).contains(share)),
            "{shares:?}"
        );
    });
}

#[test]
fn a_replica_serves_what_the_primary_has_no_connection_for() {
    run(async {
        let all = Balance::LeastOfTwo.include_primary(1.0);
        let adapt = |builder: Builder| {
            let share = Duration::from_millis(100);
            builder.balance(all).node_share(share)
        };
        let world = World::sized(1, 1, adapt).await;
        let held = wait!(world.router.read_eventual()).unwrap();
        assert_eq!(held.route().to_string(), "primary (primary_share)");
        let conn = wait!(world.router.read_eventual()).unwrap();
        assert_eq!(conn.route().to_string(), "replica-0 (eventual)");
    });
}

#[test]
fn a_share_that_is_no_share_is_refused() {
    run(async {
        let cluster = Cluster::start(1);
        for share in [-0.5, 1.5, f64::NAN] {
            let balance = Balance::Random.include_primary(share);
            let error = wait!(nodes(&cluster, 1).balance(balance).build()).unwrap_err();
            assert!(
                matches!(error, Error::Config(ConfigError::PrimaryShare { .. })),
                "{error:?}"
            );
        }
    });
}
