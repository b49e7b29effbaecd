//! `Client`: a browser without a window.

use std::collections::BTreeMap;

use axum::Router as App;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

pub(crate) const SESSION: &str = "db-session";

/// Keeps its cookies, one of a name.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    cookies: BTreeMap<String, String>,
}

/// A response, and where its reads came from.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
    pub(crate) retry_after: Option<String>,
    routes: String,
}

impl Client {
    pub(crate) fn of_user(number: i32) -> Self {
        let user = ("user".to_owned(), number.to_string());
        Self {
            cookies: [user].into(),
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Opens a page, whatever comes of it.
    pub(crate) async fn look(&mut self, app: &App, path: &str) -> Page {
        self.send(app, Request::get(path), Body::empty()).await
    }

    pub(crate) async fn get(&mut self, app: &App, path: &str) -> Page {
        let page = self.look(app, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        page
    }

    /// Sends a form. The page it leads to is not opened.
    pub(crate) async fn post(&mut self, app: &App, path: &str, form: &str) -> Page {
        let head =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let page = self.send(app, head, Body::from(form.to_owned())).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{path}: {}", page.text);
        page
    }

    async fn send(&mut self, app: &App, head: axum::http::request::Builder, body: Body) -> Page {
        let pairs = self.cookies.iter();
        let pairs: Vec<_> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = head.header(header::COOKIE, pairs.join("; ")).body(body);
        let Ok(response) = app.clone().oneshot(request.expect("a request")).await;
        let (head, body) = response.into_parts();
        for line in head.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("text");
            let (pair, _) = line.split_once(';').expect("attributes");
            let (name, value) = pair.split_once('=').expect("a pair");
            self.set(name, value);
        }
        let text_of = |name: &str| {
            let value = head.headers.get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let body = body.collect().await.expect("a body").to_bytes();
        Page {
            status: head.status,
            location: text_of("location"),
            retry_after: text_of("retry-after"),
            routes: text_of("server-timing").unwrap_or_default(),
            text: String::from_utf8(body.to_vec()).expect("text"),
        }
    }
}

impl Page {
    /// The node and the reason of its only, or first, read.
    pub(crate) fn route(&self) -> (&str, &str) {
        let description = self.routes.split('"').nth(1).expect("a route");
        description.split_once(' ').expect("a node and a reason")
    }

    /// What stands in the element with this id.
    pub(crate) fn element(&self, id: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(&format!("id=\"{id}\""))?;
        let (_, rest) = rest.split_once('>')?;
        rest.split_once("</").map(|(text, _)| text)
    }
}
