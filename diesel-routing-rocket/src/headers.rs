//! Heads of requests and responses between Rocket's types and http's.

use http::header::COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use rocket::http::{Header, HeaderMap as Theirs};
use rocket::{Request as TheirRequest, Response};

/// Returns the head of a request.
pub(crate) fn head(request: &TheirRequest<'_>) -> Parts {
    let (mut head, ()) = Request::new(()).into_parts();
    // What Rocket has parsed, http parses too.
    head.method = Method::from_bytes(request.method().as_str().as_bytes()).unwrap_or_default();
    head.uri = Uri::try_from(request.uri().to_string()).unwrap_or_default();
    head.headers = copied(request.headers());
    if !head.headers.contains_key(COOKIE) {
        // Rocket's local client sends its cookies in the jar alone.
        for cookie in request.cookies().iter() {
            let pair = format!("{}={}", cookie.name(), cookie.value());
            head.headers
                .extend(HeaderValue::try_from(pair).ok().map(|pair| (COOKIE, pair)));
        }
    }
    if let Some(peer) = request.remote() {
        head.extensions.insert(peer);
    }
    head
}

/// Returns headers as http has them.
pub(crate) fn copied(headers: &Theirs<'_>) -> HeaderMap {
    let mut copy = HeaderMap::new();
    for header in headers.iter() {
        let name = HeaderName::try_from(header.name.as_str());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(header.value())) {
            copy.append(name, value);
        }
    }
    copy
}

/// Adds these headers to a response.
pub(crate) fn append(response: &mut Response<'_>, added: &HeaderMap) {
    for (name, value) in added {
        add(response, name, value);
    }
}

/// Gives a response the headers of `after`, where they are not those of `before`.
pub(crate) fn replace(response: &mut Response<'_>, before: &HeaderMap, after: &HeaderMap) {
    for name in after.keys() {
        let is_same = before.get_all(name).iter().eq(after.get_all(name));
        if !is_same {
            response.remove_header(name.as_str());
            for value in after.get_all(name) {
                add(response, name, value);
            }
        }
    }
    for name in before.keys() {
        if !after.contains_key(name) {
            response.remove_header(name.as_str());
        }
    }
}

fn add(response: &mut Response<'_>, name: &HeaderName, value: &HeaderValue) {
    // Rocket's values are text, and what is added here is.
    if let Ok(value) = value.to_str() {
        response.adjoin_header(Header::new(name.as_str().to_owned(), value.to_owned()));
    }
}
