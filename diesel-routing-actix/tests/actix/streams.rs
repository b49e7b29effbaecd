//! Writes while the body streams.

use std::convert::Infallible;

use actix_web::http::Method;
use actix_web::test::init_service;
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, web};
use diesel_routing::sqlite::Session;
use diesel_routing_actix::{DbSession, SessionMiddleware};
use futures_util::stream;

use super::client::Browser;
use super::cluster::{router, set_theme, stale_cluster};

async fn late(DbSession(session): DbSession<Session>) -> HttpResponse {
    HttpResponse::Ok().streaming(stream::once(Box::pin(async move {
        set_theme(&session, "dark").await.expect("saved");
        Ok::<_, Infallible>(Bytes::from_static(b"done"))
    })))
}

#[actix_web::test]
async fn a_write_that_begins_while_the_body_streams_is_counted_and_the_body_is_whole() {
    let cluster = stale_cluster();
    let sessions = SessionMiddleware::new(router(&cluster).await).expect("keys");
    let app = App::new()
        .wrap(sessions.clone())
        .route("/", web::post().to(late));
    let answer = Browser::default()
        .send(&init_service(app).await, Method::POST, "/")
        .await;
    assert_eq!((answer.text.as_str(), answer.cookie), ("done", None));
    assert_eq!(sessions.edge().status().late_writes, 1);
}
