//! What clients send that they should not: each is no token, is counted, and is never an error page.

use std::time::{Duration, SystemTime};

use axum::http::StatusCode;
use diesel_routing::ManualClock;
use diesel_routing::edge::{Edge, SessionLayer};
use diesel_routing::sqlite::Router;
use diesel_routing::{Lsn, PgPosition, PoolKind, Position, Rejection, Token, TokenKeys};

use super::client::{Browser, app, request, send, text, with};
use super::nodes::{keys, nodes, router, stale_cluster};

const HOUR: Duration = Duration::from_secs(3600);

fn rejected(router: &Router, why: Rejection) -> u64 {
    let status = router.status();
    let mut rejected = status.rejected_tokens.into_iter();
    rejected
        .find(|(known, _)| *known == why)
        .map_or(0, |(_, count)| count)
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_that_are_no_tokens_change_nothing_and_are_counted() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let app = app(SessionLayer::new(router.clone()).expect("keys"));
    let forged = TokenKeys::new(1, [9; 32]).expect("keys");
    let stranger = TokenKeys::new(9, [7; 32]).expect("keys");
    let now = SystemTime::now();
    let token = Token::new(now + HOUR).wrote_at_unknown_position(now);
    let old = Token::new(now - HOUR).wrote_at_unknown_position(now - 2 * HOUR);
    let mut newer = keys().sign(&token).to_string();
    // Version 6.
    newer.replace_range(0..1, "B");
    for (cookie, why) in [
        (vec![b'a'; 10_000], Rejection::TooLong),
        (vec![b'a'; 60_000], Rejection::TooLong),
        (b"".to_vec(), Rejection::Malformed),
        (b"what is this?".to_vec(), Rejection::Malformed),
        (b"\xff\xfe\xfd".to_vec(), Rejection::Malformed),
        ("ünïcödé".into(), Rejection::Malformed),
        (b"%00%0d%0a".to_vec(), Rejection::Malformed),
        (
            forged.sign(&token).to_string().into(),
            Rejection::BadSignature,
        ),
        (
            stranger.sign(&token).to_string().into(),
            Rejection::UnknownKey,
        ),
        (keys().sign(&old).to_string().into(), Rejection::Expired),
        (newer.into(), Rejection::UnknownVersion),
    ] {
        let before = rejected(&router, why);
        let line = [b"__Host-db-session=", cookie.as_slice()].concat();
        let shown = String::from_utf8_lossy(&line).into_owned();
        let response = send(&app, with(request("GET", "/theme"), "cookie", &line)).await;
        assert_eq!(response.status(), StatusCode::OK, "{shown}");
        assert_eq!(text(response).await, "light nothing_to_catch_up", "{shown}");
        assert_eq!(rejected(&router, why), before + 1, "{why}: {shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_cookies_of_one_name_a_few_are_looked_at() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let layer = SessionLayer::new(router.clone()).expect("keys");
    let app = app(layer.clone());
    let mut user = Browser::default();
    user.post(&app).await;
    let good = user.cookie().expect("a cookie");
    let bad = vec!["__Host-db-session=bad"; 99].join("; ");
    // Among the first, wherever it stands.
    for line in [
        format!("{good}; {bad}"),
        format!("a=b; __Host-db-session=bad; {good}; {bad}"),
    ] {
        let before = rejected(&router, Rejection::Malformed);
        let read = with(request("GET", "/theme"), "cookie", line.as_bytes());
        assert_eq!(text(send(&app, read).await).await, "dark state_unknown");
        assert_eq!(rejected(&router, Rejection::Malformed), before + 7);
    }
    let mut read = request("GET", "/theme");
    for _ in 0..100 {
        read = with(read, "cookie", b"__Host-db-session=bad");
    }
    assert_eq!(text(send(&app, read).await).await, "dark state_unknown");
    assert_eq!(layer.edge().status().surplus_tokens, 3);
}

/// As a subdomain can set them for the whole domain, before the session's own.
#[tokio::test(flavor = "multi_thread")]
async fn cookies_that_push_the_sessions_own_out_of_sight_make_no_read_stale() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let app = app(SessionLayer::new(router.clone()).expect("keys"));
    let mut user = Browser::default();
    user.post(&app).await;
    let good = user.cookie().expect("a cookie");
    let junk = ["__Host-db-session=bad"; 8].join("; ");
    let line = format!("{junk}; {good}");
    let read = with(request("GET", "/theme"), "cookie", line.as_bytes());
    assert_eq!(text(send(&app, read).await).await, "dark state_unknown");
    // Within the budget of reads that no replica serves: whoever sends many cookies takes the primary from nobody.
    let status = router.status();
    let loans = |kind| {
        let pools = status.nodes[0].pools.iter();
        pools
            .filter(|pool| pool.pool == kind)
            .map(|pool| pool.loans)
            .sum::<u64>()
    };
    assert_eq!(loans(PoolKind::Read), 0);
    assert_eq!(loans(PoolKind::Fallback), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_cookies_may_be_anything() {
    let cluster = stale_cluster();
    let app = app(SessionLayer::new(router(&cluster).await).expect("keys"));
    let mut user = Browser::default();
    user.post(&app).await;
    let good = user.cookie().expect("a cookie");
    let line = [b"a=\xff\xfe; =; ;;b;", good.as_bytes(), b"; c=\"\x80"].concat();
    let read = with(request("GET", "/theme"), "cookie", &line);
    assert_eq!(text(send(&app, read).await).await, "dark recent_write");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_back_an_hour_keeps_what_was_written() {
    let cluster = stale_cluster();
    let clock = ManualClock::default();
    let (primary, replica) = nodes(&cluster);
    let builder = Router::builder().clock(clock.clone()).token_keys(keys());
    let router = builder.primary(primary).replica(replica).build().await;
    let edge = Edge::new(router.expect("a router")).expect("keys");
    let app = app(SessionLayer::from(edge));
    let mut user = Browser::default();
    user.post(&app).await;
    clock.set_wall(SystemTime::now() - HOUR);
    assert_eq!(user.get(&app).await, "dark recent_write");
    user.post(&app).await;
    assert_eq!(user.get(&app).await, "dark recent_write");
    // And forward again: the token is of an hour ago, and so is the write.
    clock.set_wall(SystemTime::now());
    let response = user.send(&app, request("GET", "/theme")).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_token_beside_a_new_one_takes_nothing_away() {
    let cluster = stale_cluster();
    let app = app(SessionLayer::new(router(&cluster).await).expect("keys"));
    let mut user = Browser::default();
    let now = SystemTime::now();
    let at = |lsn| Position::Postgres(PgPosition::new(1, 1, Lsn(lsn)));
    let old = Token::new(now + HOUR).saw(at(1));
    user.post(&app).await;
    let new = user.cookie().expect("a cookie");
    let line = format!("__Host-db-session={}; {new}", keys().sign(&old));
    let read = with(request("GET", "/theme"), "cookie", line.as_bytes());
    assert_eq!(text(send(&app, read).await).await, "dark recent_write");
}
