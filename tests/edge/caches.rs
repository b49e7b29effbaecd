//! Responses that caches might give to others.

use axum::Router as App;
use axum::http::{HeaderMap, header};
use axum::routing::post;
use diesel_routing::edge::{Cacheable, Edge, SessionLayer};
use diesel_routing::sqlite::Session;

use super::client::{cookie, darken, request, send, text, with};
use super::nodes::{AsyncEdge, router, stale_cluster, theme};

async fn edge(policy: Cacheable) -> (diesel_routing_testkit::SqliteCluster, AsyncEdge) {
    let cluster = stale_cluster();
    let edge = Edge::new(router(&cluster).await).expect("keys");
    (cluster, edge.when_cacheable(policy))
}

/// A page that writes, and says that everybody may have it.
fn service(edge: AsyncEdge) -> App {
    async fn publish(session: Session) -> ([(header::HeaderName, &'static str); 1], &'static str) {
        darken(session).await;
        ([(header::CACHE_CONTROL, "public, max-age=60")], "published")
    }
    async fn show(session: Session) -> ([(header::HeaderName, &'static str); 1], String) {
        let (theme, reason) = theme(&session).await.expect("a row");
        let shared = [(header::CACHE_CONTROL, "public, max-age=60")];
        (shared, format!("{theme} {reason}"))
    }
    App::new()
        .route("/", post(publish).get(show))
        .layer(SessionLayer::from(edge))
}

fn cache_control(headers: &HeaderMap) -> &str {
    let mut lines = headers.get_all(header::CACHE_CONTROL).iter();
    let line = lines.next().expect("a line").to_str().expect("text");
    assert_eq!(lines.next(), None);
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_with_a_token_is_made_private_and_one_without_stays_as_it_is() {
    let (_cluster, edge) = edge(Cacheable::default()).await;
    let app = service(edge);
    let written = send(&app, request("POST", "/")).await;
    assert_eq!(cache_control(written.headers()), "max-age=60, private");
    let token = cookie(written.headers()).expect("a cookie");
    let read = with(request("GET", "/"), "cookie", token.as_bytes());
    let read = send(&app, read).await;
    assert_eq!(cache_control(read.headers()), "public, max-age=60");
    assert_eq!(text(read).await, "dark recent_write");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_that_is_asked_for_a_public_response_stays_public_and_has_no_token() {
    let (_cluster, edge) = edge(Cacheable::OmitToken).await;
    let app = service(edge.clone());
    let written = send(&app, request("POST", "/")).await;
    assert_eq!(cache_control(written.headers()), "public, max-age=60");
    assert_eq!(written.headers()[header::VARY], "cookie");
    assert_eq!(cookie(written.headers()), None);
    assert_eq!(edge.status().omitted_tokens, 1);
}
