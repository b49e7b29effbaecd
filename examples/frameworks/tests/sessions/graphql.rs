//! GraphQL.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use frameworks::{cluster, graphql::app};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

async fn send(app: &Router, query: &str, cookie: Option<&str>) -> (Option<String>, Value) {
    let mut request = Request::post("/graphql").header("content-type", "application/json");
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    let body = Body::from(json!({ "query": query }).to_string());
    let request = request.body(body).expect("a request");
    let Ok(response): Result<Response<_>, _> = app.clone().oneshot(request).await;
    let cookie = response.headers().get("set-cookie").map(|line| {
        let line = line.to_str().expect("text");
        line.split_once(';').expect("attributes").0.to_owned()
    });
    let body = response.into_body().collect().await.expect("a body");
    let answer = serde_json::from_slice(&body.to_bytes()).expect("JSON");
    (cookie, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mutation_returns_and_the_next_request_see_its_write() {
    let cluster = cluster::stale().expect("a cluster");
    let app = app(cluster::router(&cluster).await.expect("a router")).expect("keys");
    let query = "mutation { setTheme(theme: \"dark\") { theme } }";
    let (token, answer) = send(&app, query, None).await;
    assert_eq!(
        answer,
        json!({ "data": { "setTheme": { "theme": "dark" } } })
    );
    let (news, answer) = send(&app, "{ theme }", token.as_deref()).await;
    assert_eq!(answer, json!({ "data": { "theme": "dark" } }));
    assert_eq!(news, None);
    let (_, answer) = send(&app, "{ theme }", None).await;
    assert_eq!(answer, json!({ "data": { "theme": "light" } }));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_sees_what_a_failed_field_has_written() {
    let cluster = cluster::stale().expect("a cluster");
    let app = app(cluster::router(&cluster).await.expect("a router")).expect("keys");
    let query = "mutation { setThemeAndFail(theme: \"dark\") { theme } }";
    let (token, answer) = send(&app, query, None).await;
    assert_eq!(answer["errors"][0]["message"], "on purpose");
    let (_, answer) = send(&app, "{ theme }", token.as_deref()).await;
    assert_eq!(answer, json!({ "data": { "theme": "dark" } }));
}
