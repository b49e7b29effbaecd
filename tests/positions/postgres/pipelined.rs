//! Reads that share a round trip with the question whether they may.

mod tap;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use diesel_routing::Error;
use diesel_routing::pg::ReadConn;
use diesel_routing::{CaughtUp, Route};

use self::tap::{Seen, Tap};
use super::world::{builder, router, set_theme};
use super::*;
use crate::counts::{Counter, another_theme};

/// Reads the theme, and counts how often that begins and ends.
#[derive(Default)]
struct Reader {
    began: AtomicU32,
    ended: AtomicU32,
}

impl Reader {
    async fn read(&self, session: &Session) -> Result<(String, bool), Error> {
        session
            .reading_pipelined(async |conn| {
                self.began.fetch_add(1, Ordering::Relaxed);
                let theme = theme_on(conn).await;
                self.ended.fetch_add(1, Ordering::Relaxed);
                Ok::<_, diesel::result::Error>((theme?, conn.route().is_primary))
            })
            .await
    }

    /// Returns how often it began and ended since it was asked last.
    fn counts(&self) -> (u32, u32) {
        (
            self.began.swap(0, Ordering::Relaxed),
            self.ended.swap(0, Ordering::Relaxed),
        )
    }
}

async fn theme_on(mut conn: &ReadConn<CaughtUp>) -> QueryResult<String> {
    let theme = settings::table.find(1).select(settings::theme);
    theme.first(&mut conn).await
}

/// Writes and reads until a replica has served such a read: then its connection has prepared what it is asked.
async fn warm_up(router: &Router) {
    let since = Instant::now();
    let mut in_a_row = 0;
    while in_a_row < 5 {
        let session = router.session();
        let theme = another_theme();
        set_theme(&session, &theme).await;
        let (read, is_primary) = Reader::default().read(&session).await.expect("a read");
        assert_eq!(read, theme);
        in_a_row = if is_primary { 0 } else { in_a_row + 1 };
        in_time(since, "reads of a replica");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_is_on_the_wire_before_the_statement_and_neither_waits_for_the_other() {
    let cluster = cluster(1);
    let network = cluster.standby(0).proxy().expect("a proxy");
    network.set_delay(Duration::from_millis(5));
    let tap = Tap::before(&network.url());
    let standby = diesel_routing::Node::new("standby", tap.url()).read_pool_size(1);
    let router = Router::builder()
        .window(HOUR)
        .primary(node("primary", cluster.primary()))
        .replica(standby)
        .build()
        .await
        .expect("a router");
    warm_up(&router).await;
    let session = router.session();
    let theme = another_theme();
    set_theme(&session, &theme).await;
    tap.forget();
    let read = Reader::default().read(&session).await.expect("a read");
    assert_eq!(read, (theme, false));
    let (question, statement) = ("pg_is_in_recovery", "\"settings\"");
    let seen = tap.seen_where(statement);
    let asks = |seen: &Seen, text: &str| matches!(seen, Seen::Ran(sql) if sql.contains(text));
    assert!(asks(&seen[0], question), "{seen:?}");
    assert!(asks(&seen[1], statement), "{seen:?}");
    assert!(
        seen[2..].iter().all(|seen| *seen == Seen::Answer),
        "{seen:?}"
    );
    assert!(seen.len() > 2, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_behind_shows_nothing_and_the_read_runs_on_the_primary() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    warm_up(&router).await;
    cluster.standby(0).pause_replay().expect("paused");
    let reader = Reader::default();
    // The position of the write is asked for at the same time, and before.
    for is_known in [false, true] {
        let session = router.session();
        let theme = another_theme();
        set_theme(&session, &theme).await;
        if is_known {
            session.require_now().await;
        }
        let read = reader.read(&session).await.expect("a read");
        assert_eq!(read, (theme, true));
        let (began, ended) = reader.counts();
        assert_eq!(ended, 1, "what it read on the replica was shown");
        // The second time, the replica may be no longer worth a try.
        assert!(began == 2 || is_known && began == 1, "{began}");
    }
}

/// On a busy machine, the replica's answer was there before the closure's first poll had ended, and it read on.
#[tokio::test(flavor = "multi_thread")]
async fn a_closure_that_takes_its_time_over_its_first_poll_sees_no_answer_either() {
    let cluster = cluster(1);
    let router = router(&cluster).await;
    warm_up(&router).await;
    cluster.standby(0).pause_replay().expect("paused");
    let session = router.session();
    let theme = another_theme();
    set_theme(&session, &theme).await;
    let (began, seen) = (AtomicU32::new(0), AtomicU32::new(0));
    let read = session
        .reading_pipelined(async |conn| {
            began.fetch_add(1, Ordering::Relaxed);
            let mut reading = pin!(theme_on(conn));
            let theme = poll_fn(|context| {
                // Longer than an answer takes.
                for _ in 0..100 {
                    if let Poll::Ready(theme) = reading.as_mut().poll(context) {
                        return Poll::Ready(theme);
                    }
                    std::thread::sleep(Duration::from_millis(1));
                }
                Poll::Pending
            });
            let theme = theme.await;
            seen.fetch_add(1, Ordering::Relaxed);
            theme
        })
        .await
        .expect("a read");
    assert_eq!(read, theme);
    let counts = (began.into_inner(), seen.into_inner());
    assert_eq!(counts, (2, 1), "what it read on the replica was shown");
}

/// An error that comes of what a replica lacks is not the caller's.
#[tokio::test(flavor = "multi_thread")]
async fn an_error_on_a_replica_that_may_not_serve_is_not_shown() {
    diesel::table! { notes { id -> Integer, } }
    let cluster = cluster(1);
    let router = router(&cluster).await;
    warm_up(&router).await;
    cluster.standby(0).pause_replay().expect("paused");
    let table = "CREATE TABLE notes (id int PRIMARY KEY)";
    cluster.primary().execute(table).expect("a table");
    let session = router.session();
    set_theme(&session, "dark").await;
    let (began, failed) = (AtomicU32::new(0), AtomicU32::new(0));
    let count: i64 = session
        .reading_pipelined(async |mut conn| {
            began.fetch_add(1, Ordering::Relaxed);
            let count = notes::table.count().get_result(&mut conn).await;
            failed.fetch_add(u32::from(count.is_err()), Ordering::Relaxed);
            count
        })
        .await
        .expect("read on the primary");
    assert_eq!(count, 0);
    assert_eq!((began.into_inner(), failed.into_inner()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_was_promoted_under_the_connection_shows_nothing() {
    let cluster = cluster(1);
    // Its watcher does not ask meanwhile: the connection alone can tell.
    let seldom = Duration::from_secs(20);
    let router = builder(&cluster).watch_interval(seldom).build();
    let router = router.await.expect("a router");
    warm_up(&router).await;
    cluster.standby(0).promote().expect("promoted");
    let session = router.session();
    set_theme(&session, "dark").await;
    let reader = Reader::default();
    let read = reader.read(&session).await.expect("a read");
    assert_eq!(read, ("dark".into(), true));
    assert_eq!(reader.counts(), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_whose_question_is_not_answered_does_not_count() {
    let cluster = cluster(1);
    let network = cluster.standby(0).proxy().expect("a proxy");
    let standby = diesel_routing::Node::new("standby", network.url());
    let router = Router::builder()
        .window(HOUR)
        // Its watcher does not ask meanwhile: what it proves needs no question.
        .watch_interval(Duration::from_secs(20))
        .primary(node("primary", cluster.primary()))
        .replica(standby);
    let router = router.build().await.expect("a router");
    warm_up(&router).await;
    let session = router.session();
    set_theme(&session, "dark").await;
    // It has replayed the write, and would say so.
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    network.drop_answers();
    let reader = Reader::default();
    let since = Instant::now();
    let read = reader.read(&session).await.expect("a read");
    assert_eq!(read, ("dark".into(), true));
    assert_eq!(reader.counts(), (2, 1));
    assert!(since.elapsed() < Duration::from_secs(3));
    // The connection is closed, and another one stands.
    network.disconnect();
    warm_up(&router).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_given_up_leaves_its_pool_as_it_was() {
    let cluster = cluster(1);
    let network = cluster.standby(0).proxy().expect("a proxy");
    let standby = diesel_routing::Node::new("standby", network.url()).read_pool_size(1);
    let router = Router::builder()
        .window(HOUR)
        .primary(node("primary", cluster.primary()))
        .replica(standby);
    let router = router.build().await.expect("a router");
    warm_up(&router).await;
    for _ in 0..10 {
        let session = router.session();
        set_theme(&session, "dark").await;
        let began = tokio::sync::Notify::new();
        let reading = session.reading_pipelined(async |conn| {
            began.notify_one();
            theme_on(conn).await
        });
        tokio::select! {
            biased;
            () = began.notified() => {}
            theme = reading => assert_eq!(theme.expect("a read"), "dark"),
        }
        // None of its answers is taken for another's.
        warm_up(&router).await;
    }
    assert_eq!(router.status().nodes[1].problem, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_behind_the_question_no_later_read_falls_behind() {
    let cluster = cluster(2);
    // Watchers do not ask meanwhile: what the read itself tells the session is all there is.
    let seldom = Duration::from_secs(20);
    let router = builder(&cluster).watch_interval(seldom).build();
    let router = router.await.expect("a router");
    warm_up(&router).await;
    let (since, mut rounds) = (Instant::now(), 0);
    while rounds < 4 {
        in_time(since, "reads of the standby that goes on");
        let session = router.session();
        set_theme(&session, "old").await;
        // Both standbys will have what the session needs so far.
        session.require_now().await;
        cluster.wait_until_caught_up(LIMIT).expect("caught up");
        cluster.standby(1).pause_replay().expect("paused");
        let update = "UPDATE settings SET theme = 'new'";
        cluster.primary().execute(update).expect("a write");
        let theme = "SELECT theme FROM settings";
        while cluster
            .standby(0)
            .query_value(theme)
            .expect("a row")
            .as_deref()
            != Some("new")
        {
            in_time(since, "the write on the standby");
        }
        let (first, is_primary) = Reader::default().read(&session).await.expect("a read");
        if first == "new" && !is_primary {
            rounds += 1;
            for _ in 0..8 {
                let mut conn = session.read().await.expect("a connection");
                let theme = settings::table.find(1).select(settings::theme);
                let theme: String = theme.first(&mut conn).await.expect("a row");
                assert_eq!(theme, "new", "on {}", conn.route());
            }
        }
        cluster.standby(1).resume_replay().expect("resumed");
    }
}

/// A read that has nothing to ask is one like any other.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_is_proved_already_asks_nothing_and_its_statements_share_a_round_trip() {
    let cluster = cluster(1);
    let network = cluster.standby(0).proxy().expect("a proxy");
    let standby = diesel_routing::Node::new("standby", network.url()).read_pool_size(1);
    let builder = Router::builder()
        .window(HOUR)
        .primary(node("primary", cluster.primary()))
        .replica(standby);
    let router = builder.build().await.expect("a router");
    let counter = Counter::of(vec![network.clone()]);
    warm_up(&router).await;
    let session = router.session();
    set_theme(&session, "dark").await;
    let read = async || {
        let two = session.reading_pipelined(async |conn| {
            let route: Route<'_> = conn.route();
            let is_primary = route.is_primary;
            let (one, other) = (theme_on(conn), theme_on(conn));
            let both = futures_util::future::try_join(one, other).await?;
            Ok::<_, Error>((both, is_primary))
        });
        two.await.expect("a read")
    };
    let since = Instant::now();
    while read().await.1 {
        in_time(since, "a read of a replica");
    }
    let before = counter.total();
    for _ in 0..10 {
        assert_eq!(read().await, (("dark".into(), "dark".into()), false));
    }
    let took = counter.total() - before;
    assert!((10..=11).contains(&took), "{took}");
}

/// The first read after a write, by turns with and without, 1 ms away.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_read_after_a_write_is_quicker_by_a_round_trip_and_more() {
    let cluster = cluster(1);
    let [primary, standby] =
        [cluster.primary(), cluster.standby(0)].map(|node| node.proxy().expect("a proxy"));
    let router = Router::builder()
        .window(HOUR)
        .primary(diesel_routing::Node::new("primary", primary.url()))
        .replica(diesel_routing::Node::new("standby", standby.url()));
    let router = router.build().await.expect("a router");
    for network in [&primary, &standby] {
        network.set_delay(Duration::from_millis(1));
    }
    warm_up(&router).await;
    // At once, and where the position of the write is known already.
    for is_known in [false, true] {
        let mut times = [const { Vec::new() }; 2];
        for turn in 0..120 {
            let session = router.session();
            let theme = another_theme();
            set_theme(&session, &theme).await;
            if is_known {
                session.require_now().await;
            }
            let since = Instant::now();
            let read = if turn % 2 == 0 {
                let read = session.reading(async |conn| theme_on(conn).await);
                read.await.expect("a read")
            } else {
                Reader::default().read(&session).await.expect("a read").0
            };
            times[turn % 2].push(since.elapsed());
            assert_eq!(read, theme);
        }
        let [reading, pipelined] = times.map(|mut times| {
            times.sort();
            times[times.len() / 2].as_secs_f64()
        });
        let ratio = pipelined / reading;
        eprintln!(
            "position known: {is_known}; pipelined {ratio:.2} of `reading`, {:.1} ms",
            reading * 1e3
        );
        assert!(ratio < 0.9, "{ratio}");
    }
}
