//! Sessions that go on in another process: two routers here, which share the keys and nothing else.

use std::time::{Duration, Instant};

use diesel_routing::ManualClock;
use diesel_routing::{ConfigError, Error, Reason, Rejection, TokenKeys};

use super::world::{builder, set_theme, theme};
use super::*;

const SECRET: [u8; 32] = [7; 32];

pub(crate) fn keys() -> TokenKeys {
    TokenKeys::new(1, SECRET).expect("keys")
}

pub(crate) async fn process(cluster: &Cluster, keys: TokenKeys) -> Router {
    let builder = builder(cluster).token_keys(keys);
    builder.build().await.expect("a router")
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
        let (value, reason, primary) = theme(&resumed).await;
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
        let (value, reason, primary) = theme(&resumed.waiting(Duration::from_millis(200))).await;
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
        let (then, reason, _) = theme(&there.resume(token.as_str())).await;
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
    assert!(!theme(&session).await.2);
    let token = session.token().await.expect("a token");
    // Its own replica's position is proof enough: nothing waits for the primary's.
    let resumed = there.resume(token.as_str());
    assert!(!theme(&resumed.waiting(Duration::from_secs(5))).await.2);
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

    // In whole bytes: else it would be no text of ours at all.
    let cut_short = &token[..(token.len() - 1) / 4 * 4];
    let mut tampered = token.clone();
    tampered.replace_range(10..11, if &token[10..11] == "A" { "B" } else { "A" });
    for (router, text, rejection) in [
        (&there, token.as_str(), Rejection::BadSignature),
        (&here, cut_short, Rejection::BadSignature),
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
        let (value, reason, primary) = theme(&router.resume(text)).await;
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
async fn the_tokens_of_two_tabs_are_joined() {
    let cluster = cluster(1);
    let router = process(&cluster, keys()).await;
    cluster.standby(0).pause_replay().expect("paused");
    let (one, other) = (router.session(), router.session());
    set_theme(&one, "dark").await;
    assert!(!theme(&other).await.2);
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
        theme(&router.resume(token.as_str())).await.1,
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
        theme(&router.resume(token.as_str())).await.1,
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
