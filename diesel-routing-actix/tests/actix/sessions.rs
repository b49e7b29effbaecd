//! Reads of users of a service whose replica stands still.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, HttpResponse, HttpServer, error, web};
use diesel_routing::edge::Edge;
use diesel_routing::prelude::*;
use diesel_routing::sqlite::Session;
use diesel_routing::{Error, Level};
use diesel_routing_actix::{DbSession, SessionMiddleware};
use http::HeaderName;

use super::client::Browser;
use super::cluster::{router, set_theme, settings, stale_cluster, theme};

type Answer = actix_web::Result<String>;

async fn show(DbSession(session): DbSession<Session>) -> Answer {
    theme(&session)
        .await
        .map_err(error::ErrorInternalServerError)
}

async fn darken(DbSession(session): DbSession<Session>) -> Answer {
    let saved = set_theme(&session, "dark").await;
    saved.map_err(error::ErrorInternalServerError)?;
    Ok("saved".to_owned())
}

async fn fail(session: DbSession<Session>) -> Answer {
    darken(session).await?;
    Err(error::ErrorConflict("on purpose"))
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/theme", web::get().to(show))
        .route("/theme", web::post().to(darken))
        .route("/fails", web::post().to(fail));
}

#[actix_web::test]
async fn the_next_request_sees_the_write_on_every_node_and_other_users_are_not_upgraded() {
    let cluster = stale_cluster();
    let sessions = async || SessionMiddleware::new(router(&cluster).await).expect("keys");
    let here = init_service(App::new().wrap(sessions().await).configure(routes)).await;
    let there = init_service(App::new().wrap(sessions().await).configure(routes)).await;
    let (mut user, mut other) = (Browser::default(), Browser::default());
    let written = user.send(&here, Method::POST, "/theme").await;
    let line = written.cookie.expect("a cookie");
    assert!(line.starts_with("__Host-db-session="), "{line}");
    assert!(
        line.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600"),
        "{line}"
    );
    assert_eq!(user.get(&here).await, "dark");
    assert_eq!(user.get(&there).await, "dark");
    assert_eq!(other.get(&here).await, "light");
    assert_eq!(other.cookie, None);
    let read = user.send(&here, Method::GET, "/theme").await;
    assert_eq!(read.cookie, None);
}

#[actix_web::test]
async fn a_write_before_an_error_marks_the_session_whoever_makes_the_error() {
    async fn refuse(
        request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> actix_web::Result<ServiceResponse> {
        next.call(request).await?;
        Err(error::ErrorConflict("a middleware's"))
    }
    let cluster = stale_cluster();
    let sessions = SessionMiddleware::new(router(&cluster).await).expect("keys");
    let refused = web::scope("/refused")
        .wrap(from_fn(refuse))
        .configure(routes);
    let app = App::new().wrap(sessions).configure(routes).service(refused);
    let app = init_service(app).await;
    for (path, said) in [
        ("/fails", "on purpose"),
        ("/refused/theme", "a middleware's"),
    ] {
        let mut user = Browser::default();
        let failed = user.send(&app, Method::POST, path).await;
        assert_eq!(failed.status, StatusCode::CONFLICT, "{failed:?}");
        assert_eq!(failed.text, said);
        assert!(failed.cookie.is_some(), "{failed:?}");
        assert_eq!(user.get(&app).await, "dark");
    }
    let read = Browser::default()
        .send(&app, Method::GET, "/refused/theme")
        .await;
    assert_eq!((read.status, read.cookie), (StatusCode::CONFLICT, None));
}

#[actix_web::test]
async fn a_write_that_was_rolled_back_leaves_no_cookie() {
    async fn roll_back(DbSession(session): DbSession<Session>) -> HttpResponse {
        let mut conn = session.write().await.expect("a connection");
        let rolled_back = conn.transaction(async |tx| {
            let theme = diesel::update(settings::table.find(1));
            theme.set(settings::theme.eq("dark")).execute(tx).await?;
            Err::<(), Error>(diesel::result::Error::RollbackTransaction.into())
        });
        rolled_back.await.expect_err("on purpose");
        HttpResponse::Ok().finish()
    }
    let cluster = stale_cluster();
    let sessions = SessionMiddleware::new(router(&cluster).await).expect("keys");
    let app = App::new()
        .wrap(sessions)
        .route("/", web::post().to(roll_back));
    let answer = Browser::default()
        .send(&init_service(app).await, Method::POST, "/")
        .await;
    assert_eq!((answer.status, answer.cookie), (StatusCode::OK, None));
}

#[actix_web::test]
async fn a_response_that_caches_may_keep_is_made_private_when_it_gets_the_cookie() {
    async fn publish(session: DbSession<Session>) -> actix_web::Result<HttpResponse> {
        darken(session).await?;
        let mut response = HttpResponse::Ok();
        Ok(response
            .insert_header(("cache-control", "public, max-age=60"))
            .body("saved"))
    }
    let cluster = stale_cluster();
    let sessions = SessionMiddleware::new(router(&cluster).await).expect("keys");
    let app = App::new()
        .wrap(sessions)
        .route("/", web::post().to(publish));
    let answer = Browser::default()
        .send(&init_service(app).await, Method::POST, "/")
        .await;
    assert_eq!(answer.text, "saved");
    assert_eq!(answer.cache_control, ["max-age=60, private"]);
}

#[actix_web::test]
async fn the_edges_settings_hold_and_its_functions_see_the_peer() {
    let cluster = stale_cluster();
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let edge = edge
        .no_cookie()
        .header(HeaderName::from_static("x-session"))
        .server_timing(true)
        .trust(|request| {
            let peer = request.extensions.get::<SocketAddr>();
            peer.is_some_and(|peer| peer.ip().is_loopback())
        });
    let app = App::new()
        .wrap(SessionMiddleware::from(edge))
        .configure(routes);
    let app = init_service(app).await;
    let request = TestRequest::post().uri("/theme").to_request();
    let written = actix_web::test::call_service(&app, request).await;
    let token = written.headers().get("x-session").expect("a token").clone();
    let request = || TestRequest::get().uri("/theme");
    let read = request().insert_header(("x-session", token)).to_request();
    assert_eq!(
        actix_web::test::call_and_read_body(&app, read).await,
        "dark"
    );

    let wish = || request().insert_header(("x-db-consistency", Level::Strong.as_str()));
    let stranger = wish().peer_addr(([192, 0, 2, 1], 1).into()).to_request();
    assert_eq!(
        actix_web::test::call_and_read_body(&app, stranger).await,
        "light"
    );
    let trusted = wish().peer_addr(([127, 0, 0, 1], 1).into()).to_request();
    let answer = actix_web::test::call_service(&app, trusted).await;
    let timing = answer.headers().get("server-timing").expect("routes");
    assert!(
        timing.to_str().expect("text").contains("primary strong"),
        "{timing:?}"
    );
    assert_eq!(actix_web::test::read_body(answer).await, "dark");
}

#[actix_web::test]
async fn the_session_is_in_scope_in_handlers() {
    async fn in_scope() -> Answer {
        let session = Session::current().map_err(error::ErrorInternalServerError)?;
        darken(DbSession(session)).await
    }
    let cluster = stale_cluster();
    let sessions = SessionMiddleware::new(router(&cluster).await).expect("keys");
    let app = App::new().wrap(sessions).configure(routes);
    let app = init_service(app.route("/scope", web::post().to(in_scope))).await;
    let mut user = Browser::default();
    let written = user.send(&app, Method::POST, "/scope").await;
    assert_eq!(written.text, "saved");
    assert_eq!(user.get(&app).await, "dark");
    assert!(Session::current().is_err());
}

#[actix_web::test]
async fn a_handler_without_the_middleware_is_told_what_is_missing() {
    let app = init_service(App::new().configure(routes)).await;
    let answer = Browser::default().send(&app, Method::GET, "/theme").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        answer
            .text
            .contains(".wrap(SessionMiddleware::new(router)?)"),
        "{answer:?}"
    );
}

#[actix_web::test]
async fn a_server_with_several_workers_shares_the_middleware() {
    let cluster = stale_cluster();
    let sessions = SessionMiddleware::new(router(&cluster).await).expect("keys");
    let app = move || App::new().wrap(sessions.clone()).configure(routes);
    let server = HttpServer::new(app)
        .workers(2)
        .bind(("127.0.0.1", 0))
        .expect("a port");
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    let server = actix_web::rt::spawn(server);
    let send = move |request: &'static str, cookie: String| async move {
        let exchange = web::block(move || {
            let mut stream = TcpStream::connect(address).expect("a connection");
            write!(
                stream,
                "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{cookie}\r\n"
            )
            .expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            answer
        });
        exchange.await.expect("an exchange")
    };
    let written = send("POST /theme", String::new()).await;
    let (_, cookie) = written.split_once("set-cookie: ").expect("a cookie");
    let (cookie, _) = cookie.split_once(';').expect("attributes");
    let read = send("GET /theme", format!("cookie: {cookie}\r\n")).await;
    assert!(read.ends_with("\r\n\r\ndark"), "{read}");
    handle.stop(true).await;
    server.await.expect("a task").expect("a server");
}
