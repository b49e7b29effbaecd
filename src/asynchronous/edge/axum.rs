//! `Session` as an argument of axum's handlers.

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::asynchronous::RoutedConnection;
use crate::engine::Session;
use crate::observe::Event;

/// Extracts the request's session, which [`SessionLayer`](super::SessionLayer) put there.
impl<C: RoutedConnection, S: Sync> FromRequestParts<S> for Session<C> {
    type Rejection = NoSessionLayer;

    async fn from_request_parts(request: &mut Parts, _: &S) -> Result<Self, NoSessionLayer> {
        request.extensions.get().cloned().ok_or_else(|| {
            Event::NoSessionLayer {}.emit();
            NoSessionLayer
        })
    }
}

/// A handler asked for a session, and the request has none: status 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error(
    "a handler takes a `Session`, and no `SessionLayer` of this kind of connection is around it: add \
     `.layer(SessionLayer::new(router)?)` after its route"
)]
pub struct NoSessionLayer;

impl IntoResponse for NoSessionLayer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_string()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    }
}
