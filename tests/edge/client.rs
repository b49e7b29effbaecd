//! A service with one setting, and a browser.

use axum::Router as App;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use axum::routing::{get, post};
use diesel_routing::edge::SessionLayer;
use diesel_routing::sqlite::Session;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::nodes;

pub(crate) type Layer = SessionLayer<nodes::AsyncSqlite>;

/// A service that shows the theme at `/theme`, and sets it to "dark" on a POST.
pub(crate) fn app(layer: Layer) -> App {
    App::new()
        .route("/theme", get(show).post(darken))
        .route("/fails", post(fail))
        .layer(layer)
}

pub(crate) async fn show(session: Session) -> String {
    let (theme, reason) = nodes::theme(&session).await.expect("a row");
    format!("{theme} {reason}")
}

pub(crate) async fn darken(session: Session) {
    nodes::set_theme(&session, "dark").await.expect("a write");
}

async fn fail(session: Session) -> StatusCode {
    darken(session).await;
    StatusCode::INTERNAL_SERVER_ERROR
}

/// Returns `Server-Timing` without the times, each of which there must be.
pub(crate) fn without_waits(header: &http::HeaderValue) -> String {
    let metrics = header.to_str().expect("text").split(", ");
    let metrics = metrics.map(|metric| {
        let (before, after) = metric.split_once(";dur=").expect("a time");
        let (time, after) = after.split_once(';').expect("a count");
        assert!(time.parse::<f64>().expect("a number") >= 0.0);
        format!("{before};{after}")
    });
    metrics.collect::<Vec<_>>().join(", ")
}

pub(crate) async fn send(app: &App, request: Request<Body>) -> Response<Body> {
    let Ok(response) = app.clone().oneshot(request).await;
    response
}

pub(crate) fn request(method: &str, path: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    request.body(Body::empty()).expect("a request")
}

/// Adds a header as it is.
pub(crate) fn with(mut request: Request<Body>, name: &'static str, value: &[u8]) -> Request<Body> {
    let value = http::HeaderValue::from_bytes(value).expect("a value");
    request.headers_mut().append(name, value);
    request
}

pub(crate) async fn text(response: Response<Body>) -> String {
    let body = response.into_body().collect().await.expect("a body");
    String::from_utf8(body.to_bytes().to_vec()).expect("text")
}

/// The `name=value` of the cookie that is set, if one is.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<String> {
    let line = headers.get(header::SET_COOKIE)?.to_str().expect("text");
    let (pair, _) = line.split_once(';').expect("attributes");
    Some(pair.to_owned())
}

fn name(cookie: &str) -> &str {
    cookie.split_once('=').expect("a pair").0
}

/// A client that keeps its cookies, one of a name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Browser {
    cookies: Vec<String>,
}

impl Browser {
    pub(crate) async fn send(&mut self, app: &App, mut request: Request<Body>) -> Response<Body> {
        if !self.cookies.is_empty() {
            request = with(request, "cookie", self.cookies.join("; ").as_bytes());
        }
        let response = send(app, request).await;
        self.keep(&response);
        response
    }

    pub(crate) fn keep(&mut self, response: &Response<Body>) {
        if let Some(cookie) = cookie(response.headers()) {
            self.cookies.retain(|known| name(known) != name(&cookie));
            self.cookies.push(cookie);
        }
    }

    /// Its only cookie.
    pub(crate) fn cookie(&self) -> Option<String> {
        assert!(self.cookies.len() < 2, "{:?}", self.cookies);
        self.cookies.first().cloned()
    }

    pub(crate) async fn get(&mut self, app: &App) -> String {
        text(self.send(app, request("GET", "/theme")).await).await
    }

    pub(crate) async fn post(&mut self, app: &App) {
        let response = self.send(app, request("POST", "/theme")).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
}
