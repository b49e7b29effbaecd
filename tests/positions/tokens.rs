//! Sessions that go on in another process: two routers here, which share the keys and nothing else.

use std::time::{Duration, Instant};

use diesel_routing::pg::{Router, Session};
use diesel_routing::prelude::*;
use diesel_routing::testkit::{ManualClock, PgCluster};
use diesel_routing::{ConfigError, Error, Reason, Rejection, TokenKeys};

use super::{HOUR, LIMIT, cluster, in_time, node, settings};

const SECRET: [u8; 32] = [7; 32];

fn keys() -> TokenKeys {
    TokenKeys::new(1, SECRET).expect("keys")
}

async fn process(cluster: &PgCluster, keys: TokenKeys) -> Router {
    let mut builder = Router::builder()
        .window(HOUR)
        .token_keys(keys)
        .primary(node("primary", cluster.primary()));
    for (index, standby) in cluster.standbys().iter().enumerate() {
        builder = builder.replica(node(&format!("standby-{index}"), standby));
    }
    builder.build().await.expect("a router")
}

async fn set_theme(session: &Session, theme: &str) {
    let mut conn = session.write().await.expect("a connection");
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq(theme))
        .execute(&mut conn)
        .await
        .expect("a write");
}

async fn theme(session: &Session) -> (String, bool, Reason) {
    let mut conn = session.read().await.expect("a connection");
    let theme = settings::table.find(1).select(settings::theme);
    let theme = theme.first(&mut conn).await.expect("a row");
    (theme, conn.route().is_primary, conn.route().reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_reads_the_write_at_once_and_from_a_replica_once_that_has_it() {
    let cluster = cluster(1);
    let (here, there) = (
        process(&cluster, keys()).await,
        process(&cluster, keys()).await,
    );
    cluster.standby(0).pause_replay().expect("paused");
    let session = here.session();
    set_theme(&session, "dark").await;
    let token = session.token().await.expect("a token");
    assert!(token.as_str().len() <= 256);

    let resumed = there.resume(token.as_str());
    for _ in 0..10 {
        let (value, primary, reason) = theme(&resumed).await;
        assert_eq!((value.as_str(), primary), ("dark", true), "{reason}");
    }
    // Without the token, the old state.
    assert_eq!(theme(&there.session()).await.0, "light");
    // One that resumes and only then reads, so that it has not seen the primary's newest state.
    let resumed = there.resume(token.as_str());
    cluster.standby(0).resume_replay().expect("resumed");
    cluster.wait_until_caught_up(LIMIT).expect("caught up");
    let since = Instant::now();
    loop {
        let (value, primary, reason) = theme(&resumed.waiting(Duration::from_millis(200))).await;
        assert_eq!(value, "dark");
        if !primary {
            // The window is an hour: this was proved.
            assert_eq!(reason, Reason::Covered);
            break;
        }
        in_time(since, "a read from the standby");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_in_one_process_is_not_unseen_in_another() {
    let cluster = cluster(2);
    let here = process(&cluster, keys()).await;
    let there = process(&cluster, keys()).await;
    let writer = here.session();
    for round in 0..10_usize {
        let paused = cluster.standby(round % 2);
        paused.pause_replay().expect("paused");
        set_theme(&writer, &round.to_string()).await;
        // Whichever node serves it: what the reader saw here, it sees there.
        let reader = here.session();
        let (seen, ..) = theme(&reader).await;
        let token = reader.token().await.expect("a token");
        let (then, _, reason) = theme(&there.resume(token.as_str())).await;
        let number = |text: &str| text.parse::<i64>().unwrap_or(-1);
        assert!(
            number(&then) >= number(&seen),
            "saw {seen}, then {then} ({reason})"
        );
        paused.resume_replay().expect("resumed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_without_writes_keeps_to_replicas_across_processes() {
    let cluster = cluster(1);
    let here = process(&cluster, keys()).await;
    let there = process(&cluster, keys()).await;
    let session = here.session();
    assert!(!theme(&session).await.1);
    let token = session.token().await.expect("a token");
    // Its own replica's position is proof enough: nothing waits for the primary's.
    let resumed = there.resume(token.as_str());
    assert!(!theme(&resumed.waiting(Duration::from_secs(5))).await.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_honoured_is_no_token_and_is_counted() {
    let cluster = cluster(1);
    let here = process(&cluster, keys()).await;
    let there = process(&cluster, TokenKeys::new(1, [8; 32]).expect("keys")).await;
    cluster.standby(0).pause_replay().expect("paused");
    let session = here.session();
    set_theme(&session, "dark").await;
    let token = session.token().await.expect("a token").to_string();

    let mut tampered = token.clone();
    tampered.replace_range(10..11, if &token[10..11] == "A" { "B" } else { "A" });
    for (router, text, rejection) in [
        (&there, token.as_str(), Rejection::BadSignature),
        (&here, &token[..token.len() - 2], Rejection::BadSignature),
        (&here, tampered.as_str(), Rejection::BadSignature),
        (&here, "", Rejection::Malformed),
        (&here, "what is this?", Rejection::Malformed),
        (&here, &"A".repeat(10_000), Rejection::TooLong),
    ] {
        let count = |router: &Router| {
            let rejected = router.status().rejected_tokens;
            rejected
                .iter()
                .find(|(why, _)| *why == rejection)
                .map_or(0, |(_, count)| *count)
        };
        let before = count(router);
        let (value, primary, reason) = theme(&router.resume(text)).await;
        assert_eq!(
            (value.as_str(), primary),
            ("light", false),
            "{text} {reason}"
        );
        assert_eq!(count(router), before + 1, "{text}");
    }
    // A session that goes on is not harmed by one.
    assert_eq!(session.absorb("what is this?"), Err(Rejection::Malformed));
    assert_eq!(theme(&session).await.0, "dark");
}

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
    let (_, primary, reason) = theme(&here.resume(token.as_str())).await;
    assert_eq!((primary, reason), (false, Reason::NothingToCatchUp));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tokens_of_two_tabs_are_joined() {
    let cluster = cluster(1);
    let router = process(&cluster, keys()).await;
    cluster.standby(0).pause_replay().expect("paused");
    let (one, other) = (router.session(), router.session());
    set_theme(&one, "dark").await;
    assert!(!theme(&other).await.1);
    let joined = router.resume(other.token().await.expect("a token").as_str());
    joined
        .absorb(one.token().await.expect("a token").as_str())
        .expect("honoured");
    assert_eq!(theme(&joined).await.0, "dark");
    // The order does not matter, and the weaker one takes nothing away.
    let joined = router.resume(one.token().await.expect("a token").as_str());
    joined
        .absorb(other.token().await.expect("a token").as_str())
        .expect("honoured");
    assert_eq!(theme(&joined).await.0, "dark");
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

    let (value, primary, reason) = theme(&there.resume(token.as_str())).await;
    assert_eq!(
        (value.as_str(), primary, reason),
        ("dark", true, Reason::OldHistory)
    );
    clock.advance(window + Duration::from_secs(1));
    let since = Instant::now();
    while theme(&there.resume(token.as_str())).await.1 {
        in_time(since, "a read from a replica, past the window");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_is_none() {
    let cluster = cluster(1);
    let clock = ManualClock::default();
    let builder = Router::builder().clock(clock.clone()).token_keys(keys());
    let builder = builder.token_life(Duration::from_secs(60)).window_only();
    let router = builder
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .await
        .expect("a router");
    let session = router.session();
    set_theme(&session, "dark").await;
    let token = session.token().await.expect("a token");
    // Without positions, a token carries the time of the write.
    assert_eq!(
        theme(&router.resume(token.as_str())).await.2,
        Reason::RecentWrite
    );
    clock.advance(Duration::from_secs(61));
    assert_eq!(
        router.session().absorb(token.as_str()),
        Err(Rejection::Expired)
    );
    // A clock that jumps back makes it young again, never a failure.
    clock.set_wall(std::time::SystemTime::now() - HOUR);
    assert_eq!(
        theme(&router.resume(token.as_str())).await.2,
        Reason::RecentWrite
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_does_not_answer_delays_a_token_by_the_timeout_and_no_more() {
    let cluster = cluster(1);
    let timeout = Duration::from_millis(300);
    let router = Router::builder()
        .window(HOUR)
        .token_keys(keys())
        .watch_timeout(timeout)
        .primary(node("primary", cluster.primary()))
        .replica(node("standby", cluster.standby(0)))
        .build()
        .await
        .expect("a router");
    let session = router.session();
    set_theme(&session, "dark").await;
    let written = session.clone();
    // Frozen before the position of this write can have been asked for, or after: both are fine.
    cluster.primary().freeze().expect("frozen");
    let since = Instant::now();
    let token = written.token().await.expect("a token");
    assert!(since.elapsed() < timeout * 4, "{:?}", since.elapsed());
    cluster.primary().thaw().expect("thawed");
    assert_eq!(theme(&router.resume(token.as_str())).await.0, "dark");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_there_are_no_tokens_and_the_error_says_so() {
    let cluster = cluster(0);
    let builder = Router::builder().primary(node("primary", cluster.primary()));
    let router = builder.build().await.expect("a router");
    let error = router.session().token().await.expect_err("no keys");
    assert!(
        matches!(error, Error::Config(ConfigError::NoTokenKeys)),
        "{error}"
    );
    assert_eq!(router.session().absorb("text"), Err(Rejection::NoKeys));
}
