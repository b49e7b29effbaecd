//! Blocking Diesel on actix-web's blocking threads.

use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service};
use actix_web::{App, error, web};
use diesel_routing::edge::{AnyEdge, MemoryStore};
use diesel_routing::sync::edge::Edge;
use diesel_routing::sync::{prelude::*, sqlite::ReadConn, sqlite::Session, sqlite::WriteConn};
use diesel_routing::{CaughtUp, Error, Scope, consistency};
use diesel_routing_actix::{DbSession, SessionMiddleware};

use super::client::Browser;
use super::cluster::{blocking_router, settings, stale_cluster};

#[consistency(session)]
fn theme(conn: &mut ReadConn<CaughtUp>) -> Result<String, Error> {
    let theme = settings::table.find(1).select(settings::theme);
    Ok(theme.first(conn)?)
}

#[consistency(write)]
fn set_theme(conn: &mut WriteConn, theme: &str) -> Result<(), Error> {
    let setting = diesel::update(settings::table.find(1));
    setting.set(settings::theme.eq(theme)).execute(conn)?;
    Ok(())
}

async fn show(DbSession(session): DbSession<Session>) -> actix_web::Result<String> {
    let theme = web::block(move || theme(&session)).await?;
    theme.map_err(error::ErrorInternalServerError)
}

/// Finds the session in the scope that it takes to the other thread.
async fn darken() -> actix_web::Result<String> {
    let scope = Scope::current();
    let saved = web::block(|| scope.enter(|| set_theme(&Session::current()?, "dark"))).await?;
    saved.map_err(error::ErrorInternalServerError)?;
    Ok("saved".to_owned())
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/theme", web::get().to(show))
        .route("/theme", web::post().to(darken));
}

#[actix_web::test]
async fn the_next_request_sees_the_write_by_its_cookie() {
    let cluster = stale_cluster();
    let sessions = SessionMiddleware::new(blocking_router(&cluster)).expect("keys");
    let app = init_service(App::new().wrap(sessions).configure(routes)).await;
    let mut user = Browser::default();
    let written = user.send(&app, Method::POST, "/theme").await;
    assert_eq!(written.status, StatusCode::OK, "{written:?}");
    assert_eq!(user.get(&app).await, "dark");
    assert_eq!(Browser::default().get(&app).await, "light");
}

#[actix_web::test]
async fn a_store_is_asked_and_told_on_other_threads() {
    let cluster = stale_cluster();
    let edge = Edge::stored(blocking_router(&cluster), MemoryStore::new(10), |request| {
        let user = request.headers.get("x-user")?;
        user.to_str().ok().map(str::to_owned)
    });
    let arrives = edge.arrive(http::Request::new(()).into_parts().0);
    assert!(format!("{:?}", arrives.await).contains("Exchange"));
    let app = App::new()
        .wrap(SessionMiddleware::from(edge))
        .configure(routes);
    let app = init_service(app).await;
    let user = |request: TestRequest| request.uri("/theme").insert_header(("x-user", "ann"));
    let written = call_service(&app, user(TestRequest::post()).to_request()).await;
    assert_eq!(written.status(), StatusCode::OK);
    assert!(!written.headers().contains_key("set-cookie"));
    let read = call_and_read_body(&app, user(TestRequest::get()).to_request());
    assert_eq!(read.await, "dark");
}
