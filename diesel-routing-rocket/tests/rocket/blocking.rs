//! Blocking Diesel, on threads where handlers may block.

use diesel_routing::edge::MemoryStore;
use diesel_routing::sync::edge::Edge;
use diesel_routing::sync::{prelude::*, sqlite::ReadConn, sqlite::Session, sqlite::WriteConn};
use diesel_routing::{CaughtUp, Error, consistency};
use diesel_routing_rocket::{DbSession, SessionFairing};
use rocket::http::{Header, Status};
use rocket::local::asynchronous::Client;
use rocket::response::Debug;
use rocket::tokio::task::spawn_blocking;
use rocket::{Build, Rocket, get, post, routes};

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

#[get("/theme")]
async fn show(session: DbSession<Session>) -> Result<String, Debug<Error>> {
    let theme = spawn_blocking(move || theme(&session.0)).await;
    Ok(theme.expect("a theme")?)
}

#[post("/theme")]
async fn darken(session: DbSession<Session>) -> Result<(), Debug<Error>> {
    let saved = spawn_blocking(move || set_theme(&session.0, "dark")).await;
    Ok(saved.expect("saved")?)
}

fn rocket() -> Rocket<Build> {
    let quiet = rocket::Config::figment().merge(("log_level", "off"));
    rocket::custom(quiet).mount("/", routes![show, darken])
}

async fn get(user: &Client) -> Option<String> {
    let shown = user.get("/theme").header(Header::new("x-user", "ann"));
    shown.dispatch().await.into_string().await
}

async fn check(sessions: SessionFairing<Edge<SqliteConnection>>) {
    let user = Client::tracked(rocket().attach(sessions)).await;
    let user = user.expect("a service");
    assert_eq!(get(&user).await.as_deref(), Some("light"));
    let written = user.post("/theme").header(Header::new("x-user", "ann"));
    assert_eq!(written.dispatch().await.status(), Status::Ok);
    assert_eq!(get(&user).await.as_deref(), Some("dark"));
}

#[rocket::async_test]
async fn the_next_request_sees_the_write_by_its_cookie() {
    let cluster = stale_cluster();
    check(SessionFairing::new(blocking_router(&cluster)).expect("keys")).await;
}

#[rocket::async_test]
async fn the_next_request_sees_the_write_from_a_store() {
    let cluster = stale_cluster();
    let store = MemoryStore::new(10);
    let edge = Edge::stored(blocking_router(&cluster), store, |request| {
        let user = request.headers.get("x-user")?;
        user.to_str().ok().map(str::to_owned)
    });
    check(SessionFairing::from(edge)).await;
}
