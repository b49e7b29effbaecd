//! How often servers are asked, by however many routers and sessions.

use std::time::{Duration, Instant};

use diesel_routing::{Clock, Health, Node};

use super::tokens::keys;
use super::world::{set_theme, theme, try_set_theme};
use super::*;

const ROUTERS: usize = 10;
/// The number of writes that all routers are to hear of.
const WRITES: u32 = 15;

/// Writes, and waits until each router knows that the primary has moved on.
async fn write_and_hear(cluster: &Cluster, routers: &[Router], write: u32) {
    let positions = || {
        routers
            .iter()
            .map(|router| router.status().nodes[0].position.clone())
    };
    let before: Vec<_> = positions().collect();
    let sql = format!("UPDATE settings SET theme = 'write {write}'");
    cluster.primary().execute(&sql).expect("a write");
    let since = Instant::now();
    while positions().zip(&before).any(|(now, before)| now == *before) {
        in_time(since, "an answer that is heard by all");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

// Ten routers asked a server ten times as often as one.
#[tokio::test(flavor = "multi_thread")]
async fn routers_of_one_process_share_what_a_server_says() {
    let cluster = cluster(1);
    let [primary, standby] =
        [cluster.primary(), cluster.standby(0)].map(|node| node.proxy().expect("a proxy"));
    let mut routers = Vec::new();
    for _ in 0..ROUTERS {
        let builder = Router::builder()
            .primary(Node::new("primary", primary.url()))
            .replica(Node::new("standby", standby.url()));
        routers.push(builder.build().await.expect("a router"));
    }
    // All have answers of the same time from here on.
    write_and_hear(&cluster, &routers, 0).await;
    let before = primary.round_trips();
    for write in 1..=WRITES {
        write_and_hear(&cluster, &routers, write).await;
    }
    let asked = primary.round_trips() - before;
    // Each asked for itself, it would be ten for each write.
    assert!(
        asked <= u64::from(WRITES) * 4,
        "{asked} questions for {WRITES} writes"
    );

    // Whoever is left asks by itself.
    routers.truncate(1);
    write_and_hear(&cluster, &routers, WRITES + 1).await;
    cluster.standby(0).kill().expect("it ends");
    let since = Instant::now();
    while routers[0].status().nodes[1].health != Health::Down {
        in_time(since, "a standby that is down");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The system's clock, and yet the router's own: it shares no answers.
#[derive(Debug)]
struct OwnClock;

impl Clock for OwnClock {
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// A router that has so many names of one standby, each with a watcher of its own.
async fn with_replicas(primary: &str, standby: &str, replicas: usize) -> Router {
    let mut builder = Router::builder()
        .clock(OwnClock)
        .window(HOUR)
        .token_keys(keys())
        .primary(
            Node::new("primary", primary)
                .read_pool_size(8)
                .write_pool_size(8),
        );
    for number in 0..replicas {
        builder =
            builder.replica(Node::new(format!("standby-{number}"), standby).read_pool_size(2));
    }
    builder.build().await.expect("a router")
}

#[derive(Debug, Clone, Copy)]
enum Storm {
    /// One session that writes once, and reads without a pause.
    Busy,
    /// A hundred sessions that write and read.
    Many,
    /// Sessions that write and want a token at once.
    Tokens,
}

/// The time that each storm lasts.
const STORM: Duration = Duration::from_millis(1500);

async fn rage(router: &Router, storm: Storm) {
    let end = Instant::now() + STORM;
    let tasks = match storm {
        Storm::Busy => 1,
        Storm::Many => 100,
        Storm::Tokens => 4,
    };
    let work = (0..tasks).map(async |_| {
        let session = router.session();
        set_theme(&session, "dark").await;
        while Instant::now() < end {
            match storm {
                Storm::Busy => {
                    theme(&session).await;
                }
                Storm::Many => {
                    // With a hundred, the pools are exhausted now and then.
                    let _ = try_set_theme(&session, "dark").await;
                    drop(session.read().await);
                }
                Storm::Tokens => {
                    let session = router.session();
                    set_theme(&session, "dark").await;
                    drop(session.token().await.expect("a token"));
                }
            }
        }
    });
    futures_util::future::join_all(work).await;
}

// A session that wrote and read asked every node again and again: 8,000 to 14,000 questions a second.
#[tokio::test(flavor = "multi_thread")]
async fn storms_of_sessions_ask_no_node_more_often_than_the_limit() {
    let cluster = wide_cluster(1);
    let [primary, standby] =
        [cluster.primary(), cluster.standby(0)].map(|node| node.proxy().expect("a proxy"));
    for replicas in [2, 50] {
        for storm in [Storm::Busy, Storm::Many, Storm::Tokens] {
            let router = with_replicas(&primary.url(), &standby.url(), replicas).await;
            // What a router opens as it is built are its watchers'.
            let watched = [&primary, &standby].map(|proxy| {
                let open = proxy.connections();
                open.iter()
                    .map(|open| (open.number, open.round_trips))
                    .collect::<Vec<_>>()
            });
            let since = Instant::now();
            rage(&router, storm).await;
            let seconds = since.elapsed().as_secs_f64();
            let rates = std::iter::zip([&primary, &standby], watched).map(|(proxy, watched)| {
                let open = proxy.connections();
                let asked = watched.iter().filter_map(|(number, before)| {
                    let now = open.iter().find(|open| open.number == *number)?;
                    Some(now.round_trips - before)
                });
                asked.max().unwrap_or_default() as f64 / seconds
            });
            let rates: Vec<_> = rates.collect();
            eprintln!(
                "{replicas:>2} replicas, {storm:?}: {rates:.0?} questions a second to a node, primary and replica"
            );
            // Ten at the interval of 100 ms, which comes up to a tenth early, twenty out of turn, and a burst of five.
            let limit = 11.0 + 20.0 + 5.0 / seconds;
            assert!(
                rates.iter().all(|rate| *rate <= limit),
                "{rates:?} of at most {limit}"
            );
            drop(router);
        }
    }
}
