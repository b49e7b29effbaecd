//! `SessionLayer` around axum services.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router as App;
use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::http::{HeaderName, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::{any, get, post};
use diesel_routing::edge::{Edge, EdgeError, MemoryStore, SessionLayer, TokenCookie};
use diesel_routing::sqlite::Session;
use diesel_routing::{Error, prelude::*};
use futures_util::{FutureExt, stream};
use http_body_util::BodyExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};
use tower::{Layer, ServiceExt};

use super::client::{Browser, app, cookie, darken, request, send, show, text, with, without_waits};
use super::nodes::{router, set_theme, settings, stale_cluster, theme};

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_sees_the_write_on_every_node_and_other_users_are_not_upgraded() {
    let cluster = stale_cluster();
    let layer = async || SessionLayer::new(router(&cluster).await).expect("keys");
    let (here, there) = (app(layer().await), app(layer().await));
    let (mut user, mut other) = (Browser::default(), Browser::default());
    user.post(&here).await;
    let mut tab = user.clone();
    for app in [&here, &there] {
        assert_eq!(user.get(app).await, "dark recent_write");
        assert_eq!(tab.get(app).await, "dark recent_write");
        assert_eq!(other.get(app).await, "light nothing_to_catch_up");
    }
    assert_eq!(other.cookie(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_has_safe_attributes_and_is_set_only_when_something_changed() {
    let cluster = stale_cluster();
    let app = app(SessionLayer::new(router(&cluster).await).expect("keys"));
    let mut user = Browser::default();
    let written = user.send(&app, request("POST", "/theme")).await;
    let lines: Vec<_> = written
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .collect();
    assert_eq!(lines.len(), 1);
    let line = lines[0].to_str().expect("text");
    let (pair, attributes) = line.split_once("; ").expect("attributes");
    assert!(pair.starts_with("__Host-db-session="), "{pair}");
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600"
    );
    // Nobody's log has it.
    assert!(!format!("{:?}", written.headers()).contains(pair));

    for _ in 0..3 {
        let read = user.send(&app, request("GET", "/theme")).await;
        assert_eq!(cookie(read.headers()), None);
    }
    let nothing = user.send(&app, request("GET", "/nothing")).await;
    assert_eq!(nothing.status(), StatusCode::NOT_FOUND);
    assert_eq!(cookie(nothing.headers()), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_before_an_error_response_still_marks_the_session() {
    let cluster = stale_cluster();
    let app = app(SessionLayer::new(router(&cluster).await).expect("keys"));
    let mut user = Browser::default();
    let failed = user.send(&app, request("POST", "/fails")).await;
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(user.get(&app).await, "dark recent_write");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_was_rolled_back_leaves_no_cookie() {
    async fn roll_back(session: Session) {
        let mut conn = session.write().await.expect("a connection");
        let rolled_back = conn.transaction(async |tx| {
            let theme = diesel::update(settings::table.find(1));
            theme.set(settings::theme.eq("dark")).execute(tx).await?;
            Err::<(), Error>(diesel::result::Error::RollbackTransaction.into())
        });
        rolled_back.await.expect_err("on purpose");
    }
    let cluster = stale_cluster();
    let layer = SessionLayer::new(router(&cluster).await).expect("keys");
    let app = App::new().route("/", post(roll_back)).layer(layer.clone());
    let response = send(&app, request("POST", "/")).await;
    assert_eq!(cookie(response.headers()), None);
    drop(response);
    assert_eq!(layer.edge().status().late_writes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_panics_after_a_write_is_counted_and_harms_nobody_else() {
    async fn panics(session: Session) {
        darken(session).await;
        panic!("on purpose");
    }
    let cluster = stale_cluster();
    let layer = SessionLayer::new(router(&cluster).await).expect("keys");
    let app = App::new()
        .route("/panics", post(panics))
        .route("/theme", get(show))
        .layer(layer.clone());
    let request = send(&app, request("POST", "/panics"));
    let caught = AssertUnwindSafe(request).catch_unwind().await;
    assert!(caught.is_err());
    assert_eq!(layer.edge().status().late_writes, 1);
    assert!(Session::current().is_err());
    assert_eq!(
        Browser::default().get(&app).await,
        "light nothing_to_catch_up"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_cancelled_after_a_write_is_counted() {
    let cluster = stale_cluster();
    let layer = SessionLayer::new(router(&cluster).await).expect("keys");
    let written = Arc::new(Notify::new());
    let hangs = {
        let written = Arc::clone(&written);
        async move |session: Session| {
            darken(session).await;
            written.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let app = App::new().route("/", post(hangs)).layer(layer.clone());
    tokio::select! {
        _ = send(&app, request("POST", "/")) => panic!("an answer"),
        () = written.notified() => {}
    }
    assert_eq!(layer.edge().status().late_writes, 1);
}

/// A body whose only chunk runs `work` first.
fn streaming(work: impl Future<Output = ()> + Send + 'static) -> Body {
    Body::from_stream(stream::once(async move {
        work.await;
        Ok::<_, Infallible>(Bytes::from_static(b"done"))
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_under_way_when_the_head_leaves_is_marked_at_once() {
    async fn begins(session: Session) -> Body {
        let mut conn = session.write().await.expect("a connection");
        let (written, is_written) = oneshot::channel();
        let (commit, may_commit) = oneshot::channel::<()>();
        let transaction = tokio::spawn(async move {
            let (mut written, mut may_commit) = (Some(written), Some(may_commit));
            let outcome = conn.transaction(async |tx| {
                let theme = diesel::update(settings::table.find(1));
                theme.set(settings::theme.eq("dark")).execute(tx).await?;
                written.take().map(|written| written.send(()));
                may_commit.take().expect("once").await.expect("leave");
                Ok::<_, Error>(())
            });
            outcome.await.expect("committed");
        });
        is_written.await.expect("a write");
        streaming(async move {
            commit.send(()).expect("a transaction");
            transaction.await.expect("a commit");
        })
    }
    let cluster = stale_cluster();
    let layer = SessionLayer::new(router(&cluster).await).expect("keys");
    let app = App::new()
        .route("/theme", get(show).post(begins))
        .layer(layer);
    let mut user = Browser::default();
    let head = user.send(&app, request("POST", "/theme")).await;
    assert!(user.cookie().is_some());
    assert_eq!(text(head).await, "done");
    assert_eq!(user.get(&app).await, "dark recent_write");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_begins_while_the_body_streams_is_counted_and_the_body_is_whole() {
    async fn late(session: Session) -> Body {
        streaming(async move { darken(session).await })
    }
    async fn early(session: Session) -> Body {
        darken(session).await;
        streaming(async {})
    }
    let cluster = stale_cluster();
    let layer = SessionLayer::new(router(&cluster).await).expect("keys");
    let app = App::new()
        .route("/late", post(late))
        .route("/early", post(early))
        .layer(layer.clone());
    let response = send(&app, request("POST", "/early")).await;
    assert!(cookie(response.headers()).is_some());
    assert_eq!(text(response).await, "done");
    assert_eq!(layer.edge().status().late_writes, 0);

    let response = send(&app, request("POST", "/late")).await;
    assert_eq!(cookie(response.headers()), None);
    assert_eq!(layer.edge().status().late_writes, 0);
    assert_eq!(text(response).await, "done");
    assert_eq!(layer.edge().status().late_writes, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_is_upgraded_and_its_handshake_brings_the_cookie() {
    async fn upgrade(session: Session, socket: WebSocketUpgrade) -> Response {
        darken(session.clone()).await;
        socket.on_upgrade(async move |mut socket| {
            let (theme, reason) = theme(&session).await.expect("a row");
            let said = format!("{theme} {reason}");
            socket.send(said.into()).await.expect("sent");
        })
    }
    let cluster = stale_cluster();
    let layer = SessionLayer::new(router(&cluster).await).expect("keys");
    let app = App::new().route("/", any(upgrade)).layer(layer);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("connected");
    stream
        .write_all(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
              Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .await
        .expect("sent");
    let mut said = Vec::new();
    // The socket's session goes on with what it wrote.
    let expected = b"dark recent_write";
    while !said.ends_with(expected) {
        assert!(stream.read_buf(&mut said).await.expect("an answer") > 0);
    }
    let head = String::from_utf8_lossy(&said).to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(
        head.contains("\r\nset-cookie: __host-db-session="),
        "{head}"
    );
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_say_when_they_are_asked_to_what_was_written_and_where_reads_went() {
    async fn visit(session: Session) {
        theme(&session).await.expect("a row");
        set_theme(&session, "dark").await.expect("a write");
        theme(&session).await.expect("a row");
        theme(&session.clone()).await.expect("a row");
    }
    let cluster = stale_cluster();
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let quiet = App::new()
        .route("/", post(visit))
        .layer(SessionLayer::from(edge.clone()));
    let edge = edge.write_timestamp(true).server_timing(true);
    let app = App::new()
        .route("/", post(visit))
        .route("/theme", get(show))
        .layer(SessionLayer::from(edge));
    let before = std::time::SystemTime::now();
    let response = send(&app, request("POST", "/")).await;
    assert_eq!(
        without_waits(&response.headers()["server-timing"]),
        "db;desc=\"replica nothing_to_catch_up\";count=1, db;desc=\"primary write\";count=1, \
         db;desc=\"primary recent_write\";count=2"
    );
    let written: u64 = response.headers()["x-write-timestamp"]
        .to_str()
        .expect("text")
        .parse()
        .expect("a number");
    let written = std::time::UNIX_EPOCH + std::time::Duration::from_millis(written);
    assert!(written >= before);
    assert!(written <= std::time::SystemTime::now() + std::time::Duration::from_millis(2));

    let read = send(&app, request("GET", "/theme")).await;
    assert!(!read.headers().contains_key("x-write-timestamp"));
    let quiet = send(&quiet, request("POST", "/")).await;
    assert!(!quiet.headers().contains_key("x-write-timestamp"));
    assert!(!quiet.headers().contains_key("server-timing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_travel_in_a_header_or_come_from_elsewhere() {
    let cluster = stale_cluster();
    let edge = Edge::new(router(&cluster).await)
        .expect("keys")
        .no_cookie()
        .header(HeaderName::from_static("x-session"))
        .source(|request| {
            let query = request.uri.query()?;
            query.strip_prefix("session=").map(str::to_owned)
        });
    let app = app(SessionLayer::from(edge));
    let written = send(&app, request("POST", "/theme")).await;
    assert_eq!(cookie(written.headers()), None);
    let token = written.headers()["x-session"].to_str().expect("text");
    let read = send(
        &app,
        with(request("GET", "/theme"), "x-session", token.as_bytes()),
    )
    .await;
    assert!(!read.headers().contains_key("x-session"));
    assert_eq!(text(read).await, "dark recent_write");
    let read = request("GET", &format!("/theme?session={token}"));
    assert_eq!(text(send(&app, read).await).await, "dark recent_write");
    // The cookie is off.
    let cookie = format!("__Host-db-session={token}");
    let read = with(request("GET", "/theme"), "cookie", cookie.as_bytes());
    assert_eq!(
        text(send(&app, read).await).await,
        "light nothing_to_catch_up"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_of_the_request_is_in_scope() {
    async fn in_scope() {
        let session = Session::current().expect("a session");
        set_theme(&session, "dark").await.expect("a write");
    }
    let cluster = stale_cluster();
    let layer = SessionLayer::new(router(&cluster).await).expect("keys");
    let app = App::new()
        .route("/theme", get(show).post(in_scope))
        .layer(layer);
    let mut user = Browser::default();
    user.post(&app).await;
    assert_eq!(user.get(&app).await, "dark recent_write");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_does_before_its_future_runs_is_in_scope_too() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    let by_token = Edge::new(router.clone()).expect("keys");
    let in_store = Edge::stored(router, MemoryStore::new(10), |_| Some("user".to_owned()));
    for edge in [by_token, in_store] {
        let service = tower::service_fn(async |_: Request<Body>| {
            Ok::<_, Infallible>(Response::new(Body::empty()))
        });
        let service = tower::util::MapRequest::new(service, |request| {
            Session::current().expect("a session");
            request
        });
        let service = SessionLayer::from(edge).layer(service);
        let Ok(response) = service.oneshot(request("GET", "/theme")).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    assert!(Session::current().is_err());
}

#[tokio::test]
async fn a_handler_without_the_layer_is_told_what_is_missing() {
    let app = App::new().route("/", get(show));
    let response = send(&app, request("GET", "/")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let said = text(response).await;
    assert!(
        said.contains(".layer(SessionLayer::new(router)?)"),
        "{said}"
    );
}

#[tokio::test]
async fn an_edge_without_keys_or_with_a_cookie_that_browsers_refuse_cannot_be() {
    let cluster = stale_cluster();
    let (primary, replica) = super::nodes::nodes(&cluster);
    let builder = diesel_routing::sqlite::Router::builder();
    let keyless = builder.primary(primary).replica(replica).build().await;
    let error = Edge::new(keyless.expect("a router")).expect_err("no keys");
    assert_eq!(error, EdgeError::NoTokenKeys);
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let error = edge.cookie(TokenCookie::new("a b")).expect_err("no name");
    assert!(error.to_string().contains("`a b`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_framework_an_exchange_does_it() {
    let cluster = stale_cluster();
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let (first, ()) = Request::new(()).into_parts();
    let mut exchange = edge.begin(&first).await;
    set_theme(exchange.session(), "dark")
        .await
        .expect("a write");
    let mut headers = http::HeaderMap::new();
    exchange.finish(&mut headers).await;
    drop(exchange);
    let cookie = cookie(&headers).expect("a cookie");
    let (next, ()) = Request::builder()
        .header("cookie", cookie)
        .body(())
        .expect("a request")
        .into_parts();
    let exchange = edge.begin(&next).await;
    assert_eq!(theme(exchange.session()).await.expect("a row").0, "dark");
    assert_eq!(edge.status(), diesel_routing::edge::EdgeStatus::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_keeps_its_size_hint() {
    let cluster = stale_cluster();
    let layer = SessionLayer::new(router(&cluster).await).expect("keys");
    let app = App::new()
        .route("/", get(async || "twelve bytes"))
        .layer(layer);
    let response = send(&app, request("GET", "/")).await;
    let hint = axum::body::HttpBody::size_hint(response.body());
    assert_eq!(hint.exact(), Some(12));
    let frame = response.into_body().frame().await;
    assert!(frame.is_some());
}
