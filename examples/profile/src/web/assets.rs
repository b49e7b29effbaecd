//! The page's icon, style and script, compiled in.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

pub(crate) async fn icon() -> impl IntoResponse {
    let icon = include_str!("../../assets/icon.svg");
    ([(CONTENT_TYPE, "image/svg+xml")], icon)
}

pub(crate) async fn css() -> impl IntoResponse {
    let css = include_str!("../../assets/page.css");
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], css)
}

pub(crate) async fn js() -> impl IntoResponse {
    let js = include_str!("../../assets/page.js");
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], js)
}
