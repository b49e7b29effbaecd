//! States on the server's side: in memory, in Redis, and in stores that fail.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::Router as App;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{get, post};
use diesel_routing::ManualClock;
use diesel_routing::edge::{
    Edge, MemoryStore, RedisStore, SessionLayer, StoreDown, StoreError, StoreFuture, TokenStore,
};
use diesel_routing::prelude::*;
use diesel_routing::sqlite::Session;
use diesel_routing::{Error, Lsn, PgPosition, Position, Reason, Token};
use diesel_routing_testkit::SqliteCluster;
use futures_util::FutureExt;
use redis::Commands;

use super::client::{app, cookie, darken, request, send, show, text, with};
use super::nodes::{AsyncEdge, nodes, router, settings, stale_cluster};
use super::redis_server::RedisServer;

const HOUR: Duration = Duration::from_secs(3600);

fn user(request: &Parts) -> Option<String> {
    let user = request.headers.get("x-user")?;
    user.to_str().ok().map(str::to_owned)
}

async fn stored(cluster: &SqliteCluster, store: impl TokenStore) -> AsyncEdge {
    Edge::stored(router(cluster).await, store, user)
}

async fn page(app: &App, user: &str) -> String {
    let response = send(
        app,
        with(request("GET", "/theme"), "x-user", user.as_bytes()),
    )
    .await;
    assert_eq!(response.status(), StatusCode::OK);
    text(response).await
}

async fn write(app: &App, user: &str) {
    let written = with(request("POST", "/theme"), "x-user", user.as_bytes());
    let response = send(app, written).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(cookie(response.headers()), None);
}

fn at(lsn: u64) -> Position {
    Position::Postgres(PgPosition::new(1, 1, Lsn(lsn)))
}

fn wrote(lsn: u64) -> Token {
    let now = SystemTime::now();
    Token::new(now + HOUR).wrote(at(lsn), now)
}

const KEY: &str = "diesel-routing:session:ann";

#[tokio::test(flavor = "multi_thread")]
async fn with_a_store_nothing_travels_to_the_client_and_others_are_not_upgraded() {
    let cluster = stale_cluster();
    let app = app(stored(&cluster, MemoryStore::new(100)).await.into());
    write(&app, "ann").await;
    assert_eq!(page(&app, "ann").await, "dark recent_write");
    assert_eq!(page(&app, "bob").await, "light nothing_to_catch_up");
    let stranger = send(&app, request("GET", "/theme")).await;
    assert_eq!(text(stranger).await, "light nothing_to_catch_up");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_a_redis() {
    let (cluster, redis) = (stale_cluster(), RedisServer::start());
    let store = || RedisStore::new(&redis.url()).expect("a store");
    let here = app(stored(&cluster, store()).await.into());
    let there = app(stored(&cluster, store()).await.into());
    write(&here, "ann").await;
    assert_eq!(page(&there, "ann").await, "dark recent_write");
    assert_eq!(page(&there, "bob").await, "light nothing_to_catch_up");
    let life: i64 = redis.connect().pttl(KEY).expect("a life");
    assert!((3_590_000..=3_600_000).contains(&life), "{life}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_write_at_once_never_lose_the_higher_position() {
    let redis = RedisServer::start();
    let writers = (0..8_u64).map(|writer| {
        let store = RedisStore::new(&redis.url()).expect("a store");
        tokio::spawn(async move {
            for round in 0..50 {
                let token = wrote(round * 8 + writer);
                store.join("ann", &token, HOUR).await.expect("joined");
                let known = store.load("ann").await.expect("loaded").expect("a state");
                let known = known.required().expect("a position");
                assert!(known.covers(&at(round * 8 + writer)), "{known:?}");
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer");
    }
    let store = RedisStore::new(&redis.url()).expect("a store");
    // A client that replays an old state takes nothing away.
    store.join("ann", &wrote(3), HOUR).await.expect("joined");
    let known = store.load("ann").await.expect("loaded").expect("a state");
    assert_eq!(known.required(), Some(at(399)));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_store_a_session_reads_from_the_primary_until_the_store_is_back() {
    let (cluster, mut redis) = (stale_cluster(), RedisServer::start());
    let clock = ManualClock::default();
    let (primary, replica) = nodes(&cluster);
    let router = diesel_routing::sqlite::Router::builder()
        .clock(clock.clone())
        .primary(primary)
        .replica(replica);
    let store = RedisStore::new(&redis.url()).expect("a store");
    let edge = Edge::stored(router.build().await.expect("a router"), store, user);
    let app = app(edge.clone().into());
    assert_eq!(page(&app, "ann").await, "light nothing_to_catch_up");
    redis.kill();
    write(&app, "ann").await;
    assert_eq!(page(&app, "ann").await, "dark state_unknown");
    assert_eq!(page(&app, "bob").await, "dark state_unknown");
    let status = edge.status();
    assert_eq!((status.failed_loads, status.failed_saves), (3, 1));

    redis.restart();
    // What was not saved may be anyone's, until the window has passed.
    let since = Instant::now();
    loop {
        let failed = edge.status().failed_loads;
        assert_eq!(page(&app, "bob").await, "dark state_unknown");
        if edge.status().failed_loads == failed {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(20));
    }
    clock.advance(Duration::from_secs(6));
    while page(&app, "bob").await != "light nothing_to_catch_up" {
        assert!(since.elapsed() < Duration::from_secs(20));
    }
    write(&app, "ann").await;
    assert_eq!(page(&app, "ann").await, "dark recent_write");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_store_a_session_is_its_token_if_the_policy_says_so() {
    let (cluster, mut redis) = (stale_cluster(), RedisServer::start());
    let store = RedisStore::new(&redis.url()).expect("a store");
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let edge = edge
        .store(store, user)
        .when_store_is_down(StoreDown::TokenOnly);
    let app = app(edge.clone().into());
    redis.kill();
    let written = with(request("POST", "/theme"), "x-user", b"ann");
    let written = send(&app, written).await;
    let token = cookie(written.headers()).expect("a cookie");
    assert_eq!(page(&app, "ann").await, "light nothing_to_catch_up");
    let read = with(request("GET", "/theme"), "cookie", token.as_bytes());
    let read = send(&app, with(read, "x-user", b"ann")).await;
    assert_eq!(text(read).await, "dark recent_write");
    assert_eq!(edge.status().failed_loads, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_does_not_answer_delays_a_request_by_its_timeout_and_no_more() {
    let (cluster, redis) = (stale_cluster(), RedisServer::start());
    let store = RedisStore::new(&redis.url()).expect("a store");
    let timeout = Duration::from_millis(400);
    let edge = stored(&cluster, store).await.store_timeout(timeout);
    let app = app(edge.clone().into());
    write(&app, "ann").await;
    redis.freeze();
    // After three failures it would be left alone.
    for _ in 0..2 {
        // It loads and it saves.
        let since = Instant::now();
        write(&app, "ann").await;
        let took = since.elapsed();
        assert!(took >= timeout && took < timeout * 2, "{took:?}");
    }
    redis.thaw();
}

/// Every request waited 50 ms for a Redis that hung, or whatever the time limit was.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_is_left_alone_after_three_requests_and_asked_again_by_one_at_a_time() {
    let (cluster, redis) = (stale_cluster(), RedisServer::start());
    let store = RedisStore::new(&redis.url()).expect("a store");
    let timeout = Duration::from_millis(400);
    let edge = stored(&cluster, store).await.store_timeout(timeout);
    let app = app(edge.clone().into());
    assert_eq!(page(&app, "ann").await, "light nothing_to_catch_up");
    redis.freeze();
    for _ in 0..3 {
        assert_eq!(page(&app, "ann").await, "light state_unknown");
    }
    let since = Instant::now();
    let mut longest = Duration::ZERO;
    let mut waited = 0;
    while since.elapsed() < Duration::from_secs(2) {
        let since = Instant::now();
        assert_eq!(page(&app, "ann").await, "light state_unknown");
        longest = longest.max(since.elapsed());
        waited += u32::from(since.elapsed() >= timeout);
    }
    assert!(waited <= 2, "{waited} requests waited, one for {longest:?}");
    redis.thaw();
    let since = Instant::now();
    while page(&app, "ann").await != "light nothing_to_catch_up" {
        assert!(since.elapsed() < Duration::from_secs(20));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_of_sessions_whose_store_is_down_stay_within_the_budget_for_reads_without_a_replica()
{
    let (cluster, mut redis) = (stale_cluster(), RedisServer::start());
    let (primary, replica) = nodes(&cluster);
    let router = diesel_routing::sqlite::Router::builder()
        .primary(
            primary
                .fallback_pool_size(1)
                .checkout_timeout(Duration::from_millis(200)),
        )
        .replica(replica);
    let store = RedisStore::new(&redis.url()).expect("a store");
    let edge = Edge::stored(router.build().await.expect("a router"), store, user);
    redis.kill();
    let (parts, ()) = http::Request::get("/")
        .header("x-user", "ann")
        .body(())
        .expect("a request")
        .into_parts();
    let exchange = edge.begin(&parts).await;
    let session = exchange.session();
    let held = session.read().await.expect("the budget's one");
    assert_eq!(held.route().reason, Reason::StateUnknown);
    let error = session.read().await.expect_err("no more of the budget");
    assert!(
        matches!(error, Error::NoReplica { budget: 1, .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("whose state is unknown"),
        "{error}"
    );
    // Others are served.
    let mut write = edge.router().write().await.expect("a connection");
    drop(edge.router().read_primary().await.expect("a connection"));
    diesel::update(settings::table.find(1))
        .set(settings::theme.eq("dark"))
        .execute(&mut write)
        .await
        .expect("a write");
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_in_the_store_sends_reads_to_the_primary_and_the_next_write_replaces_it() {
    let (cluster, redis) = (stale_cluster(), RedisServer::start());
    let store = RedisStore::new(&redis.url()).expect("a store");
    let edge = stored(&cluster, store.clone()).await;
    let app = app(edge.clone().into());
    write(&app, "bob").await;
    let mut raw = redis.connect();
    let state: Vec<u8> = raw.get("diesel-routing:session:bob").expect("a state");
    let mut later = state.clone();
    later[0] += 1;
    let garbage = [
        b"garbage".to_vec(),
        b"\x01".to_vec(),
        vec![0; 1 << 20],
        later,
    ];
    for (loads, garbage) in (1..).zip(&garbage) {
        let () = raw.set(KEY, garbage).expect("set");
        assert_eq!(page(&app, "ann").await, "dark state_unknown");
        assert_eq!(edge.status().failed_loads, loads);
    }
    let () = raw.del(KEY).expect("deleted");
    let () = raw.rpush(KEY, "a list").expect("pushed");
    assert_eq!(page(&app, "ann").await, "dark state_unknown");
    assert_eq!(edge.status().failed_loads, 5);

    let () = raw.del(KEY).expect("deleted");
    let () = raw.set(KEY, "garbage").expect("set");
    store.join("ann", &wrote(1), HOUR).await.expect("joined");
    let state = store.load("ann").await.expect("loaded").expect("a state");
    assert_eq!(state.required(), Some(at(1)));
    // Whatever the garbage was, it is not trusted to have been nothing.
    assert!(state.unknown_since().is_some());
}

/// A store in memory that can be told to fail.
#[derive(Debug, Clone)]
struct Flaky {
    inner: MemoryStore,
    fails: Arc<AtomicBool>,
}

impl Flaky {
    fn new() -> Self {
        Self {
            inner: MemoryStore::new(100),
            fails: Arc::default(),
        }
    }
}

impl TokenStore for Flaky {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Token>> {
        TokenStore::load(&self.inner, key)
    }

    fn join<'a>(&'a self, key: &'a str, token: &'a Token, life: Duration) -> StoreFuture<'a, ()> {
        if self.fails.load(Ordering::Relaxed) {
            return Box::pin(async { Err(StoreError::failed("on purpose")) });
        }
        TokenStore::join(&self.inner, key, token, life)
    }
}

/// A store that fails, and counts how often it is asked.
#[derive(Debug, Clone, Default)]
struct Down(Arc<AtomicU32>);

impl Down {
    fn fail<'a, T: Send + 'a>(&self) -> StoreFuture<'a, T> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Err(StoreError::failed("on purpose")) })
    }
}

impl TokenStore for Down {
    fn load<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Token>> {
        self.fail()
    }

    fn join<'a>(&'a self, _: &'a str, _: &'a Token, _: Duration) -> StoreFuture<'a, ()> {
        self.fail()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_left_alone_is_not_asked_to_save_either() {
    let cluster = stale_cluster();
    let store = Down::default();
    let edge = stored(&cluster, store.clone()).await;
    let app = app(edge.clone().into());
    let since = Instant::now();
    for _ in 0..20 {
        write(&app, "ann").await;
    }
    let status = edge.status();
    assert_eq!((status.failed_loads, status.failed_saves), (20, 20));
    // Three times, and then once in a second.
    let most = 3 + since.elapsed().as_secs() + 1;
    let asked = store.0.load(Ordering::Relaxed);
    assert!(u64::from(asked) <= most, "{asked} of {most}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_state_that_was_not_saved_everyone_reads_from_the_primary_for_the_window() {
    let cluster = stale_cluster();
    let store = Flaky::new();
    let edge = stored(&cluster, store.clone()).await;
    let app = app(edge.clone().into());
    assert_eq!(page(&app, "ann").await, "light nothing_to_catch_up");
    store.fails.store(true, Ordering::Relaxed);
    write(&app, "ann").await;
    assert_eq!(edge.status().failed_saves, 1);
    assert_eq!(page(&app, "ann").await, "dark state_unknown");
    assert_eq!(page(&app, "bob").await, "dark state_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_without_a_response_is_saved() {
    async fn panics(session: Session) {
        darken(session).await;
        panic!("on purpose");
    }
    let cluster = stale_cluster();
    let edge = stored(&cluster, MemoryStore::new(100)).await;
    let app = App::new()
        .route("/panics", post(panics))
        .route("/theme", get(show))
        .layer(SessionLayer::from(edge.clone()));
    let panics = send(&app, with(request("POST", "/panics"), "x-user", b"ann"));
    let caught = AssertUnwindSafe(panics).catch_unwind().await;
    assert!(caught.is_err());
    let since = Instant::now();
    while page(&app, "ann").await != "dark recent_write" {
        assert!(since.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(edge.status().late_writes, 0);
}

#[test]
fn a_password_is_never_shown() {
    let store = RedisStore::new("redis://:hunter2@127.0.0.1:1/").expect("a store");
    assert!(!format!("{store:?}").contains("hunter2"));
    let error = RedisStore::new("redos://:hunter2@127.0.0.1:1/").expect_err("no URL");
    assert!(!format!("{error:?} {error}").contains("hunter2"));
}
