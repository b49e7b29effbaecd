//! The pages, under a test's transaction: `docs/testing.md` says how.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use axum::Router as App;
use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Request, StatusCode, header};
use diesel_routing::Step;
use diesel_routing::pg::TestRouter;
use http_body_util::BodyExt;
use profile::{Nodes, Site, app};
use tower::ServiceExt;

/// A browser, which keeps one cookie of each name.
struct Browser {
    app: App,
    cookies: Vec<String>,
}

/// An answer: the status, where it sends the browser, and the page.
type Answer = (StatusCode, String, String);

impl Browser {
    async fn ask(&mut self, request: Builder, form: &str) -> Answer {
        let request = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, self.cookies.join("; "));
        let request = request.body(Body::from(form.to_owned())).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        for line in response.headers().get_all(header::SET_COOKIE) {
            let (cookie, _) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, _) = cookie.split_once('=').unwrap();
            let is_it = |other: &String| other.starts_with(&format!("{name}="));
            self.cookies.retain(|other| !is_it(other));
            self.cookies.push(cookie.to_owned());
        }
        let location = response.headers().get(header::LOCATION);
        let location = location.map_or_else(String::new, |to| to.to_str().unwrap().to_owned());
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, location, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn page(&mut self) -> String {
        let (status, _, page) = self.ask(Request::get("/"), "").await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page
    }

    async fn post(&mut self, path: &str, form: &str) -> (StatusCode, String) {
        let (status, location, _) = self.ask(Request::post(path), form).await;
        (status, location)
    }
}

/// The tables are there before the tests: what plants them commits.
async fn planted() -> (Nodes, String) {
    let nodes = Nodes::start(0).unwrap();
    Site::builder(&nodes).plant(3).open().await.unwrap();
    let url = nodes.lab().unwrap().cluster().primary().url();
    (nodes, url)
}

/// Opens the service under a test's transaction.
async fn under_test(nodes: &Nodes, url: &str) -> (TestRouter, Browser) {
    let site = Site::builder(nodes);
    let test = TestRouter::builder(url).router(site.settings().unwrap());
    let test = test.timeout(Duration::from_secs(1)).build().await.unwrap();
    let site = site.on(test.router().clone()).open().await.unwrap();
    let browser = Browser {
        app: app(site),
        cookies: Vec::new(),
    };
    (test, browser)
}

#[tokio::test]
async fn what_a_user_chose_is_on_the_next_page_and_nowhere_after_the_test() {
    let (nodes, url) = planted().await;
    let (test, mut browser) = under_test(&nodes, &url).await;
    assert!(browser.page().await.contains("Hello, Ada!"));
    let (status, _) = browser.post("/locale", "locale=de").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(browser.page().await.contains("Hallo, Ada!"));

    test.finish().await.unwrap();

    let (test, mut another) = under_test(&nodes, &url).await;
    assert!(another.page().await.contains("Hello, Ada!"));
    let (status, _) = another.post("/locale", "locale=klingon").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    test.finish().await.unwrap();
}

#[tokio::test]
async fn a_handler_that_needs_a_second_connection_at_once_is_told_so() {
    let (nodes, url) = planted().await;
    let (test, mut browser) = under_test(&nodes, &url).await;
    let (_, paid) = browser.post("/payments", "amount=60").await;
    let (_, refused) = browser.post("/payments", "amount=60").await;
    assert_ne!(paid, refused, "of 100, 40 are left");

    let held = test.write().await.unwrap();
    let error = test.read().await.map(drop).unwrap_err();
    assert_eq!(error.step(), Some(Step::Test));
    assert!(error.to_string().contains("handlers.rs"), "{error}");
    let (status, ..) = browser.ask(Request::get("/"), "").await;
    assert!(status.is_server_error(), "{status}");
    drop(held);
    browser.page().await;
    test.finish().await.unwrap();
}
