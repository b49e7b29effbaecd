//! `X-Write-Timestamp`, sent back by clients that keep no cookies.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router as App;
use diesel_routing::ManualClock;
use diesel_routing::edge::{Edge, SessionLayer};
use diesel_routing::sqlite::Router;

use super::client::{app, request, send, text, with};
use super::nodes::{AsyncEdge, keys, nodes, router, stale_cluster};

const NAME: &str = "x-write-timestamp";
const STALE: &str = "light nothing_to_catch_up";
const HOUR: Duration = Duration::from_secs(3600);

fn trusting(edge: AsyncEdge) -> AsyncEdge {
    let edge = edge.write_timestamp(true);
    edge.trust(|request| request.headers.contains_key("x-internal"))
}

/// Returns the time of a write that a response has.
async fn write(app: &App) -> Vec<u8> {
    let response = send(app, request("POST", "/theme")).await;
    response.headers()[NAME].as_bytes().to_vec()
}

/// What a trusted caller reads who sends these.
async fn read(app: &App, times: &[&[u8]]) -> String {
    let request = with(request("GET", "/theme"), "x-internal", b"yes");
    let request = times
        .iter()
        .fold(request, |request, time| with(request, NAME, time));
    text(send(app, request).await).await
}

fn millis(time: SystemTime) -> Vec<u8> {
    let since = time.duration_since(UNIX_EPOCH).expect("a time");
    since.as_millis().to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_comes_back_is_a_bound_for_trusted_callers_alone() {
    let cluster = stale_cluster();
    let edge = trusting(Edge::new(router(&cluster).await).expect("keys"));
    let app = app(SessionLayer::from(edge.clone()));
    let time = write(&app).await;
    assert_eq!(read(&app, &[]).await, STALE);
    assert_eq!(read(&app, &[&time]).await, "dark recent_write");
    assert_eq!(edge.status().ignored_timestamps, 0);
    let stranger = with(request("GET", "/theme"), NAME, &time);
    assert_eq!(text(send(&app, stranger).await).await, STALE);
    assert_eq!(edge.status().ignored_timestamps, 1);
}

/// Of a request that only reads, nothing is sent: otherwise a client's window would never end.
#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_comes_back_is_over_after_the_window() {
    let cluster = stale_cluster();
    let clock = ManualClock::default();
    let (primary, replica) = nodes(&cluster);
    let builder = Router::builder().clock(clock.clone()).token_keys(keys());
    let router = builder.primary(primary).replica(replica).build().await;
    let edge = trusting(Edge::new(router.expect("a router")).expect("keys"));
    let app = app(SessionLayer::from(edge));
    let time = write(&app).await;
    let answer = with(request("GET", "/theme"), "x-internal", b"yes");
    let answer = send(&app, with(answer, NAME, &time)).await;
    assert!(!answer.headers().contains_key(NAME), "{answer:?}");
    assert!(!answer.headers().contains_key("set-cookie"), "{answer:?}");
    // The window, and the difference that clocks may have.
    clock.advance(Duration::from_millis(5_900));
    assert_eq!(read(&app, &[&time]).await, "dark recent_write");
    clock.advance(Duration::from_millis(200));
    assert_eq!(read(&app, &[&time]).await, STALE);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_ignored_and_counted() {
    let cluster = stale_cluster();
    let edge = trusting(Edge::new(router(&cluster).await).expect("keys"));
    let app = app(SessionLayer::from(edge.clone()));
    let time = write(&app).await;
    let now = SystemTime::now();
    let seconds = now.duration_since(UNIX_EPOCH).expect("a time").as_secs();
    let negative = [b"-", time.as_slice()].concat();
    let wrong: [&[&[u8]]; 11] = [
        &[b""],
        &[b"now"],
        &[&negative],
        &[b"+1"],
        &[b"1e12"],
        &[b"\xff\xfe"],
        &[b"99999999999999999999999999999999"],
        &[b"Sun, 29 Nov 2026 18:00:00 GMT"],
        &[&time, &time],
        // In seconds, it is of 1970; and what is older than tokens live.
        &[&seconds.to_string().into_bytes()],
        &[&millis(now - 2 * HOUR)],
    ];
    for (count, times) in (1..).zip(wrong) {
        assert_eq!(read(&app, times).await, STALE, "{times:?}");
        assert_eq!(edge.status().ignored_timestamps, count, "{times:?}");
    }
    assert_eq!(edge.status().future_timestamps, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_ahead_counts_as_the_present() {
    let cluster = stale_cluster();
    let edge = trusting(Edge::new(router(&cluster).await).expect("keys"));
    let app = app(SessionLayer::from(edge.clone()));
    write(&app).await;
    let now = SystemTime::now();
    // Within what clocks may be apart.
    let soon = millis(now + Duration::from_millis(900));
    assert_eq!(read(&app, &[&soon]).await, "dark recent_write");
    assert_eq!(edge.status().future_timestamps, 0);
    let micros = now.duration_since(UNIX_EPOCH).expect("a time").as_micros();
    let micros = (micros / 100).to_string().into_bytes();
    for (count, time) in (1..).zip([millis(now + HOUR), micros, vec![b'9'; 15]]) {
        assert_eq!(read(&app, &[&time]).await, "dark recent_write");
        assert_eq!(edge.status().future_timestamps, count);
    }
    assert_eq!(edge.status().ignored_timestamps, 0);
}
