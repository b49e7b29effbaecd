//! What operators hear of a cluster: each change once, whoever notices it.

use std::thread::sleep;
use std::time::Instant;

use super::*;
use crate::heard::Heard;

/// A cluster with a router over it, whose nodes have names of their own.
struct Watched {
    cluster: Cluster,
    router: Router,
    primary: String,
    replica: String,
    heard: Heard,
}

/// The time for which a state lasts that is told once: a node is asked dozens of times meanwhile, and reads go on.
const WHILE: Duration = Duration::from_millis(700);

impl Watched {
    async fn start(test: &str) -> Self {
        let cluster = Cluster::start(1);
        let names = ["primary", "replica"].map(|role| format!("{}-{test}-{role}", module_path!()));
        let [primary, replica] = names;
        let heard = Heard::of(&format!("{}-{test}-", module_path!()));
        let node = |name: &str, url| {
            Node::new(name, url)
                .read_pool_size(2)
                .write_pool_size(1)
                .checkout_timeout(Duration::from_secs(2))
                .connect_timeout(Duration::from_secs(2))
        };
        let nodes = builder()
            .primary(node(&primary, cluster.primary_url()))
            .replica(node(&replica, cluster.replica_url()));
        let timed = nodes
            .check_after_idle(Duration::ZERO)
            .watch_interval(Duration::from_millis(20))
            .watch_timeout(Duration::from_millis(400));
        let router = wait!(timed.build()).unwrap();
        heard.assert_events(&[]);
        Self {
            cluster,
            router,
            primary,
            replica,
            heard,
        }
    }

    /// Reads for a while; returns the number of reads that fell back to the primary.
    async fn read_on(&self) -> u64 {
        let (since, mut fallbacks) = (Instant::now(), 0);
        while since.elapsed() < WHILE {
            if let Ok(conn) = wait!(self.router.read_eventual()) {
                fallbacks += u64::from(conn.route().reason == Reason::Fallback);
            }
            sleep(Duration::from_millis(5));
        }
        fallbacks
    }

    /// Checks what was told of the replica, in order, whatever was told of reads meanwhile.
    #[track_caller]
    fn assert_told_of_replica(&self, expected: &[&str]) {
        let heard = Heard::of(&format!("node=\"{}\"", self.replica));
        heard.assert_events(expected);
    }
}

#[test]
fn a_replica_that_is_killed_is_told_of_once_and_once_more_when_it_is_back() {
    run(async {
        let watched = Watched::start("killed").await;
        watched.cluster.kill_replica();
        let down = watched.heard.first("WARN node_down");
        assert!(down.contains(&watched.replica), "{down}");
        watched.read_on().await;
        watched.assert_told_of_replica(&["WARN node_down"]);
        watched.cluster.start_replica();
        let up = watched.heard.first("INFO node_up");
        let away = up.split("away_seconds=").nth(1).unwrap();
        let away: f64 = away.split(' ').next().unwrap().parse().unwrap();
        assert!(away >= WHILE.as_secs_f64() && away < 60.0, "{up}");
        watched.read_on().await;
        watched.assert_told_of_replica(&["WARN node_down", "INFO node_up"]);
        let told_of_primary = watched.heard.lines_with("WARN node_down", &watched.primary);
        assert_eq!(told_of_primary, [""; 0]);
    });
}

#[test]
fn a_replica_that_is_frozen_is_told_of_once_and_once_more_when_it_goes_on() {
    run(async {
        let watched = Watched::start("frozen").await;
        watched.cluster.freeze_replica();
        let down = watched.heard.first("WARN node_down");
        assert!(down.contains("it did not answer within "), "{down}");
        watched.read_on().await;
        watched.assert_told_of_replica(&["WARN node_down"]);
        watched.cluster.thaw_replica();
        watched.heard.first("INFO node_up");
        watched.read_on().await;
        watched.assert_told_of_replica(&["WARN node_down", "INFO node_up"]);
    });
}

#[test]
fn reads_without_a_replica_are_told_of_when_they_begin_and_when_they_are_over_with_their_number() {
    run(async {
        let watched = Watched::start("fallback").await;
        watched.cluster.kill_replica();
        watched.heard.first("WARN node_down");
        let mut fallbacks = watched.read_on().await;
        assert!(fallbacks > 2, "{fallbacks}");
        let begun = watched.heard.lines("WARN fallback_in_use");
        assert_eq!(begun.len(), 1, "{begun:#?}");
        watched.cluster.start_replica();
        watched.heard.first("INFO node_up");
        let since = Instant::now();
        let over = loop {
            fallbacks += watched.read_on().await;
            let reads = format!(" reads={fallbacks}");
            if let Some(over) = watched.heard.lines_with("INFO fallback_over", &reads).pop() {
                break over;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "{fallbacks}");
        };
        assert!(over.contains(" lasted_seconds="), "{over}");
        assert_eq!(watched.heard.lines("WARN fallback_in_use").len(), 1);
    });
}

#[test]
fn a_failover_is_told_of_step_by_step_each_once() {
    run(async {
        let watched = Watched::start("failover").await;
        watched.cluster.kill_primary();
        let lost = watched.heard.first("ERROR primary_lost");
        assert!(lost.contains("only replays another's writes"), "{lost}");
        watched.read_on().await;
        let before = ["WARN node_down", "ERROR primary_lost"];
        watched.heard.assert_events(&before);
        watched.cluster.promote_replica();
        watched.heard.first("INFO primary_found");
        watched.read_on().await;
        let events = watched.heard.lines("WARN promoted");
        assert_eq!(events.len(), 1, "{events:#?}");
        let of = format!("node=\"{}\" from=\"{}\"", watched.replica, watched.primary);
        assert!(events[0].contains(&of), "{events:#?}");
        let found = watched.heard.lines("INFO primary_found");
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(&watched.replica), "{found:#?}");
        // Reads have no replica any more.
        let all = [
            "WARN node_down",
            "ERROR primary_lost",
            "WARN promoted",
            "INFO primary_found",
            "WARN fallback_in_use",
        ];
        watched.heard.assert_events(&all);
    });
}

#[test]
fn a_checkout_is_a_span_that_says_where_it_went_and_why_or_why_not() {
    run(async {
        let watched = Watched::start("span").await;
        drop(wait!(watched.router.session().read_eventual()).unwrap());
        let spans = watched.heard.lines("INFO checkout");
        let span = spans.last().unwrap();
        for expected in [
            format!("db.routing.node=\"{}\"", watched.replica),
            "db.routing.role=\"replica\"".to_owned(),
            "db.routing.pool=\"read\"".to_owned(),
            "db.routing.reason=\"eventual\"".to_owned(),
            "db.routing.level=\"eventual\"".to_owned(),
            "db.routing.attempts=1".to_owned(),
            "db.routing.waited_seconds=0.".to_owned(),
            "db.namespace=\"app\"".to_owned(),
            format!("db.system.name=\"{}\"", Cluster::SYSTEM),
            "server.port=".to_owned(),
        ] {
            assert!(span.contains(&expected), "{expected}: {span}");
        }
        drop(wait!(watched.router.write()).unwrap());
        let spans = watched.heard.lines("INFO checkout");
        let span = spans.last().unwrap();
        for expected in [
            "role=\"primary\"",
            "pool=\"write\"",
            "reason=\"write\"",
            "level=\"write\"",
        ] {
            assert!(span.contains(expected), "{expected}: {span}");
        }
        watched.cluster.kill_primary();
        let error = wait!(watched.router.write()).map(drop).unwrap_err();
        let spans = watched.heard.lines("INFO checkout");
        let span = spans.last().unwrap();
        let told = format!("db.routing.error={error}");
        assert!(span.contains(&told), "{error}: {span}");
        assert!(span.contains("otel.status_code=\"ERROR\""), "{span}");
    });
}
