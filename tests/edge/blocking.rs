//! The edge of a service with a thread per request.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use diesel_routing::edge::{EdgeError, MemoryStore, Rule};
use diesel_routing::sync::edge::{Edge, RedisStore, TokenStore};
use diesel_routing::sync::{prelude::*, sqlite::Session};
use diesel_routing::{Level, Reason, sync};
use http::request::Parts;
use http::{HeaderMap, Request};
use redis::Commands;

use super::client::{cookie, without_waits};
use super::nodes::{blocking_router, nodes, settings, stale_cluster};
use super::redis_server::RedisServer;

type BlockingEdge = Edge<SqliteConnection>;

fn request(path: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).expect("a request").into_parts().0
}

fn user(request: &Parts) -> Option<String> {
    let user = request.headers.get("x-user")?;
    user.to_str().ok().map(str::to_owned)
}

fn darken(session: &Session) {
    let setting = diesel::update(settings::table.find(1));
    let mut conn = session.write().expect("a connection");
    let setting = setting.set(settings::theme.eq("dark"));
    setting.execute(&mut conn).expect("a write");
}

/// A page, from the session in scope.
fn show(edge: &BlockingEdge, request: &Parts) -> (String, Reason, HeaderMap) {
    let mut exchange = edge.begin(request);
    let (theme, reason) = exchange.session().clone().scope(|| {
        let session = Session::current().expect("a session");
        let mut conn = session.read().expect("a connection");
        let theme = settings::table.find(1).select(settings::theme);
        (theme.first(&mut conn).expect("a row"), conn.route().reason)
    });
    let mut headers = HeaderMap::new();
    exchange.finish(&mut headers);
    (theme, reason, headers)
}

fn write(edge: &BlockingEdge, request: &Parts) -> HeaderMap {
    let mut exchange = edge.begin(request);
    darken(exchange.session());
    let mut headers = HeaderMap::new();
    exchange.finish(&mut headers);
    headers
}

#[test]
fn the_next_request_sees_the_write_by_its_cookie() {
    let cluster = stale_cluster();
    let edge = Edge::new(blocking_router(&cluster)).expect("keys");
    let edge = edge.write_timestamp(true).server_timing(true);
    let written = write(&edge, &request("/", &[]));
    assert!(written.contains_key("x-write-timestamp"));
    assert_eq!(
        without_waits(&written["server-timing"]),
        "db;desc=\"primary write\";count=1"
    );
    let token = cookie(&written).expect("a cookie");
    let (theme, reason, headers) = show(&edge, &request("/", &[("cookie", &token)]));
    assert_eq!((theme.as_str(), reason), ("dark", Reason::RecentWrite));
    assert_eq!(cookie(&headers), None);
    let (theme, reason, _) = show(&edge, &request("/", &[("cookie", "__Host-db-session=bad")]));
    assert_eq!(
        (theme.as_str(), reason),
        ("light", Reason::NothingToCatchUp)
    );
    assert_eq!(edge.status(), diesel_routing::edge::EdgeStatus::default());
}

#[test]
fn rules_and_trusted_wishes_say_how_fresh() {
    let cluster = stale_cluster();
    let edge = Edge::new(blocking_router(&cluster)).expect("keys");
    let edge = edge
        .rules([Rule::new("/admin", Level::Strong)])
        .expect("rules")
        .trust(|request| request.headers.contains_key("x-internal"));
    let wish = ("x-db-consistency", "EVENTUAL");
    let reason = |path: &str, headers: &[(&str, &str)]| show(&edge, &request(path, headers)).1;
    assert_eq!(reason("/admin/users", &[]), Reason::Strong);
    assert_eq!(reason("/admin/users", &[wish]), Reason::Strong);
    let trusted = [wish, ("x-internal", "yes")];
    // The stronger counts, and what the handle promises.
    assert_eq!(reason("/admin/users", &trusted), Reason::Strong);
    assert_eq!(reason("/", &trusted), Reason::NothingToCatchUp);
    assert_eq!(edge.status().ignored_wishes, 1);
    let exchange = edge.begin(&request("/", &trusted));
    let conn = exchange.session().read_default().expect("a connection");
    assert_eq!(conn.route().reason, Reason::Eventual);
}

#[test]
fn states_stay_in_memory_or_in_redis() {
    let (cluster, redis) = (stale_cluster(), RedisServer::start());
    let (primary, replica) = nodes(&cluster);
    let router = sync::sqlite::Router::builder()
        .primary(primary)
        .replica(replica);
    let router = router.build().expect("a router");
    let error = Edge::new(router.clone()).expect_err("no keys");
    assert_eq!(error, EdgeError::NoTokenKeys);
    let redis = RedisStore::new(&redis.url()).expect("a store");
    for edge in [
        Edge::stored(router.clone(), MemoryStore::new(10), user),
        Edge::stored(router, redis, user),
    ] {
        let (ann, bob) = (
            request("/", &[("x-user", "ann")]),
            request("/", &[("x-user", "bob")]),
        );
        assert!(write(&edge, &ann).is_empty());
        assert_eq!(show(&edge, &ann).1, Reason::RecentWrite);
        assert_eq!(show(&edge, &bob).1, Reason::NothingToCatchUp);
    }
}

#[test]
fn a_store_that_fails_or_hangs_costs_its_timeout_and_sends_reads_to_the_primary() {
    let (cluster, mut redis) = (stale_cluster(), RedisServer::start());
    let store = RedisStore::new(&redis.url()).expect("a store");
    let edge = Edge::stored(blocking_router(&cluster), store, user);
    let timeout = Duration::from_millis(400);
    let edge = edge.store_timeout(timeout);
    let ann = request("/", &[("x-user", "ann")]);
    assert_eq!(show(&edge, &ann).1, Reason::NothingToCatchUp);

    let () = redis
        .connect()
        .set("diesel-routing:session:ann", "garbage")
        .expect("set");
    assert_eq!(show(&edge, &ann).1, Reason::StateUnknown);
    assert_eq!(edge.status().failed_loads, 1);

    redis.freeze();
    let since = Instant::now();
    write(&edge, &ann);
    let took = since.elapsed();
    assert!(took >= timeout && took < timeout * 2, "{took:?}");
    redis.thaw();
    redis.kill();
    let bob = request("/", &[("x-user", "bob")]);
    assert_eq!(show(&edge, &bob).1, Reason::StateUnknown);
    let status = edge.status();
    assert_eq!((status.failed_loads, status.failed_saves), (3, 1));
}

#[test]
fn threads_that_write_at_once_never_lose_the_higher_position() {
    use diesel_routing::{Lsn, PgPosition, Position, Token};
    let redis = RedisServer::start();
    let store = RedisStore::new(&redis.url()).expect("a store");
    let (life, patience) = (Duration::from_secs(60), Duration::from_secs(20));
    let at = |lsn| Position::Postgres(PgPosition::new(1, 1, Lsn(lsn)));
    std::thread::scope(|threads| {
        for writer in 0..4 {
            let store = &store;
            threads.spawn(move || {
                for round in 0..50 {
                    let now = std::time::SystemTime::now();
                    let token = Token::new(now + life).wrote(at(round * 4 + writer), now);
                    store.join("ann", &token, life, patience).expect("joined");
                }
            });
        }
    });
    let state = store.load("ann", patience).expect("loaded");
    assert_eq!(state.and_then(|state| state.required()), Some(at(199)));
}

#[test]
fn what_is_written_without_a_response_is_saved_or_counted() {
    let cluster = stale_cluster();
    let ann = request("/", &[("x-user", "ann")]);
    let panics = |edge: &BlockingEdge| {
        let caught: Result<(), _> = catch_unwind(AssertUnwindSafe(|| {
            let exchange = edge.begin(&ann);
            darken(exchange.session());
            panic!("on purpose");
        }));
        assert!(caught.is_err());
    };
    let edge = Edge::stored(blocking_router(&cluster), MemoryStore::new(10), user);
    panics(&edge);
    assert_eq!(show(&edge, &ann).1, Reason::RecentWrite);
    assert_eq!(edge.status().late_writes, 0);
    let edge = Edge::new(blocking_router(&cluster)).expect("keys");
    panics(&edge);
    assert_eq!(edge.status().late_writes, 1);
}

/// It used to cost one request for every connection that was open.
#[test]
fn a_redis_that_was_restarted_costs_one_request() {
    let mut redis = RedisServer::start();
    let store = RedisStore::new(&redis.url()).expect("a store");
    let patience = Duration::from_secs(20);
    let open = || {
        let list: String = redis::cmd("CLIENT")
            .arg("LIST")
            .query(&mut redis.connect())
            .expect("a list");
        list.lines().count() - 1
    };
    // Questions that wait at the same time have a connection each.
    while open() < 3 {
        redis.freeze();
        std::thread::scope(|threads| {
            for _ in 0..3 {
                threads.spawn(|| store.load("ann", patience).expect("loaded"));
            }
            redis.thaw();
        });
    }
    redis.restart();
    assert!(store.load("ann", patience).is_err());
    for _ in 0..3 {
        store.load("ann", Duration::MAX).expect("loaded");
    }
}
