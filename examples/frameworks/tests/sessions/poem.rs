//! poem.

use diesel_routing::edge::Edge;
use frameworks::poem::{Sessions, app};
use frameworks::{cluster, theme};
use poem::http::{Method, StatusCode, Uri};
use poem::{Endpoint, EndpointExt, Request, Response, Route, handler, post, web::Data};

async fn send(app: &impl Endpoint, method: Method, path: &'static str, cookie: &str) -> Response {
    let request = Request::builder()
        .method(method)
        .uri(Uri::from_static(path))
        .header("cookie", cookie);
    app.get_response(request.finish()).await
}

async fn get(app: &impl Endpoint, cookie: &str) -> String {
    let shown = send(app, Method::GET, "/theme", cookie).await;
    assert_eq!(self::cookie(&shown), None);
    shown.into_body().into_string().await.expect("text")
}

fn cookie(response: &Response) -> Option<String> {
    let line = response.headers().get("set-cookie")?;
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
    let app = app(router).expect("keys");
    let written = send(&app, Method::POST, "/theme", "").await;
    assert_eq!(written.status(), StatusCode::OK);
    assert_eq!(
        get(&app, &cookie(&written).expect("a cookie")).await,
        "dark"
    );
    assert_eq!(get(&app, "").await, "light");
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
    let failed = send(&failing, Method::POST, "/", "").await;
    assert_eq!(failed.status(), StatusCode::CONFLICT);
    let token = cookie(&failed).expect("a cookie");
    assert_eq!(get(&app(router).expect("keys"), &token).await, "dark");
}
