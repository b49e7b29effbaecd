//! What all requests and responses have in common.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Everything comes from here: no inline scripts or styles, and no other site's.
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

const SENT_BY: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses forms that other sites send, and adds the headers.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let is_foreign = request
        .headers()
        .get(SENT_BY)
        .is_some_and(|site| site != "same-origin" && site != "none");
    if is_foreign && request.method() != Method::GET {
        return (StatusCode::FORBIDDEN, "another site sent this form").into_response();
    }
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}
