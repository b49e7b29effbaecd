//! The server's side: the layer, and the session of a request.

use std::any::type_name;

use diesel_routing::edge::{AnySession, Cacheable, Edge, EdgeError, SessionLayer};
use diesel_routing::{RoutedConnection, Router};
use http::HeaderName;
use tonic::{Request, Status};

use crate::METADATA;

/// Creates the layer for `Server::layer`: it resumes the session of each call, and adds its new token to the metadata of the response.
///
/// # Errors
///
/// Returns [`EdgeError::NoTokenKeys`] if the router has no keys to sign tokens with.
pub fn layer<C: RoutedConnection>(router: Router<C>) -> Result<SessionLayer<C>, EdgeError> {
    edge(router).map(SessionLayer::from)
}

/// Creates an edge whose tokens travel in the metadata `x-db-session` and in no cookie, for further settings:
/// `SessionLayer::from(edge(router)?.carry_reads(true))`.
///
/// # Errors
///
/// Returns [`EdgeError::NoTokenKeys`] if the router has no keys to sign tokens with.
pub fn edge<C: RoutedConnection>(router: Router<C>) -> Result<Edge<C>, EdgeError> {
    let edge = Edge::new(router)?.no_cookie();
    let edge = edge.header(HeaderName::from_static(METADATA));
    // No cache stores the response to a POST.
    Ok(edge.when_cacheable(Cacheable::Keep))
}

/// The session of a gRPC request.
pub trait DbSessionExt {
    /// Returns the session of the call, which the [`layer`] put there.
    ///
    /// # Errors
    ///
    /// Returns a status of code `Internal` if there is no such layer around the service.
    fn db_session<S: AnySession>(&self) -> Result<S, Status>;
}

impl<T> DbSessionExt for Request<T> {
    fn db_session<S: AnySession>(&self) -> Result<S, Status> {
        self.extensions().get::<S>().cloned().ok_or_else(|| {
            Status::internal(format!(
                "a handler asks for the session `{}`, and no layer of this kind of connection is around its service: add \
                 `.layer(diesel_routing_tonic::layer(router)?)` to the server",
                type_name::<S>()
            ))
        })
    }
}
