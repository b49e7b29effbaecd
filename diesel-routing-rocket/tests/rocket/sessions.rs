//! Reads of users of a service whose replica stands still.

use diesel_routing::edge::Edge;
use diesel_routing::prelude::*;
use diesel_routing::sqlite::Session;
use diesel_routing::{Error, sqlite};
use diesel_routing_rocket::{DbSession, SessionFairing};
use http::HeaderName;
use rocket::http::{Header, Status};
use rocket::local::asynchronous::{Client, LocalResponse};
use rocket::response::Debug;
use rocket::response::stream::TextStream;
use rocket::{Build, Responder, Rocket, get, post, routes};

use super::cluster::{router, set_theme, settings, stale_cluster, theme};

type Answer<T> = Result<T, Debug<Error>>;

#[get("/theme")]
async fn show(session: DbSession<Session>) -> Answer<String> {
    Ok(theme(&session.0).await?)
}

#[post("/theme")]
async fn darken(session: DbSession<Session>) -> Answer<()> {
    Ok(set_theme(&session.0, "dark").await?)
}

#[post("/fails")]
async fn fail(session: DbSession<Session>) -> Answer<Status> {
    set_theme(&session.0, "dark").await?;
    Ok(Status::Conflict)
}

#[post("/panics")]
async fn panic(session: DbSession<Session>) -> Answer<()> {
    set_theme(&session.0, "dark").await?;
    panic!("on purpose");
}

#[post("/back")]
async fn roll_back(session: DbSession<Session>) -> Answer<()> {
    let mut conn = session.write().await?;
    let rolled_back = conn.transaction(async |tx| {
        let theme = diesel::update(settings::table.find(1));
        theme.set(settings::theme.eq("dark")).execute(tx).await?;
        Err::<(), Error>(diesel::result::Error::RollbackTransaction.into())
    });
    rolled_back.await.expect_err("on purpose");
    Ok(())
}

#[derive(Responder)]
struct Published(&'static str, Header<'static>);

#[post("/published")]
async fn publish(session: DbSession<Session>) -> Answer<Published> {
    set_theme(&session.0, "dark").await?;
    let public = Header::new("cache-control", "public, max-age=60");
    Ok(Published("saved", public))
}

#[post("/late")]
async fn late(session: DbSession<Session>) -> TextStream![String] {
    TextStream! {
        set_theme(&session.0, "dark").await.expect("saved");
        yield "done".to_owned();
    }
}

fn rocket() -> Rocket<Build> {
    let quiet = rocket::Config::figment().merge(("log_level", "off"));
    let routes = routes![show, darken, fail, panic, roll_back, publish, late];
    rocket::custom(quiet).mount("/", routes)
}

fn sessions(router: sqlite::Router) -> SessionFairing<Edge<sqlite::Connection>> {
    SessionFairing::new(router).expect("keys")
}

async fn user(router: &sqlite::Router) -> Client {
    let app = rocket().attach(sessions(router.clone()));
    Client::tracked(app).await.expect("a service")
}

async fn get(user: &Client) -> String {
    let shown = user.get("/theme").dispatch().await;
    assert_eq!(shown.status(), Status::Ok);
    shown.into_string().await.expect("text")
}

fn cookie<'r>(response: &'r LocalResponse<'_>) -> Option<&'r str> {
    response.headers().get_one("set-cookie")
}

#[rocket::async_test]
async fn the_next_request_sees_the_write_on_every_node_and_other_users_are_not_upgraded() {
    let cluster = stale_cluster();
    let (here, there) = (router(&cluster).await, router(&cluster).await);
    let (user_here, other) = (user(&here).await, user(&here).await);
    let written = user_here.post("/theme").dispatch().await;
    let line = cookie(&written).expect("a cookie").to_owned();
    assert!(line.starts_with("__Host-db-session="), "{line}");
    assert!(
        line.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600"),
        "{line}"
    );
    assert_eq!(get(&user_here).await, "dark");
    assert_eq!(get(&other).await, "light");
    assert!(other.cookies().iter().next().is_none());

    // As a browser sends it: in a header.
    let (pair, _) = line.split_once(';').expect("attributes");
    let user_there = user(&there).await;
    let request = user_there
        .get("/theme")
        .header(Header::new("cookie", pair.to_owned()));
    let read = request.dispatch().await;
    assert_eq!(cookie(&read), None);
    assert_eq!(read.into_string().await.as_deref(), Some("dark"));
}

#[rocket::async_test]
async fn a_write_before_an_error_or_a_panic_marks_the_session() {
    let cluster = stale_cluster();
    let router = router(&cluster).await;
    for (path, status) in [
        ("/fails", Status::Conflict),
        ("/panics", Status::InternalServerError),
    ] {
        let user = user(&router).await;
        let failed = user.post(path).dispatch().await;
        assert_eq!(failed.status(), status);
        assert!(cookie(&failed).is_some(), "{path}");
        assert_eq!(get(&user).await, "dark");
    }
}

#[rocket::async_test]
async fn a_write_that_was_rolled_back_leaves_no_cookie() {
    let cluster = stale_cluster();
    let user = user(&router(&cluster).await).await;
    let answer = user.post("/back").dispatch().await;
    assert_eq!(answer.status(), Status::Ok);
    assert_eq!(cookie(&answer), None);
}

#[rocket::async_test]
async fn a_response_that_caches_may_keep_is_made_private_when_it_gets_the_cookie() {
    let cluster = stale_cluster();
    let user = user(&router(&cluster).await).await;
    let answer = user.post("/published").dispatch().await;
    assert!(cookie(&answer).is_some());
    let lines: Vec<_> = answer.headers().get("cache-control").collect();
    assert_eq!(lines, ["max-age=60, private"]);
    assert_eq!(answer.into_string().await.as_deref(), Some("saved"));
}

#[rocket::async_test]
async fn a_write_that_begins_while_the_body_streams_is_counted_and_the_body_is_whole() {
    let cluster = stale_cluster();
    let fairing = sessions(router(&cluster).await);
    let user = Client::tracked(rocket().attach(fairing.clone()))
        .await
        .expect("a service");
    let answer = user.post("/late").dispatch().await;
    assert_eq!(cookie(&answer), None);
    assert_eq!(answer.into_string().await.as_deref(), Some("done"));
    assert_eq!(fairing.edge().status().late_writes, 1);
}

#[rocket::async_test]
async fn the_edges_settings_hold() {
    let cluster = stale_cluster();
    let edge = Edge::new(router(&cluster).await).expect("keys");
    let edge = edge
        .no_cookie()
        .header(HeaderName::from_static("x-session"))
        .server_timing(true);
    let user = Client::tracked(rocket().attach(SessionFairing::from(edge))).await;
    let user = user.expect("a service");
    let written = user.post("/theme").dispatch().await;
    let token = written.headers().get_one("x-session").expect("a token");
    let read = user
        .get("/theme")
        .header(Header::new("x-session", token.to_owned()));
    let read = read.dispatch().await;
    let timing = read
        .headers()
        .get_one("server-timing")
        .expect("routes")
        .to_owned();
    assert!(timing.contains("primary recent_write"), "{timing}");
    assert_eq!(read.into_string().await.as_deref(), Some("dark"));
}

#[rocket::async_test]
async fn a_handler_without_the_fairing_fails_with_status_500() {
    let user = Client::tracked(rocket()).await.expect("a service");
    let answer = user.get("/theme").dispatch().await;
    assert_eq!(answer.status(), Status::InternalServerError);
}
