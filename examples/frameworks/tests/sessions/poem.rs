//! poem.

use diesel_routing::edge::Edge;
use frameworks::poem::{Sessions, app};
use frameworks::{cluster, theme};
use poem::http::StatusCode;
use poem::test::{TestClient, TestResponse};
use poem::{EndpointExt, Route, handler, post, web::Data};

fn cookie(response: &TestResponse) -> Option<String> {
    let line = response.0.headers().get("set-cookie")?;
    let (pair, _) = line
        .to_str()
        .expect("text")
        .split_once(';')
        .expect("attributes");
    Some(pair.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_sees_the_write_and_other_users_are_not_upgraded() {
    let cluster = cluster::stale().expect("a cluster");
    let router = cluster::router(&cluster).await.expect("a router");
    let client = TestClient::new(app(router).expect("keys"));
    let written = client.post("/theme").send().await;
    written.assert_status_is_ok();
    let token = cookie(&written).expect("a cookie");
    let read = client.get("/theme").header("cookie", token).send().await;
    assert_eq!(cookie(&read), None);
    read.assert_text("dark").await;
    client.get("/theme").send().await.assert_text("light").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_before_an_error_marks_the_session() {
    #[handler]
    async fn fail(Data(session): Data<&diesel_routing::sqlite::Session>) -> poem::Result<()> {
        theme::set_theme(session, "dark").await.expect("saved");
        Err(StatusCode::CONFLICT.into())
    }
    let cluster = cluster::stale().expect("a cluster");
    let router = cluster::router(&cluster).await.expect("a router");
    let edge = Edge::new(router.clone()).expect("keys");
    let failing = Route::new().at("/", post(fail)).with(Sessions(edge));
    let failed = TestClient::new(failing).post("/").send().await;
    failed.assert_status(StatusCode::CONFLICT);
    let token = cookie(&failed).expect("a cookie");
    let client = TestClient::new(app(router).expect("keys"));
    let read = client.get("/theme").header("cookie", token).send().await;
    read.assert_text("dark").await;
}
