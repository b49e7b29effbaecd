//! Heads of requests and responses between actix-web's http 0.2 and http 1.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap as Theirs, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Uri};

/// Returns the head of a request.
pub(crate) fn head(request: &ServiceRequest) -> Parts {
    let (mut head, ()) = Request::new(()).into_parts();
    // What http 0.2 has parsed, http 1 parses too.
    head.method = Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or_default();
    head.uri = Uri::try_from(request.uri().to_string()).unwrap_or_default();
    head.headers = copied(request.headers());
    if let Some(peer) = request.peer_addr() {
        head.extensions.insert(peer);
    }
    head
}

/// Returns headers as http 1 has them.
pub(crate) fn copied(headers: &Theirs) -> HeaderMap {
    let mut copy = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let name = http::HeaderName::from_bytes(name.as_ref());
        let value = http::HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            copy.append(name, value);
        }
    }
    copy
}

/// Adds headers of http 1 to a response's.
pub(crate) fn append(headers: &mut Theirs, added: &HeaderMap) {
    for (name, value) in added {
        let name = HeaderName::from_bytes(name.as_ref());
        if let (Ok(name), Ok(mut copy)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            copy.set_sensitive(value.is_sensitive());
            headers.append(name, copy);
        }
    }
}
